"""The queue: which reply a worker takes next, and that it is taken once."""

import asyncio
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.models import User
from conversations.database import in_database
from conversations.models import Message
from conversations.replies import places, queue
from conversations.services import Sent
from inference.model import Model
from tests.conversations import talk
from tests.conversations.talk import reply_of, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_connections_left")]


def say(person: User, text: str = "Hello?") -> Sent:
    """One message a second: those of the same millisecond have no order."""
    sent = talk.say(person, text)
    seconds = Message.objects.count()
    Message.objects.filter(pk=sent.reply).update(created_at=Now() + timedelta(seconds=seconds))
    return sent


def claimed(model: Model) -> Message:
    reply = queue.claim(model.name)
    assert reply is not None
    return reply


def let_lapse(*sent: Sent) -> None:
    """Their worker went silent."""
    ids = [one.reply for one in sent]
    assert Message.objects.filter(pk__in=ids, state="writing").update(lease_until=Now() - timedelta(seconds=1))


def test_a_claim_makes_the_reply_this_workers(alice: User, model: Model) -> None:
    assert queue.claim(model.name) is None
    sent = say(alice)
    assert queue.has_free(model.name)
    assert queue.claim("another model") is None
    reply = claimed(model)
    assert (reply.pk, reply.state, reply.attempt) == (sent.reply, "writing", 1)
    row = reply_of(sent)
    assert (row.state, row.attempt, row.barren) == ("writing", 1, 1)
    assert row.started_at is not None
    ours = Message.objects.filter(pk=row.pk)
    about = timedelta(seconds=queue.LEASE_S)
    assert ours.filter(lease_until__gt=Now() + about - timedelta(seconds=3), lease_until__lte=Now() + about).exists()
    assert queue.let_go_of_lapsed(model.name) == 0
    assert queue.claim(model.name) is None
    assert not queue.has_free(model.name)


def test_it_notes_what_a_reply_is_written_with(alice: User, model: Model) -> None:
    sent = say(alice)
    Message.objects.filter(pk=sent.reply).update(options={"instructions": "In Chinese."})
    assert queue.claim(model.name, engine="vllm 0.32.0", system="Be brief.")
    row = reply_of(sent)
    assert row.engine == "vllm 0.32.0"
    assert row.instructions_sha256 == sha256(b"Be brief.\n\nIn Chinese.").hexdigest()


def test_without_a_system_prompt_there_is_no_hash(alice: User, model: Model) -> None:
    sent = say(alice)
    claimed(model)
    assert reply_of(sent).instructions_sha256 == ""


def test_the_oldest_reply_of_a_person_comes_first(alice: User, model: Model) -> None:
    sent = [say(alice, str(number)).reply for number in range(3)]
    assert [claimed(model).pk for _ in sent] == sent


def test_one_person_with_many_replies_does_not_hold_up_another(alice: User, bob: User, model: Model) -> None:
    hers = [say(alice, str(number)).reply for number in range(4)]
    assert claimed(model).pk == hers[0]
    his = [say(bob, str(number)).reply for number in range(2)]
    assert [claimed(model).pk for _ in range(5)] == [his[0], hers[1], his[1], hers[2], hers[3]]


def test_who_was_just_served_waits_for_the_others(alice: User, bob: User, model: Model) -> None:
    """With one slot nobody has anything in writing when the next is chosen: turns still alternate."""
    hers, his = [[say(person, str(n)) for n in range(2)] for person in (alice, bob)]
    order = []
    for _ in range(4):
        reply = claimed(model)
        order.append(reply.pk)
        Message.objects.filter(pk=reply.pk).update(state="complete")
    assert order == [hers[0].reply, his[0].reply, hers[1].reply, his[1].reply]


def test_nobody_has_more_in_writing_than_allowed(alice: User, bob: User, model: Model, settings: Settings) -> None:
    settings.REPLIES_AT_ONCE = 2
    first, _, third = (say(alice, str(number)) for number in range(3))
    assert claimed(model)
    assert claimed(model)
    assert queue.claim(model.name) is None
    his = say(bob)
    assert claimed(model).pk == his.reply
    settle(first)
    assert claimed(model).pk == third.reply


def test_each_is_held_to_the_limit_that_was_theirs(alice: User, bob: User, model: Model) -> None:
    hers = [say(alice, str(number)) for number in range(3)]
    his = [say(bob, str(number)) for number in range(3)]
    Message.objects.filter(pk__in=[one.reply for one in hers]).update(at_once=1)
    assert [claimed(model).pk for _ in range(4)] == [hers[0].reply, his[0].reply, his[1].reply, his[2].reply]
    assert queue.claim(model.name) is None, "hers wait for one another"
    assert [places.place(one.reply, model.name).ahead for one in hers[1:]] == [0, 1]
    settle(hers[0])
    assert claimed(model).pk == hers[1].reply


def test_a_claim_that_fails_half_way_leaves_nobodys_reply_with_a_lease(alice: User, model: Model) -> None:
    sent = say(alice)

    def fails(execute: Any, sql: str, *more: Any) -> Any:
        if sql.startswith("UPDATE") and User._meta.db_table in sql:
            raise OperationalError("database is locked")
        return execute(sql, *more)

    with connection.execute_wrapper(fails), pytest.raises(OperationalError):
        queue.claim(model.name)
    assert reply_of(sent).state == "queued"
    assert claimed(model).pk == sent.reply


def test_a_lapsed_reply_is_taken_only_after_its_worker_was_made_to_let_go(alice: User, bob: User, model: Model) -> None:
    sent = say(alice)
    claimed(model)
    newer = say(bob)
    assert not queue.waiting(model.name, lapsed=True).filter(pk=sent.reply).exists()
    let_lapse(sent)
    assert claimed(model).pk == newer.reply
    assert queue.claim(model.name) is None
    assert queue.let_go_of_lapsed("another model") == 0
    assert queue.let_go_of_lapsed(model.name) == 1
    again = claimed(model)
    assert (again.pk, again.attempt) == (sent.reply, 2)
    assert queue.let_go_of_lapsed(model.name) == 0, "it has a lease again"


def test_what_a_worker_began_goes_before_everything_new(
    alice: User, bob: User, model: Model, settings: Settings
) -> None:
    settings.REPLIES_AT_ONCE = 1
    lapsed, let_go = say(alice, "lapsed"), say(alice, "let go")
    new = say(bob, "new")
    Message.objects.filter(pk__in=[lapsed.reply, let_go.reply]).update(state="writing", attempt=1)
    let_lapse(lapsed)
    Message.objects.filter(pk=let_go.reply).update(lease_until=None)
    queue.let_go_of_lapsed(model.name)
    assert [claimed(model).pk for _ in range(3)] == [lapsed.reply, let_go.reply, new.reply]


def test_after_three_barren_attempts_the_next_one_gives_up(alice: User, model: Model) -> None:
    sent = say(alice)
    for attempt in (1, 2, 3):
        reply = claimed(model)
        assert (reply.attempt, queue.gives_up(reply)) == (attempt, False)
        let_lapse(sent)
        queue.let_go_of_lapsed(model.name)
    assert queue.gives_up(claimed(model))


@pytest.mark.parametrize("lapsed", [False, True])
def test_workers_that_claim_at_the_same_moment_never_get_the_same_reply(
    alice: User, bob: User, model: Model, settings: Settings, *, lapsed: bool
) -> None:
    settings.REPLIES_AT_ONCE = 100
    sent = [say(person, str(number)) for person in (alice, bob) for number in range(12)]
    if lapsed:
        Message.objects.filter(role="assistant").update(state="writing", attempt=1)
        let_lapse(*sent)
        queue.let_go_of_lapsed(model.name)

    async def worker() -> list[Message]:
        mine = []
        while reply := await in_database(queue.claim, model.name):
            mine.append(reply)
        return mine

    async def four_workers() -> list[list[Message]]:
        return await asyncio.gather(*(worker() for _ in range(4)))

    taken = asyncio.run(four_workers())
    assert sum(map(bool, taken)) > 1, "they did not work at the same time"
    ids = [reply.pk for mine in taken for reply in mine]
    assert len(ids) == len(set(ids)) == len(sent)
    assert set(Message.objects.filter(role="assistant").values_list("attempt")) == {(2 if lapsed else 1,)}

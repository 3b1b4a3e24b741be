"""The page shows the workers, the replies in writing and the queue as they are, and fewer queries than rows."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from redis import Redis

from accounts.models import User
from audit.models import Entry
from console.engines import MOST_SHOWN, standing
from console.roles import Role, give
from conversations.models import Message
from conversations.replies.places import _look
from inference import presence, serving
from inference.events.client import async_client, blocking_client
from inference.model import Model
from inference.presence import Presence
from tests.conversations.talk import say
from tests.stores import OwnRedis
from tests.waiting import until
from tests.workers import Hire

CountQueries = Callable[[int], AbstractContextManager[None]]


@pytest.fixture(autouse=True)
def fresh_look(model: Model) -> None:
    _look.cache_clear()


def speaks(**more: Any) -> Presence:
    """A worker says what it is."""
    fields: dict[str, Any] = {"label": "A model", "engine": "scripted", "state": "ready", "detail": "", "slots": 4}
    one = Presence(**{"name": "worker-7@host", "model": "scripted", "live": 0, **fields, **more})

    async def say_it() -> None:
        client = async_client()
        await presence.announce(client, one)
        await client.aclose()

    asyncio.run(say_it())
    return one


def live(client: Client, grace: User) -> str:
    client.force_login(grace)
    return client.get("/admin/engine/live/").content.decode()


def test_workers_are_shown_as_they_speak(client: Client, grace: User) -> None:
    speaks(live=3, restarts=2, memory=0.874, cache=0.5, tokens_s=51.24)
    speaks(name="worker-8@host", state="starting", detail="Loading <weights>")
    page = live(client, grace)
    assert "worker-7@host" in page
    assert "3/4" in page
    assert "87 %" in page
    assert "50 %" in page
    assert '<td class="figure">51</td>' in page
    assert 'data-state="starting"' in page
    assert "Loading &lt;weights&gt;" in page
    assert "/admin/engine/worker-7@host/drain/" in page


def test_replies_in_writing_are_shown_with_age_and_tokens(alice: User, bob: User) -> None:
    first, second = say(alice), say(bob)
    soon, past = Now() + timedelta(seconds=5), Now() - timedelta(seconds=5)
    began = Now() - timedelta(seconds=90)
    row = Message.objects.filter
    row(pk=first.reply).update(state="writing", started_at=began, attempt=2, completion_tokens=33, lease_until=soon)
    row(pk=second.reply).update(state="writing", started_at=Now(), attempt=1, lease_until=past)
    now = standing()
    assert [(one.name, one.attempt, one.tokens, one.silent) for one in now.writing] == [
        ("alice", 2, 33, False),
        ("bob", 1, 0, True),
    ]
    assert 90 <= now.writing[0].age.total_seconds() < 95
    assert now.waiting == []
    assert (now.writing_in_all, now.waiting_in_all) == (2, 0)


def test_the_queue_is_in_the_order_people_are_served(alice: User, bob: User) -> None:
    speaks(slots=1)
    greedy = [say(alice) for _ in range(3)]
    patient = say(bob)
    Message.objects.filter(pk=greedy[2].reply).update(state="writing", attempt=1, lease_until=None)  # let go
    order = [one.reply for one in standing().waiting]
    assert set(order) == {*(one.reply for one in greedy), patient.reply}
    assert order.index(patient.reply) < order.index(greedy[1].reply)
    begun = {one.reply: one.begun for one in standing().waiting}
    assert begun == {sent.reply: sent is greedy[2] for sent in (*greedy, patient)}


def test_a_long_queue_is_cut_and_says_so(
    client: Client, grace: User, alice: User, django_assert_max_num_queries: CountQueries
) -> None:
    for _ in range(MOST_SHOWN + 3):
        say(alice)
    client.force_login(grace)
    with django_assert_max_num_queries(12):
        page = client.get("/admin/engine/live/").content.decode()
    assert f"{MOST_SHOWN} of {MOST_SHOWN + 3} are shown." in page


def test_without_redis_the_rows_are_still_shown(own_redis: OwnRedis, client: Client, grace: User, alice: User) -> None:
    say(alice)
    client.force_login(grace)
    own_redis.kill()
    page = client.get("/admin/engine/live/").content.decode()
    assert "Redis does not answer" in page
    assert ">alice<" in page
    answer = client.post("/admin/engine/worker-7@host/drain/", follow=True)
    assert "no worker can be asked" in answer.content.decode()
    own_redis.start()


# --- Orders -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order", "button"), [("drain", "Drain"), ("rebuild", "Rebuild")])
def test_an_order_is_asked_twice_and_left_for_its_worker_only(
    client: Client, grace: User, empty_redis: Redis, order: str, button: str
) -> None:
    one = speaks()
    speaks(name="another@host")
    client.force_login(grace)
    page = client.get(f"/admin/engine/{one.name}/{order}/").content.decode()
    assert f'value="{button}"' in page
    assert "csrfmiddlewaretoken" in page
    assert empty_redis.keys("engine:*:order") == []
    answer = client.post(f"/admin/engine/{one.name}/{order}/", follow=True)
    assert f"Asked {one.name} to" in answer.content.decode()
    assert empty_redis.get(f"engine:{one.name}:order") == order.encode()
    assert empty_redis.get("engine:another@host:order") is None
    entry = Entry.objects.get(action__startswith="engine.")
    done = {"drain": "engine.drained", "rebuild": "engine.rebuilt"}[order]
    assert (entry.action, entry.actor_name, entry.subject_name) == (done, "grace", one.name)
    assert one.name in client.get("/admin/").content.decode()  # among the latest changes


@pytest.mark.parametrize("role", [None, Role.MODERATOR, Role.AUDITOR])
def test_only_who_administers_gives_orders(client: Client, alice: User, empty_redis: Redis, role: Role | None) -> None:
    one = speaks()
    give(alice, role, by=None)
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=alice.pk))
    page = client.get("/admin/engine/live/").content.decode()
    assert one.name in page
    assert "Drain" not in page
    for ask in (client.get, client.post):
        assert ask(f"/admin/engine/{one.name}/drain/", follow=True).status_code == 403
    assert empty_redis.keys("engine:*:order") == []


def test_an_administrator_who_is_no_owner_gives_them_too(client: Client, alice: User, empty_redis: Redis) -> None:
    one = speaks()
    give(alice, Role.ADMIN, by=None)
    client.force_login(User.objects.get(pk=alice.pk))
    assert "Drain" in client.get("/admin/engine/live/").content.decode()
    client.post(f"/admin/engine/{one.name}/drain/")
    assert empty_redis.get(f"engine:{one.name}:order") == b"drain"


def test_an_order_needs_the_page_s_own_form(grace: User, empty_redis: Redis) -> None:
    one = speaks()
    client = Client(enforce_csrf_checks=True)
    client.force_login(grace)
    assert client.post(f"/admin/engine/{one.name}/drain/").status_code == 403
    assert empty_redis.keys("engine:*:order") == []


def test_a_worker_that_is_gone_gets_no_order(client: Client, grace: User, empty_redis: Redis) -> None:
    client.force_login(grace)
    for ask in (client.get, client.post):
        assert (
            "There is no worker gone@host any more."
            in ask("/admin/engine/gone@host/drain/", follow=True).content.decode()
        )
    assert empty_redis.keys("engine:*:order") == []


def test_an_unknown_order_is_no_page(client: Client, grace: User) -> None:
    speaks()
    client.force_login(grace)
    assert client.post("/admin/engine/worker-7@host/explode/", follow=True).status_code == 404


def test_a_worker_rebuilds_its_engine_when_asked(hire: Hire, client: Client, grace: User) -> None:
    worker = hire().worker
    engine = worker.caretaker.engine
    client.force_login(grace)
    until(lambda: presence.engines(blocking_client()))
    client.post(f"/admin/engine/{worker.name}/rebuild/")
    until(lambda: worker.caretaker.restarts == 1 and worker.caretaker.is_ready, what="the rebuild")
    assert worker.caretaker.engine is not engine
    until(lambda: [one.restarts for one in presence.engines(blocking_client())] == [1])


def test_a_worker_ends_when_asked_and_says_so(
    hire: Hire, client: Client, grace: User, alice: User, sigterms: list[int]
) -> None:
    hired = hire(rate=20, tokens=1000)
    client.force_login(grace)
    until(lambda: presence.engines(blocking_client()))
    client.post(f"/admin/engine/{hired.worker.name}/drain/")
    until(lambda: sigterms, what="its end")
    until(lambda: [one.state for one in presence.engines(blocking_client())] == ["ending"])
    assert presence.state_of(blocking_client(), "scripted") == "away"
    say(alice)
    hired.ticket().result(15)
    assert standing().waiting_in_all == 1  # it takes no new work


# --- Several models ---------------------------------------------------------------------------------------------------


@pytest.fixture
def two(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "models", lambda: (model, replace(model, name="second", label="Second")))


def test_workers_are_grouped_by_model_and_a_model_without_any_says_so(client: Client, grace: User, two: None) -> None:
    speaks(name="worker-1@host", model="second")
    speaks(name="worker-2@host")
    speaks(name="worker-3@host", model="withdrawn", state="ending")
    page = live(client, grace)
    order = [
        page.index(text)
        for text in (">Scripted</th>", "worker-2", ">Second</th>", "worker-1", ">withdrawn</th>", "worker-3")
    ]
    assert order == sorted(order)
    assert "No worker has spoken" not in page
    for name in ("worker-1@host", "worker-2@host"):
        assert f"/admin/engine/{name}/drain/" in page
        assert f"/admin/engine/{name}/rebuild/" in page
    presence_keys = blocking_client().keys("engine:worker-1@host")
    blocking_client().delete(*presence_keys)
    page = live(client, grace)
    assert "No worker has spoken" in page
    assert page.index(">Second <span") < page.index("No worker has spoken")


def test_who_writes_and_waits_is_shown_with_what_people_read_for_the_model(
    client: Client, grace: User, bob: User, two: None
) -> None:
    say(bob, model="second")
    page = live(client, grace)
    assert "<td>Second</td>" in page
    assert "<td>second</td>" not in page


def test_an_order_reaches_the_worker_of_its_model_alone(client: Client, grace: User, two: None) -> None:
    for name, model in (("worker-1@host", "scripted"), ("worker-2@host", "second")):
        speaks(name=name, model=model)
    client.force_login(grace)
    assert client.post("/admin/engine/worker-2@host/rebuild/").status_code == 302
    assert blocking_client().get("engine:worker-2@host:order") == b"rebuild"
    assert blocking_client().get("engine:worker-1@host:order") is None


def test_those_who_wait_are_shown_in_the_queue_of_their_model(alice: User, bob: User, two: None) -> None:
    first, other, last = say(alice), say(bob, model="second"), say(bob, "And?")
    found = {one.reply: (one.model, one.ahead) for one in standing().waiting}
    assert found == {first.reply: ("scripted", 0), last.reply: ("scripted", 1), other.reply: ("second", 0)}

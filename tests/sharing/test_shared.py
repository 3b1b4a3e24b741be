"""Reading what others share: who may, what they see, and going on from it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from conversations import markdown, sharing
from conversations.models import Conversation, Message, Share
from conversations.refusals import Refused
from conversations.replies.turns import turns_before
from conversations.sharing import shared as reading
from limits import restraints
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say
from tests.limits.stories import group, policy
from tests.sharing.stories import past, shared, talked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def reads(user: User, share: Share) -> bool:
    try:
        reading.read(user, share.token)
    except Share.DoesNotExist:
        return False
    return True


def rule(words: str, action: str, scope: str = "reply", **more: Any) -> Rule:
    made = Rule(name=words, words=words, action=action, scope=scope, dry_run=False, **more)
    made.full_clean()
    made.save()
    return made


# --- Who --------------------------------------------------------------------------------------------------------------


def test_chosen_people_read_it_and_nobody_else(alice: User, bob: User, mallory: User, grace: User) -> None:
    share = shared(alice, bob)
    assert [reads(one, share) for one in (alice, bob, mallory, grace)] == [True, True, False, False]


def test_everyone_reads_what_is_for_the_team(alice: User, bob: User, grace: User) -> None:
    share = shared(alice)
    assert [reads(one, share) for one in (alice, bob, grace)] == [True, True, True]


def expire(share: Share) -> None:
    past(share)


def revoke(share: Share) -> None:
    sharing.revoke(share.owner, share.pk)


def trash(share: Share) -> None:
    Conversation.objects.update(trashed_at=timezone.now())


def forbid(share: Share) -> None:
    policy(share.owner, may_share=False)


def deactivate(share: Share) -> None:
    User.objects.filter(pk=share.owner_id).update(is_active=False)


def erase(share: Share) -> None:
    share.conversation.delete()


def delete_owner(share: Share) -> None:
    share.owner.delete()


@pytest.mark.parametrize("for_all", [True, False])
@pytest.mark.parametrize("end", [expire, revoke, trash, forbid, deactivate, erase, delete_owner])
def test_whatever_ends_it_looks_the_same(
    alice: User, bob: User, end: Callable[[Share], None], *, for_all: bool
) -> None:
    share = shared(alice) if for_all else shared(alice, bob)
    assert reads(bob, share)
    assert [one.pk for one in reading.shared_with(bob)] == [share.pk]
    end(share)
    assert not reads(bob, share)
    assert reading.shared_with(bob) == []
    with pytest.raises(Share.DoesNotExist):
        reading.carry_on(bob, share.token, uuid4())


def test_out_of_the_trash_it_is_there_again(alice: User, bob: User) -> None:
    share = shared(alice, bob)
    trash(share)
    Conversation.objects.update(trashed_at=None)
    assert reads(bob, share)


def test_the_lists_say_what_is_for_whom(
    alice: User, bob: User, mallory: User, django_assert_max_num_queries: Callable[[int], AbstractContextManager[None]]
) -> None:
    for_bob, for_all, of_bob = shared(alice, bob), shared(alice), shared(bob)
    assert [one.pk for one in reading.shared_with(bob)] == [for_all.pk, for_bob.pk]
    assert [one.pk for one in reading.shared_with(mallory)] == [of_bob.pk, for_all.pk]
    assert [one.pk for one in reading.shared_with(alice)] == [of_bob.pk]
    for _ in range(5):
        shared(alice)
    with django_assert_max_num_queries(5):
        assert len(reading.shared_with(mallory)) == 7


# --- What -------------------------------------------------------------------------------------------------------------


def test_a_reader_sees_what_was_said_as_html(alice: User, bob: User) -> None:
    page = reading.read(bob, shared(alice, bob).token)
    assert [part.role for part in page.parts] == ["user", "assistant"]
    assert page.parts[1].html == markdown.render("A *bitter* one.")
    assert page.models == ["scripted"]


def test_a_rule_that_came_since_holds_for_what_was_shared_before(alice: User, bob: User) -> None:
    share = shared(alice, bob, sent=talked(alice, "Is marmalade a jam?", "Marmalade is one, and a bitter one."))
    rule("marmalade", "mask")
    question, answer = reading.read(bob, share.token).parts
    assert (question.text, answer.text) == ("Is █████████ a jam?", "█████████ is one, and a bitter one.")
    assert "marmalade" not in reading.read(bob, share.token).title.lower()
    assert "marmalade" not in str([one.title for one in reading.shared_with(bob)]).lower()
    rule("bitter", "block")
    answer = reading.read(bob, share.token).parts[1]
    assert (answer.text, answer.state) == ("█████████ is one, and a ", "blocked")
    assert answer.detail == "The reply was withheld by a rule of this site."
    assert not Incident.objects.exists()


def test_the_rules_are_those_of_who_reads(alice: User, bob: User, mallory: User) -> None:
    share = shared(alice, sent=talked(alice, answer="A bitter one."))
    rule("bitter", "mask").groups.add(group("children", bob))
    assert reading.read(bob, share.token).parts[1].text == "A ██████ one."
    assert reading.read(mallory, share.token).parts[1].text == "A bitter one."


def test_a_title_that_a_rule_blocks_has_another(alice: User, bob: User) -> None:
    share = shared(alice, bob)
    rule("marmalade", "block")
    assert reading.read(bob, share.token).title == "Shared conversation"


# --- Going on ---------------------------------------------------------------------------------------------------------


def test_a_reader_goes_on_in_a_copy_of_their_own(alice: User, bob: User) -> None:
    sent = talked(alice)
    share = shared(alice, bob, sent=sent)
    talk = reading.carry_on(bob, share.token, uuid4())
    assert (talk.owner, talk.title, talk.kind, talk.length) == (bob, share.title, "chat", 2)
    question, answer = talk.messages.order_by("position")
    assert (answer.parent_id, talk.tip_id, answer.state) == (question.pk, answer.pk, "complete")
    assert (answer.text, answer.model) == ("A *bitter* one.", "scripted")
    assert (answer.completion_tokens, answer.finished_at, answer.ttft_ms) == (0, None, None)
    more = say(bob, "Why?", talk, parent=answer.pk)
    assert [one.turn.text for one in turns_before(reply_of(more))] == ["Is marmalade a jam?", "A *bitter* one.", "Why?"]
    assert sent.conversation.messages.count() == 2


def test_a_form_sent_twice_begins_one_conversation(alice: User, bob: User) -> None:
    share, client_id = shared(alice, bob), uuid4()
    talks = {reading.carry_on(bob, share.token, client_id).pk for _ in range(2)}
    assert talks == set(Conversation.objects.filter(owner=bob).values_list("pk", flat=True))
    assert len(talks) == 1
    assert reading.carry_on(bob, share.token, uuid4()).pk not in talks


def test_nobody_fills_the_database_with_copies(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    share = shared(alice, bob)
    monkeypatch.setattr(reading, "MOST_BEGUN", 2)
    ids = [uuid4(), uuid4()]
    talks = [reading.carry_on(bob, share.token, one) for one in ids]
    with pytest.raises(Refused) as no:
        reading.carry_on(bob, share.token, uuid4())
    assert (no.value.code, no.value.allowed) == ("too_many", 2)
    assert reading.carry_on(bob, share.token, ids[0]) == talks[0]
    Conversation.objects.filter(owner=bob).update(updated_at=timezone.now() - timedelta(minutes=2))
    assert reading.carry_on(bob, share.token, uuid4()) not in talks


def test_a_form_sent_twice_at_one_moment_begins_one_conversation(
    alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    share, client_id, begin = shared(alice, bob), uuid4(), reading._begin

    def late(*args: Any) -> Conversation:
        begin(*args)
        return begin(*args)

    monkeypatch.setattr(reading, "_begin", late)
    assert reading.carry_on(bob, share.token, client_id) == Conversation.objects.get(owner=bob)


def test_replies_that_were_withheld_are_not_read_by_the_model(alice: User, bob: User) -> None:
    sent = talked(alice)
    Message.objects.filter(pk=sent.reply).update(state="blocked")
    talk = reading.carry_on(bob, shared(alice, bob, sent=sent).token, uuid4())
    assert [one.turn.role for one in turns_before(reply_of(say(bob, "Why?", talk)))] == ["user", "user"]


@pytest.mark.parametrize("limits", [{"conversation_turns": 1}, {"conversation_tokens": 8, "prompt_tokens": 8}])
def test_what_is_longer_than_ones_own_limits_is_not_continued(alice: User, bob: User, limits: dict[str, int]) -> None:
    share = shared(alice, bob)
    policy(bob, **limits)
    with pytest.raises(Refused, match="conversation_full") as refused:
        reading.carry_on(bob, share.token, uuid4())
    assert refused.value.allowed in limits.values()
    assert not Conversation.objects.filter(owner=bob).exists()
    assert reads(bob, share)


def test_the_readers_rules_for_messages_hold_for_what_they_go_on_with(alice: User, bob: User) -> None:
    share = shared(alice, bob, sent=talked(alice, "Is marmalade a jam?", "Marmalade is."))
    masking = rule("marmalade", "mask", "prompt")
    talk = reading.carry_on(bob, share.token, uuid4())
    assert list(talk.messages.order_by("position").values_list("text", flat=True)) == [
        "Is █████████ a jam?",
        "Marmalade is.",
    ]
    masking.delete()
    rule("marmalade", "block", "prompt")
    with pytest.raises(Refused, match="blocked"):
        reading.carry_on(bob, share.token, uuid4())
    assert not Incident.objects.exists()  # they wrote nothing of it


def test_who_is_suspended_reads_and_does_not_go_on(alice: User, bob: User, grace: User) -> None:
    share = shared(alice, bob)
    restraints.suspend(bob, None, "", grace)
    assert reads(bob, share)
    with pytest.raises(Refused, match="suspended"):
        reading.carry_on(bob, share.token, uuid4())

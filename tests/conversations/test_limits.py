"""What a person may send, and what it costs: limits and rules at the door, reservations that always end."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db.models import F

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.refusals import Refused
from conversations.replies import reservations
from conversations.services import stop
from inference.model import Model
from limits import restraints
from limits.models import Policy, Refusal, Usage, Window
from limits.standing import standing
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say, settle
from tests.workers import STORY, Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def policy(**limits: Any) -> Policy:
    return Policy.objects.create(**limits)


def rule(action: str, words: str, **more: Any) -> Rule:
    fields = {"kind": "words", "scope": "prompt", "message": "", "dry_run": False, **more}
    return Rule.objects.create(name=f"{action} {words}", action=action, words=words, **fields)


def refused(person: User, text: str = "Hello?", conversation: Conversation | None = None, **more: Any) -> Refused:
    before = Message.objects.count(), Usage.objects.count()
    with pytest.raises(Refused) as no:
        say(person, text, conversation, **more)
    assert (Message.objects.count(), Usage.objects.count()) == before
    return no.value


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_refusals_are_counted_but_not_those_of_bad_timing(alice: User) -> None:
    policy(user=alice, prompt_chars=10)
    sent = say(alice)
    assert refused(alice, "eleven char").code == "too_long"
    assert refused(alice, "Again", sent.conversation).code == "busy"
    assert list(Refusal.objects.values_list("code", "messages")) == [("too_long", 1)]


def test_who_is_allowed_less_is_told_what_is_allowed(alice: User, bob: User) -> None:
    policy(user=alice, prompt_chars=10)
    no = refused(alice, "eleven char")
    assert (no.code, no.allowed) == ("too_long", 10)
    assert "11 characters; 10 are allowed" in str(no.detail)
    assert say(alice, "ten chars.")
    assert say(bob, "eleven char")


def test_tokens_are_counted_as_the_engine_counts(alice: User) -> None:
    policy(prompt_tokens=5)
    assert say(alice, "x" * 19)
    no = refused(alice, "x" * 20)
    assert (no.code, no.allowed) == ("too_many_tokens", 5)


def test_a_message_that_no_window_holds_is_refused_at_once(alice: User, model: Model) -> None:
    policy(prompt_chars=1_000_000)
    no = refused(alice, "word " * model.context_window)
    assert no.code == "too_long"
    assert no.allowed == model.context_window - 64


def test_a_model_that_is_not_for_everybody(alice: User, bob: User, model: Model) -> None:
    policy(models=["another"])
    policy(user=bob, models=[model.name])
    assert refused(alice).code == "model"
    assert say(bob)


def test_a_conversation_ends_at_its_turns_or_tokens(alice: User) -> None:
    mine = policy(user=alice, conversation_turns=2)
    first = say(alice)
    settle(first)
    settle(say(alice, "Again", first.conversation))
    assert refused(alice, "Once more", first.conversation).code == "conversation_full"
    Policy.objects.filter(pk=mine.pk).update(conversation_turns=None, conversation_tokens=30)
    Message.objects.filter(conversation=first.conversation, position=3).update(prompt_tokens=20, completion_tokens=9)
    no = refused(alice, "Four letters", first.conversation)
    assert (no.code, no.allowed) == ("conversation_full", 30)
    assert say(alice, "Begins anew")


def test_replies_are_as_long_as_allowed_at_the_time(alice: User, hire: Hire) -> None:
    policy(user=alice, output_tokens=12)
    sent = say(alice)
    assert reply_of(sent).max_tokens == 12
    hire(text=STORY).ticket().result(10)
    assert (reply_of(sent).state, reply_of(sent).completion_tokens) == ("cut", 12)


# --- What it costs ----------------------------------------------------------------------------------------------------


def cost(sent: Any) -> Usage:
    return Usage.objects.get(reply=sent.reply)


def used(person: User) -> tuple[int, int]:
    """Used and reserved today."""
    today = Window.objects.get(user=person, kind="day")
    return today.used, today.reserved


def test_a_reply_costs_what_the_engine_counted(alice: User, hire: Hire) -> None:
    sent = say(alice)
    assert used(alice) == (0, cost(sent).reserved)
    hire(text=STORY).ticket().result(10)
    reply, entry = reply_of(sent), cost(sent)
    assert (entry.state, entry.outcome) == ("settled", "complete")
    assert entry.charged == reply.prompt_tokens + reply.completion_tokens > 200
    assert used(alice) == (entry.charged, 0)


def test_the_next_message_reserves_what_the_model_reads_again(alice: User) -> None:
    first = say(alice, "x" * 40)
    alone = cost(first).reserved
    settle(first)
    Message.objects.filter(pk=first.reply).update(prompt_tokens=500, completion_tokens=70)
    again = say(alice, "x" * 40, first.conversation)
    assert cost(again).reserved == alone + 570


def test_a_reply_that_was_stopped_before_it_began_costs_nothing(alice: User) -> None:
    sent = say(alice)
    stop(alice, sent.reply)
    assert (cost(sent).state, used(alice)) == ("released", (0, 0))


@pytest.mark.parametrize(("charged", "options"), [(False, {"fail_after": 9}), (True, {"fail_after": 9})])
def test_a_failed_reply_costs_what_policy_says(alice: User, hire: Hire, options: Any, *, charged: bool) -> None:
    policy(charge_failed=charged)
    sent = say(alice)
    hire(text=STORY, **options).ticket().result(10)
    assert reply_of(sent).state == "failed"
    assert (cost(sent).charged > 0, used(alice)[1]) == (charged, 0)


def test_a_quota_that_is_used_up_says_when_there_is_more(alice: User, hire: Hire) -> None:
    policy(tokens_per_day=200)

    sent = say(alice)
    assert cost(sent).reserved == 200
    no = refused(alice)
    assert no.code == "quota_day"
    assert no.more["left"] == 0
    assert no.more["resets_at"].endswith("T00:00:00+00:00")


def test_what_was_saved_once_is_never_refused(alice: User) -> None:
    policy(tokens_per_day=100)
    name = uuid4()
    first = say(alice, client_id=name)
    assert refused(alice).code == "quota_day"
    assert say(alice, client_id=name).reply == first.reply
    rule("block", "hello")
    assert say(alice, client_id=name).reply == first.reply
    assert Message.objects.count() == 2


def test_a_reservation_goes_with_its_conversation(alice: User) -> None:
    gone, kept = say(alice), say(alice)
    Conversation.objects.filter(pk=gone.conversation.pk).delete()
    assert reservations.release_orphans() == 0, "it may be on its way"
    long_ago = reservations.PATIENCE + timedelta(minutes=1)
    Usage.objects.update(reserved_at=F("reserved_at") - long_ago)
    assert reservations.release_orphans() == 1
    assert (cost(gone).state, cost(kept).state) == ("released", "reserved")
    assert used(alice) == (0, cost(kept).reserved)


def test_a_group_may_be_allowed_more(alice: User, bob: User) -> None:
    team = Group.objects.create(name="team")
    alice.groups.add(team)
    policy(prompt_chars=5)
    policy(group=team, prompt_chars=50)
    assert say(alice, "more than five")
    assert refused(bob, "more than five").allowed == 5
    assert standing(alice.pk).day is None


# --- Rules ------------------------------------------------------------------------------------------------------------


def test_a_blocked_message_is_not_saved_but_on_record(alice: User) -> None:
    one = rule("block", "secret", message="We do not talk about that.")
    name = uuid4()
    no = refused(alice, "The Ｓｅｃｒｅｔ of it", client_id=name)
    assert (no.code, str(no.detail)) == ("blocked", "We do not talk about that.")
    incident = Incident.objects.get()
    assert (str(incident.pk), incident.rule, incident.user) == (no.more["incident"], one.pk, alice)
    assert (incident.where, incident.start, incident.end) == ("prompt", 4, 10)
    refused(alice, "The Ｓｅｃｒｅｔ of it", client_id=name)
    assert Incident.objects.count() == 1, "the same message is found once"


def test_no_blocked_message_hides_behind_another(alice: User, bob: User) -> None:
    rule("block", "secret")
    name = uuid4()
    told = {
        refused(who, text, client_id=name).more["incident"] for who in (alice, bob) for text in ("secret", "secret!")
    }
    assert told == {str(pk) for pk in Incident.objects.values_list("pk", flat=True)}
    assert Incident.objects.filter(user=alice).count() == Incident.objects.filter(user=bob).count() == 2


def test_a_blocked_message_is_not_put_down_to_the_conversation_of_another(alice: User, mallory: User) -> None:
    rule("block", "secret")
    hers = say(alice).conversation
    with pytest.raises(Conversation.DoesNotExist):
        say(mallory, "The secret of it", hers)
    assert not Incident.objects.exists()
    assert refused(alice, "The secret of it", hers).code == "blocked"
    assert Incident.objects.get().conversation == hers.pk


def test_a_masked_message_is_saved_and_titled_masked(alice: User) -> None:
    rule("mask", "secret")
    sent = say(alice, "The secret of it")
    saved = Message.objects.get(pk=sent.message).text
    assert saved == sent.text == "The ██████ of it"
    assert sent.conversation.title == saved
    assert Incident.objects.get().message == sent.message


def test_a_flagged_message_goes_through_unchanged(alice: User) -> None:
    rule("flag", "secret")
    sent = say(alice, "The secret of it")
    assert sent.text is None
    assert Message.objects.get(pk=sent.message).text == "The secret of it"
    assert Incident.objects.get().action == "flag"


def test_a_message_that_is_refused_for_another_reason_leaves_no_incident(alice: User) -> None:
    rule("flag", "secret")
    policy(requests_per_minute=0)
    assert refused(alice, "The secret of it").code == "too_many"
    assert not Incident.objects.exists()


def test_the_title_is_looked_at_without_its_marks(alice: User) -> None:
    assert say(alice, "the se**cr**et of it").conversation.title == "the secret of it"
    rule("mask", "secret")
    assert say(alice, "the se**cr**et of it").conversation.title == "the ██████ of it"
    rule("block", "mystery")
    assert say(alice, "a my**ste**ry too").conversation.title == "New conversation"


def test_nobody_tries_out_the_rules_at_any_speed(alice: User, bob: User) -> None:
    rule("block", "secret")
    for number in range(20):
        assert refused(alice, f"secret {number}").code == "blocked"
    assert refused(alice, "secret again").code == "too_many"
    assert Incident.objects.count() == 20
    assert refused(bob, "secret").code == "blocked"
    assert say(alice, "something else")


def test_who_may_send_fewer_may_be_blocked_no_oftener(alice: User) -> None:
    rule("block", "secret")
    policy(user=alice, requests_per_minute=2)
    codes = [refused(alice, f"secret {number}").code for number in range(3)]
    assert codes == ["blocked", "blocked", "too_many"]


def test_who_is_suspended_learns_nothing_of_the_rules(alice: User, grace: User) -> None:
    rule("block", "secret")
    restraints.suspend(alice, None, "", grace)
    assert refused(alice, "secret").code == "suspended"
    assert not Incident.objects.exists()

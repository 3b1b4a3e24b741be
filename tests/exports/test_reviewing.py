"""Reviewing: who may, what is kept of each step, and that nobody replaces what they did not see."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import Entry
from console import roles
from console.roles import Role
from conversations.models import Edit, Nomination
from conversations.models.nomination import Judgement
from conversations.nominating import nominate
from conversations.refusals import Refused
from exports import reviewing
from exports.reviewing import ChangedMeanwhile, Verdict
from tests.conversations.talk import reply_of, say, settle
from tests.races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]
APPROVE, DECLINE, OPEN = Judgement.APPROVED, Judgement.DECLINED, Judgement.NOMINATED


@pytest.fixture
def rita(bob: User) -> User:
    """Bob, who is a reviewer now."""
    roles.give(bob, Role.REVIEWER, by=None)
    return User.objects.get(pk=bob.pk)


@pytest.fixture
def one(alice: User) -> Nomination:
    """A reply that Alice marked."""
    sent = say(alice, "What is the capital?")
    settle(sent, text="It is Lyon.")
    nominate(alice, sent.reply)
    return Nomination.objects.get()


def test_a_reviewer_sees_the_exchange_and_its_owner(rita: User, one: Nomination) -> None:
    listed = reviewing.queue(rita).get()
    assert (listed.asked, listed.said) == ("What is the capital?", "It is Lyon.")  # type: ignore[attr-defined]
    shown = reviewing.exchange(rita, one.pk)
    assert shown.reply.parent is not None
    assert (shown.reply.parent.text, shown.reply.text) == ("What is the capital?", "It is Lyon.")
    assert shown.reply.conversation.owner.username == "alice"


@pytest.mark.parametrize("role", [None, Role.MODERATOR, Role.AUDITOR])
def test_who_is_no_reviewer_sees_nothing_and_decides_nothing(mallory: User, one: Nomination, role: Role | None) -> None:
    roles.give(mallory, role, by=None)
    mallory = User.objects.get(pk=mallory.pk)
    assert not reviewing.queue(mallory).exists()
    with pytest.raises(Nomination.DoesNotExist):
        reviewing.exchange(mallory, one.pk)
    with pytest.raises(Nomination.DoesNotExist):
        reviewing.decide(mallory, one.pk, Verdict(APPROVE, 0, "It is Lyon."))
    one.refresh_from_db()
    assert one.state == OPEN


def test_a_reviewer_who_is_switched_off_sees_nothing(rita: User, one: Nomination) -> None:
    rita.is_active = False
    assert not reviewing.queue(rita).exists()


def test_approved_as_it_is_there_is_no_edit(rita: User, one: Nomination) -> None:
    decided = reviewing.decide(rita, one.pk, Verdict(APPROVE, 0, "It is Lyon."))
    assert (decided.state, decided.decided_by, decided.version) == (APPROVE, rita, 1)
    assert decided.decided_at is not None
    assert not Edit.objects.exists()
    assert reviewing.text_of(decided) == "It is Lyon."


def test_each_edit_is_kept_beside_the_original(rita: User, grace: User, one: Nomination) -> None:
    reviewing.decide(rita, one.pk, Verdict(OPEN, 0, "It is Paris.\r\nIn France."))
    reviewing.decide(grace, one.pk, Verdict(APPROVE, 1, "It is Paris."))
    assert [(edit.number, edit.text, edit.by) for edit in reviewing.edits(one)] == [
        (1, "It is Paris.\nIn France.", rita),
        (2, "It is Paris.", grace),
    ]
    assert reply_of(one.reply_id).text == "It is Lyon."
    one.refresh_from_db()
    assert (one.state, one.decided_by) == (APPROVE, grace)


def test_a_decision_can_be_taken_back(rita: User, one: Nomination) -> None:
    reviewing.decide(rita, one.pk, Verdict(DECLINE, 0, "It is Lyon.", "Wrong."))
    opened = reviewing.decide(rita, one.pk, Verdict(OPEN, 1, "It is Lyon."))
    assert (opened.state, opened.reason, opened.decided_by, opened.decided_at) == (OPEN, "", None, None)


def test_what_was_not_seen_is_not_replaced(rita: User, grace: User, one: Nomination) -> None:
    reviewing.decide(rita, one.pk, Verdict(OPEN, 0, "It is Paris."))
    with pytest.raises(ChangedMeanwhile):
        reviewing.decide(grace, one.pk, Verdict(APPROVE, 0, "It is Marseille."))
    one.refresh_from_db()
    assert (one.state, reviewing.text_of(one)) == (OPEN, "It is Paris.")
    assert Entry.objects.filter(action="nomination.approved").count() == 0


def test_of_two_at_the_same_moment_one_wins(rita: User, grace: User, one: Nomination) -> None:
    told = at_once(
        lambda: reviewing.decide(rita, one.pk, Verdict(APPROVE, 0, "It is Paris.")),
        lambda: reviewing.decide(grace, one.pk, Verdict(DECLINE, 0, "It is Rome.", "Wrong.")),
    )
    lost = [answer for answer in told if isinstance(answer, ChangedMeanwhile)]
    assert len(lost) == 1, told
    one.refresh_from_db()
    assert (one.version, Edit.objects.count()) == (1, 1)
    assert reviewing.text_of(one) == ("It is Paris." if one.state == APPROVE else "It is Rome.")


@pytest.mark.parametrize(
    ("state", "text", "reason", "code"),
    [
        (APPROVE, " \n", "", "empty"),
        (APPROVE, "x" * (reviewing.MOST_CHARACTERS + 1), "", "too_long"),
        (DECLINE, "It is Lyon.", "  ", "no_reason"),
        (DECLINE, "It is Lyon.", "x" * 501, "long_reason"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(
    rita: User, one: Nomination, *, state: Judgement, text: str, reason: str, code: str
) -> None:
    with pytest.raises(Refused, match=code) as refused:
        reviewing.decide(rita, one.pk, Verdict(state, 0, text, reason))
    assert str(refused.value.detail)
    one.refresh_from_db()
    assert (one.version, one.state) == (0, OPEN)


def test_each_step_is_in_the_audit_log_without_a_word(rita: User, one: Nomination) -> None:
    reviewing.decide(rita, one.pk, Verdict(OPEN, 0, "It is Paris."))
    reviewing.decide(rita, one.pk, Verdict(DECLINE, 1, "It is Paris.", "Everybody knows it."))
    entries = Entry.objects.filter(action__startswith="nomination.").order_by("pk")
    assert [entry.action for entry in entries] == ["nomination.created", "nomination.edited", "nomination.declined"]
    last = entries.last()
    assert last is not None
    assert (last.actor_name, last.subject_kind, last.subject_id) == ("bob", "conversations.Nomination", str(one.pk))
    assert last.details == {
        "owner": "alice", "owner_id": one.reply.conversation.owner_id, "reply": str(one.reply_id),
        "before": "nominated", "edited": False, "number": 1,
    }  # fmt: skip
    for words in ("Lyon", "Paris", "capital", "Everybody"):
        assert words not in str(list(entries.values()))


def test_the_queue_is_by_state_the_newest_first(alice: User, rita: User, one: Nomination) -> None:
    again = say(alice, "And now?")
    settle(again)
    nominate(alice, again.reply)
    assert [found.reply_id for found in reviewing.queue(rita)] == [again.reply, one.reply_id]
    reviewing.decide(rita, one.pk, Verdict(APPROVE, 0, "It is Lyon."))
    assert [found.pk for found in reviewing.queue(rita, "approved")] == [one.pk]
    assert [found.reply_id for found in reviewing.queue(rita, "nominated")] == [again.reply]


def test_the_queue_costs_one_query(alice: User, rita: User, django_assert_num_queries: Any) -> None:
    for n in range(5):
        sent = say(alice, f"Question {n}")
        settle(sent)
        nominate(alice, sent.reply)
    rita.get_all_permissions()
    with django_assert_num_queries(1):
        listed = [(row.reply.conversation.owner.username, row.asked) for row in reviewing.queue(rita)]  # type: ignore[attr-defined]
    assert len(listed) == 5

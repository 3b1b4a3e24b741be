"""Incidents: each finding and each report once; a person appeals what happened to them, moderators decide."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from moderation import decisions, incidents
from moderation.decisions import DecidedMeanwhile
from moderation.matcher import Action, Finding
from moderation.models import Decision, Incident, Note, Reason, Rule, Where

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule() -> Rule:
    return Rule.objects.create(name="Fruit", words="marmalade", action="block", dry_run=False)


def finding(rule: Rule, start: int = 0, **more: Any) -> Finding:
    fields: dict[str, Any] = {"action": Action(rule.action), "dry_run": rule.dry_run, "excerpt": "the m•••••••• is"}
    return Finding(rule=rule.pk, start=start, end=start + 9, **{**fields, **more})


def record(user: User | None, *findings: Finding, message: UUID | None = None, where: str = "prompt") -> list[Incident]:
    ids = incidents.record(
        findings,
        where=where,
        user_id=user.pk if user else None,
        conversation=uuid4(),
        message=message or uuid4(),
        model="scripted",
    )
    found = Incident.objects.in_bulk(ids)
    return [found[one] for one in ids]


# --- What rules found -------------------------------------------------------------------------------------------------


def test_a_finding_is_kept_with_all_that_outlives_its_rule_and_its_message(alice: User, rule: Rule) -> None:
    conversation, message = uuid4(), uuid4()
    (kept,) = incidents.record(
        [finding(rule, 4)], where="reply", user_id=alice.pk, conversation=conversation, message=message, model="small"
    )
    rule.delete()
    row = Incident.objects.get(pk=kept)
    assert (row.rule_name, row.action, row.dry_run, row.where) == ("Fruit", "block", False, Where.REPLY)
    assert (row.user, row.user_name, row.model) == (alice, "alice", "small")
    assert (row.conversation, row.message, row.start, row.end) == (conversation, message, 4, 13)
    assert (row.excerpt, row.state) == ("the m•••••••• is", Decision.OPEN)
    assert not row.is_report


def test_what_is_found_again_is_the_same_incident(alice: User, rule: Rule) -> None:
    message = uuid4()
    first = record(alice, finding(rule, 0), finding(rule, 20), message=message)
    again = record(alice, finding(rule, 20), finding(rule, 0), finding(rule, 40), message=message)
    assert [one.pk for one in again[:2]] == [first[1].pk, first[0].pk]
    assert Incident.objects.count() == 3


def test_what_differs_is_another_incident(alice: User, rule: Rule) -> None:
    other = Rule.objects.create(name="Jam", words="jam")
    message = uuid4()
    record(alice, finding(rule), finding(other), finding(rule, 1), message=message)
    record(alice, finding(rule), message=message, where="reasoning")
    record(alice, finding(rule))
    assert Incident.objects.count() == 5


def test_the_same_again_changes_nothing_that_was_decided(alice: User, rule: Rule, grace: User) -> None:
    message = uuid4()
    (row,) = record(alice, finding(rule), message=message)
    decisions.decide(row, Decision.DISMISSED, grace)
    (again,) = record(alice, finding(rule), message=message)
    assert (again.pk, again.state) == (row.pk, Decision.DISMISSED)


def test_of_a_message_full_of_one_word_the_first_places_are_kept_and_what_blocks_it(alice: User, rule: Rule) -> None:
    flag = Rule.objects.create(name="Letter", words="a", action="flag", dry_run=False)
    many = [finding(flag, place) for place in range(0, 10_000, 2)]
    kept = record(alice, *many, finding(rule, 10_000))
    assert [(one.rule, one.start) for one in kept] == [
        *((flag.pk, 2 * number) for number in range(incidents.MOST_OF_A_RULE)),
        (rule.pk, 10_000),
    ]
    assert Incident.objects.count() == len(kept)


def test_nothing_found_asks_the_database_nothing(alice: User, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert record_none(alice) == []


def record_none(user: User) -> list[UUID]:
    return incidents.record([], where="prompt", user_id=user.pk, conversation=None, message=uuid4())


def test_people_may_go_and_their_incidents_stay(alice: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    alice.delete()
    row.refresh_from_db()
    assert (row.user, row.user_name) == (None, "alice")
    (late,) = record(None, finding(rule))
    assert (late.user, late.user_name) == (None, "")


def test_one_who_is_gone_already_is_no_fault(alice: User, rule: Rule) -> None:
    number = alice.pk
    alice.delete()
    (kept,) = incidents.record([finding(rule)], where="reply", user_id=number, conversation=None, message=uuid4())
    assert Incident.objects.get(pk=kept).user is None


def test_characters_no_database_stores_are_replaced(alice: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule, excerpt="a\x00b"))
    assert row.excerpt == "a�b"


def test_a_place_nobody_knows_is_refused(alice: User, rule: Rule) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        record(alice, finding(rule), where="nowhere")


# --- Reports ----------------------------------------------------------------------------------------------------------


def test_a_person_reports_a_reply_once(alice: User, bob: User) -> None:
    message = uuid4()
    first = incidents.report(alice, conversation=None, message=message, reason="wrong", note="  It is not so. ")
    again = incidents.report(alice, conversation=None, message=message, reason="offensive", note="Really.")
    assert again.pk == first.pk
    assert (again.reason, again.said, again.rule) == (Reason.WRONG, "It is not so.", None)
    assert again.is_report
    assert incidents.report(bob, conversation=None, message=message, reason="wrong", note="").pk != first.pk


def test_a_report_needs_a_reason_and_its_words_have_an_end(alice: User) -> None:
    with pytest.raises(ValueError, match="because"):
        incidents.report(alice, conversation=None, message=uuid4(), reason="because", note="")
    long = incidents.report(alice, conversation=None, message=uuid4(), reason="other", note="a" * 9999)
    assert len(long.said) == incidents.SAID_CHARS


def test_a_report_is_none_of_ones_own_incidents(alice: User) -> None:
    incidents.report(alice, conversation=None, message=uuid4(), reason="wrong", note="")
    assert not Incident.objects.of_person(alice).exists()


# --- Appeals ----------------------------------------------------------------------------------------------------------


def test_a_person_appeals_a_block_once(alice: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    appealed = incidents.appeal(alice, row.pk, " I meant breakfast. ")
    assert appealed.appeal == "I meant breakfast."
    assert appealed.is_appealed
    assert incidents.appeal(alice, row.pk, "And again!").appeal == "I meant breakfast."
    assert list(Incident.objects.appealed()) == [row]


def test_nobody_appeals_for_another(alice: User, mallory: User, grace: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    for stranger in (mallory, grace):
        with pytest.raises(Incident.DoesNotExist):
            incidents.appeal(stranger, row.pk, "Let it be.")
    with pytest.raises(Incident.DoesNotExist):
        incidents.appeal(alice, uuid4(), "Which one?")


@pytest.mark.parametrize("more", [{"action": Action.FLAG}, {"action": Action.MASK}, {"dry_run": True}])
def test_what_a_person_was_not_told_of_is_not_found(alice: User, rule: Rule, more: dict[str, Any]) -> None:
    (row,) = record(alice, finding(rule, **more))
    with pytest.raises(Incident.DoesNotExist):
        incidents.appeal(alice, row.pk, "What is this?")


def test_an_appeal_says_something(alice: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    with pytest.raises(ValueError, match="without words"):
        incidents.appeal(alice, row.pk, "  \n")


def test_a_decision_answers_an_appeal_and_a_later_appeal_waits_again(alice: User, grace: User, rule: Rule) -> None:
    (before, after) = record(alice, finding(rule, 0), finding(rule, 20))
    incidents.appeal(alice, before.pk, "Please look.")
    before.refresh_from_db()
    decisions.decide(before, Decision.CONFIRMED, grace)
    decisions.decide(after, Decision.CONFIRMED, grace)
    assert not Incident.objects.appealed().exists()
    Incident.objects.filter(pk=after.pk).update(decided_at=timezone.now() - timedelta(minutes=1))
    incidents.appeal(alice, after.pk, "This one too.")
    assert list(Incident.objects.appealed()) == [after]


# --- Decisions --------------------------------------------------------------------------------------------------------


def actions() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("action", flat=True))


@pytest.mark.parametrize(
    ("decision", "action"),
    [(Decision.CONFIRMED, "incident.confirmed"), (Decision.DISMISSED, "incident.dismissed")],
)
def test_a_decision_says_who_when_and_is_audited(
    alice: User, grace: User, rule: Rule, decision: Decision, action: str
) -> None:
    (row,) = record(alice, finding(rule))
    decisions.decide(row, decision, grace)
    assert (row.state, row.decided_by) == (decision, grace)
    assert row.decided_at is not None
    entry = Entry.objects.get(action=action)
    assert entry.actor_name == "grace"
    assert entry.subject_id == str(row.pk)
    assert "•" not in str(entry.details)  # no words of the message


def test_of_two_decisions_at_once_one_wins(alice: User, grace: User, bob: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    seen_by_bob = Incident.objects.get(pk=row.pk)
    decisions.decide(row, Decision.CONFIRMED, grace)
    with pytest.raises(DecidedMeanwhile), transaction.atomic():
        decisions.decide(seen_by_bob, Decision.DISMISSED, bob)
    row.refresh_from_db()
    assert (row.state, row.decided_by) == (Decision.CONFIRMED, grace)
    assert actions() == ["incident.confirmed"]


def test_a_decision_can_be_taken_back(alice: User, grace: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    decisions.decide(row, Decision.DISMISSED, grace)
    decisions.decide(row, Decision.OPEN, grace)
    assert (row.state, row.decided_by, row.decided_at) == (Decision.OPEN, None, None)
    assert actions() == ["incident.dismissed", "incident.reopened"]


def test_many_are_decided_at_once_but_not_what_was_decided(alice: User, grace: User, rule: Rule) -> None:
    one, two, three = record(alice, *(finding(rule, start) for start in (0, 20, 40)))
    decisions.decide(two, Decision.CONFIRMED, grace)
    found = decisions.decide_all([one.pk, two.pk, three.pk], Decision.DISMISSED, grace)
    assert {row.pk for row in found} == {one.pk, three.pk}
    two.refresh_from_db()
    assert two.state == Decision.CONFIRMED
    assert actions() == ["incident.confirmed", *["incident.dismissed"] * 2]


def test_a_false_positive_switches_its_rule_off(alice: User, grace: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    decisions.switch_off(row, grace)
    rule.refresh_from_db()
    assert (rule.enabled, rule.changed_by, rule.words) == (False, grace, "marmalade")
    assert row.state == Decision.FALSE_POSITIVE
    assert actions() == ["incident.false_positive", "rule.switched_off"]


def test_a_false_positive_adds_an_exception(alice: User, grace: User, rule: Rule) -> None:
    first, second = record(alice, finding(rule), finding(rule, 20))
    decisions.make_exception(first, " marmalade cat ", grace)
    decisions.make_exception(second, "#marmalade", grace)
    rule.refresh_from_db()
    assert rule.exceptions == "marmalade cat\n\\#marmalade"
    assert rule.spec.exceptions == ("marmalade cat", "#marmalade")
    assert rule.enabled


def test_an_exception_that_is_none_leaves_all_as_it_was(alice: User, grace: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    with pytest.raises(ValidationError):
        decisions.make_exception(row, "\N{ZERO WIDTH SPACE}", grace)
    row.refresh_from_db()
    rule.refresh_from_db()
    assert (row.state, rule.exceptions, actions()) == (Decision.OPEN, "", [])


def test_incidents_are_given_to_somebody(alice: User, grace: User, bob: User, rule: Rule) -> None:
    rows = record(alice, finding(rule, 0), finding(rule, 20))
    assert decisions.assign([row.pk for row in rows], grace, grace) == 2
    assert decisions.assign([rows[0].pk], grace, bob) == 0
    assert decisions.assign([rows[0].pk], None, bob) == 1
    assert set(Incident.objects.values_list("assigned_to", flat=True)) == {None, grace.pk}
    assert actions() == ["incident.assigned"] * 3


def test_notes_are_added_and_not_changed(alice: User, grace: User, rule: Rule) -> None:
    (row,) = record(alice, finding(rule))
    assert decisions.note(row, "  ", grace) is None
    decisions.note(row, " Ask her first. ", grace)
    decisions.note(row, "She was asked.", grace)
    assert [note.text for note in row.notes.all()] == ["Ask her first.", "She was asked."]
    assert "Ask" not in str([entry.details for entry in Entry.objects.all()])
    grace.delete()
    assert Note.objects.filter(by=None).count() == 2


def test_only_what_a_person_wrote_counts_against_them(alice: User, grace: User, rule: Rule) -> None:
    dry = Rule.objects.create(name="Jam", words="jam")
    confirmed = [
        *record(alice, finding(rule), where="prompt"),
        *record(alice, finding(rule), where="reply"),
        *record(alice, finding(dry), where="prompt"),
        incidents.report(alice, conversation=None, message=uuid4(), reason="wrong", note=""),
    ]
    (old,) = record(alice, finding(rule))
    Incident.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=31))
    record(alice, finding(rule))  # open
    decisions.decide_all([one.pk for one in [*confirmed, old]], Decision.CONFIRMED, grace)
    since = timezone.now() - timedelta(days=30)
    assert list(Incident.objects.filter(user=alice).counting(since)) == confirmed[:1]

"""The review queue and the page of an incident: who may, what is found, and what follows from a decision."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Entry
from limits import restraints
from limits.models import Policy, Restraint
from moderation import decisions, incidents
from moderation.matcher import Action, Finding
from moderation.models import Decision, Incident, Rule

PAGE = "/admin/moderation/incident/"

pytestmark = pytest.mark.django_db


def with_role(name: str, role: str) -> User:
    person = User.objects.create_user(name, f"{name}@example.org", "a password", is_staff=True)
    person.groups.add(Group.objects.get(name=f"role:{role}"))
    return person


@pytest.fixture
def heidi() -> User:
    return with_role("heidi", "moderator")


@pytest.fixture
def moderator(client: Client, heidi: User) -> Client:
    client.force_login(heidi)
    return client


@pytest.fixture
def rule() -> Rule:
    return Rule.objects.create(name="Fruit", words="marmalade", dry_run=False, action="block")


def found(user: User, rule: Rule, where: str = "prompt", **more: Any) -> Incident:
    fields = {"action": Action(rule.action), "dry_run": rule.dry_run, "start": 4, "end": 13, "excerpt": "the m████ is"}
    (pk,) = incidents.record(
        [Finding(rule=rule.pk, **{**fields, **more})],
        where=where,
        user_id=user.pk,
        conversation=uuid4(),
        message=uuid4(),
        model="scripted",
    )
    return Incident.objects.get(pk=pk)


def reported(user: User, said: str = "It is not so.") -> Incident:
    return incidents.report(user, conversation=None, message=uuid4(), reason="wrong", note=said)


def listed(client: Client, query: str = "") -> set[UUID]:
    return {one.pk for one in client.get(f"{PAGE}?{query}").context["cl"].result_list}


def decide(client: Client, incident: Incident, decision: str, **more: str) -> Any:
    seen = {"seen": incident.state, "decision": decision, **more}
    return client.post(f"{PAGE}{incident.pk}/decide/", seen, follow=True)


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return str(answer.content.decode())


def state(incident: Incident) -> str:
    return Incident.objects.get(pk=incident.pk).state


# --- Who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "{pk}/change/", "{pk}/decide/", "{pk}/assign/", "{pk}/note/"])
def test_members_and_strangers_see_nothing(client: Client, alice: User, rule: Rule, page: str) -> None:
    address = PAGE + page.format(pk=found(alice, rule).pk)
    assert client.post(address).status_code == 302
    client.force_login(alice)
    for answer in (client.get(address, follow=True), client.post(address, {"decision": "dismissed"}, follow=True)):
        assert answer.status_code == 403
        assert "m████" not in answer.content.decode()
    assert not Entry.objects.filter(action__startswith="incident.").exists()


def test_auditors_look_and_decide_nothing(client: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    client.force_login(with_role("ivan", "auditor"))
    assert listed(client) == {incident.pk}
    page = text(client.get(f"{PAGE}{incident.pk}/change/"))
    assert "the m████ is" in page
    assert "Dismiss" not in page
    for door in ("decide", "assign", "note"):
        assert client.post(f"{PAGE}{incident.pk}/{door}/", {"decision": "dismissed", "text": "x"}).status_code == 403
    client.post(PAGE, {"action": "dismiss", "_selected_action": [incident.pk]})
    assert state(incident) == Decision.OPEN


def test_nobody_adds_or_deletes_incidents(
    moderator: Client, client: Client, grace: User, alice: User, rule: Rule
) -> None:
    incident = found(alice, rule)
    client.force_login(grace)
    assert client.get(f"{PAGE}add/").status_code == 403
    assert client.post(f"{PAGE}{incident.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(f"{PAGE}{uuid4()}/change/").status_code == 302


# --- The queue --------------------------------------------------------------------------------------------------------


def test_open_ones_stand_there_the_newest_first(moderator: Client, alice: User, heidi: User, rule: Rule) -> None:
    one, two, three = (found(alice, rule) for _ in range(3))
    decisions.decide(two, Decision.DISMISSED, heidi)
    for number, incident in enumerate((three, one)):
        Incident.objects.filter(pk=incident.pk).update(at=f"2026-01-0{number + 1} 00:00:00+00:00")
    rows = moderator.get(PAGE).context["cl"].result_list
    assert [row.pk for row in rows] == [one.pk, three.pk]
    assert listed(moderator, "state=all") == {one.pk, two.pk, three.pk}
    assert listed(moderator, "state=dismissed") == {two.pk}
    assert listed(moderator, "state=nonsense") == {one.pk, three.pk}


def test_each_filter_finds_its_own(moderator: Client, alice: User, bob: User, heidi: User, rule: Rule) -> None:
    masks = Rule.objects.create(name="Numbers", words="1", action="mask")
    block = found(alice, rule)
    dry = found(bob, masks, where="reply")
    report = reported(bob)
    incidents.appeal(alice, block.pk, "Please.")
    decisions.assign([dry.pk], heidi, heidi)
    decisions.assign([report.pk], bob, heidi)
    expected = {
        "where__exact=reply": {dry, report},
        "action__exact=mask": {dry},
        "dry_run__exact=1": {dry},
        "dry_run__exact=0": {block, report},
        f"rule={rule.pk}": {block},
        "rule=99999": set(),
        "rule=nonsense": {block, dry, report},
        "from=rule": {block, dry},
        "from=report": {report},
        "from=appeal": {block},
        "assigned=me": {dry},
        "assigned=nobody": {block},
        "assigned=others": {report},
        "at__gte=2000-01-01 00:00:00%2B00:00": {block, dry, report},
        "at__lt=2000-01-01 00:00:00%2B00:00": set(),
        "q=alice": {block},
        "q=ALICE": {block},
        "q=nobody": set(),
        f"q={dry.message}": {dry},
        f"q={dry.conversation}": {dry},
        f"q={report.pk}": {report},
    }
    for query, rows in expected.items():
        assert listed(moderator, query) == {one.pk for one in rows}, query


def test_a_page_of_the_queue_asks_little(
    moderator: Client, alice: User, rule: Rule, django_assert_max_num_queries: Any
) -> None:
    for _ in range(60):
        found(alice, rule)
    moderator.get(PAGE)
    with django_assert_max_num_queries(14):
        page = text(moderator.get(PAGE))
    assert "the m████ is" in page


def test_a_queue_that_is_longer_than_its_pages_says_so(
    moderator: Client, alice: User, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.bounded.MOST", 2)
    for _ in range(4):
        found(alice, rule)
    assert "The newest 2; search or filter for others." in text(moderator.get(PAGE))


def test_many_are_decided_at_once(moderator: Client, alice: User, heidi: User, rule: Rule) -> None:
    rows = [found(alice, rule) for _ in range(3)]
    decisions.decide(rows[0], Decision.CONFIRMED, heidi)
    ids = [row.pk for row in rows]
    answer = moderator.post(f"{PAGE}?state=all", {"action": "dismiss", "_selected_action": ids}, follow=True)
    assert "2 incidents decided. The others had been decided before." in text(answer)
    assert [state(row) for row in rows] == ["confirmed", "dismissed", "dismissed"]


def test_many_are_assigned_at_once(moderator: Client, alice: User, heidi: User, rule: Rule) -> None:
    ids = [found(alice, rule).pk for _ in range(3)]
    moderator.post(PAGE, {"action": "assign_to_me", "_selected_action": ids[:2]})
    assert set(Incident.objects.filter(assigned_to=heidi).values_list("pk", flat=True)) == set(ids[:2])
    moderator.post(PAGE, {"action": "assign_to_nobody", "_selected_action": ids})
    assert not Incident.objects.filter(assigned_to=heidi).exists()


# --- The page of one --------------------------------------------------------------------------------------------------


def test_a_page_says_what_is_known(moderator: Client, alice: User, heidi: User, rule: Rule) -> None:
    decisions.decide(found(alice, rule), Decision.CONFIRMED, heidi)
    decisions.decide(found(alice, rule), Decision.DISMISSED, heidi)
    incident = found(alice, rule)
    incidents.appeal(alice, incident.pk, "I meant <b>breakfast</b>.")
    decisions.note(incident, "Ask her.", heidi)
    page = text(moderator.get(f"{PAGE}{incident.pk}/change/"))
    for said in (
        "the m████ is",
        "Fruit",
        "alice",
        "Scripted demonstration",
        "block",
        "characters 4 to 13",
        "Ask her.",
        "waits for an answer",
    ):
        assert said in page, said
    assert page.count("3 incidents: 1 confirmed, 1 not") == 2
    assert "I meant &lt;b&gt;breakfast&lt;/b&gt;." in page


def test_a_page_outlives_rule_and_person(moderator: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    rule.delete()
    alice.delete()
    page = text(moderator.get(f"{PAGE}{incident.pk}/change/"))
    assert "not there any more" in page
    assert "alice" in page


def test_a_report_says_who_and_why(moderator: Client, bob: User) -> None:
    report = reported(bob)
    page = text(moderator.get(f"{PAGE}{report.pk}/change/"))
    for said in ("Reported by", "bob", "wrong or made up", "It is not so."):
        assert said in page
    assert "false positive" not in page


def test_a_decision_leads_back_to_the_queue_as_it_was_filtered(moderator: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    answer = decide(moderator, incident, "dismissed", back="where__exact=prompt")
    assert answer.redirect_chain == [(f"{PAGE}?where__exact=prompt", 302)]
    assert "Decided: dismissed." in text(answer)
    assert state(incident) == Decision.DISMISSED
    incident.refresh_from_db()
    decide(moderator, incident, "open")
    assert state(incident) == Decision.OPEN


@pytest.mark.parametrize("seen", ["dismissed", "nonsense", "a\0b"])
def test_of_two_moderators_the_second_is_told(moderator: Client, alice: User, rule: Rule, seen: str) -> None:
    incident = found(alice, rule)
    answer = decide(moderator, incident, "confirmed", seen=seen)
    assert "Somebody decided meanwhile" in text(answer, 409)
    assert state(incident) == Decision.OPEN


def test_a_decision_that_is_none_is_refused(moderator: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    assert "Choose what you decide." in text(decide(moderator, incident, "maybe"), 409)


def test_notes_and_assignment(moderator: Client, alice: User, heidi: User, rule: Rule) -> None:
    incident = found(alice, rule)
    moderator.post(f"{PAGE}{incident.pk}/assign/")
    moderator.post(f"{PAGE}{incident.pk}/note/", {"text": "Mine."})
    page = text(moderator.get(f"{PAGE}{incident.pk}/change/"))
    assert "Assigned to heidi." in page
    assert "Mine." in page
    moderator.post(f"{PAGE}{incident.pk}/assign/", {"nobody": "1"})
    incident.refresh_from_db()
    assert incident.assigned_to is None


# --- False positives --------------------------------------------------------------------------------------------------


def test_a_false_positive_may_leave_the_rule_alone(moderator: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    decide(moderator, incident, "false", how="")
    rule.refresh_from_db()
    assert (state(incident), rule.enabled, rule.exceptions) == (Decision.FALSE_POSITIVE, True, "")


def test_a_false_positive_switches_the_rule_off_once_that_is_confirmed(
    moderator: Client, alice: User, rule: Rule
) -> None:
    incident = found(alice, rule)
    asked = decide(moderator, incident, "false", how="off")
    assert "switched off for everybody" in text(asked)
    assert state(incident) == Decision.OPEN
    decide(moderator, incident, "false", how="off", sure="yes")
    rule.refresh_from_db()
    assert (state(incident), rule.enabled) == (Decision.FALSE_POSITIVE, False)


def test_a_false_positive_adds_an_exception(moderator: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    assert "Write the words" in text(decide(moderator, incident, "false", how="exception", words=" "), 409)
    invisible = decide(moderator, incident, "false", how="exception", words="\N{ZERO WIDTH SPACE}")
    assert "invisible" in text(invisible, 409)
    assert state(incident) == Decision.OPEN
    decide(moderator, incident, "false", how="exception", words="marmalade cat")
    rule.refresh_from_db()
    assert rule.exceptions == "marmalade cat"


def test_an_exception_is_written_as_every_database_keeps_it(moderator: Client, alice: User, rule: Rule) -> None:
    answer = decide(moderator, found(alice, rule), "false", how="exception", words="marmalade\0cat")
    assert "Decided" in text(answer)
    rule.refresh_from_db()
    assert rule.exceptions == "marmalade\N{REPLACEMENT CHARACTER}cat"


def test_a_rule_that_is_gone_cannot_be_changed(moderator: Client, alice: User, rule: Rule) -> None:
    incident = found(alice, rule)
    rule.delete()
    answer = decide(moderator, incident, "false", how="off", sure="yes")
    assert "not there any more" in text(answer, 409)
    assert state(incident) == Decision.OPEN


def test_who_may_not_change_rules_does_not_change_them_here(
    moderator: Client, alice: User, heidi: User, rule: Rule
) -> None:
    for right in Group.objects.get(name="role:moderator").permissions.filter(codename="change_rule"):
        right.group_set.clear()
    incident = found(alice, rule)
    assert "Switch the rule off" not in text(moderator.get(f"{PAGE}{incident.pk}/change/"))
    assert decide(moderator, incident, "false", how="off", sure="yes").status_code == 403
    rule.refresh_from_db()
    assert (rule.enabled, state(incident)) == (True, Decision.OPEN)


# --- One after another ------------------------------------------------------------------------------------------------


def locked_late(answered: CaptureQueriesContext) -> list[str]:
    """What a page locked after it wrote its first audit entry: who waits for the log may be who holds it."""
    said = [one["sql"] for one in answered]
    first = next(number for number, sql in enumerate(said) if "audit_entry" in sql)
    return [sql for sql in said[first:] if LOCKS.search(sql) and sql not in said[:first] and "audit_entry" not in sql]


# Sessions of a person whose row was locked at first may end at any time.
FREE = 'django_session|usersessions|accounts_user" SET "session_generation'
LOCKS = re.compile(rf'^UPDATE "(?!{FREE})|^INSERT INTO "moderation|FOR (NO KEY )?UPDATE')


def test_the_log_is_written_when_all_else_is_locked(moderator: Client, alice: User, rule: Rule, policy: Policy) -> None:
    decided = {
        "confirmed": ("confirmed", {"sure": "yes"}),
        "an exception": ("false", {"how": "exception", "words": "marmalade cat"}),
        "off": ("false", {"how": "off", "sure": "yes"}),
    }
    for name, (decision, more) in decided.items():
        incident = found(alice, rule)
        with CaptureQueriesContext(connection) as answered:
            decide(moderator, incident, decision, **more)
        assert state(incident) == decision
        assert not locked_late(answered), name
    ids = [found(alice, rule).pk for _ in range(3)]
    with CaptureQueriesContext(connection) as answered:
        moderator.post(PAGE, {"action": "confirm", "_selected_action": ids, "sure": "yes"})
    assert held(alice)[0] == Restraint.Kind.SUSPEND
    assert not locked_late(answered)


# --- Consequences -----------------------------------------------------------------------------------------------------


@pytest.fixture
def policy() -> Policy:
    return Policy.objects.create(slow_after=2, suspend_after=3)


def held(user: User) -> list[str]:
    return [one.kind for one in restraints.now_on(user.pk)]


def test_repeated_confirmed_incidents_slow_and_then_suspend(
    moderator: Client, alice: User, rule: Rule, policy: Policy
) -> None:
    decide(moderator, found(alice, rule), "confirmed")
    assert held(alice) == []
    second = found(alice, rule)
    asked = text(decide(moderator, second, "confirmed"))
    assert "alice may then send one message a minute, for 7 days." in asked
    assert state(second) == Decision.OPEN
    decide(moderator, second, "confirmed", sure="yes")
    assert held(alice) == [Restraint.Kind.SLOW]
    third = found(alice, rule)
    assert "no message" in text(decide(moderator, third, "confirmed"))
    decide(moderator, third, "confirmed", sure="yes")
    assert held(alice)[0] == Restraint.Kind.SUSPEND
    assert Entry.objects.filter(action__in=["person.slowed", "person.suspended"]).count() == 2
    decide(moderator, found(alice, rule), "confirmed")
    assert Restraint.objects.count() == 2


def test_one_message_counts_once_and_the_models_words_not_at_all(
    moderator: Client, alice: User, heidi: User, rule: Rule, policy: Policy
) -> None:
    message = uuid4()
    findings = [Finding(rule.pk, Action.BLOCK, False, start, start + 1, "…") for start in range(5)]
    ids = incidents.record(findings, where="prompt", user_id=alice.pk, conversation=None, message=message)
    ids += [found(alice, rule, where="reply").pk, found(alice, rule, dry_run=True).pk, reported(alice).pk]
    moderator.post(PAGE, {"action": "confirm", "_selected_action": ids})
    assert Incident.objects.filter(state=Decision.CONFIRMED).count() == 8
    assert held(alice) == []


def test_confirming_many_asks_first_too(moderator: Client, alice: User, bob: User, rule: Rule, policy: Policy) -> None:
    ids = [found(alice, rule).pk, found(alice, rule).pk, found(bob, rule).pk]
    fields = {"action": "confirm", "_selected_action": ids}
    asked = text(moderator.post(PAGE, fields))
    assert "alice may then" in asked
    assert "bob" not in asked.partition("More follows")[2].partition("</ul>")[0]
    assert not Incident.objects.filter(state=Decision.CONFIRMED).exists()
    answer = moderator.post(PAGE, {**fields, "sure": "yes"}, follow=True)
    assert "3 incidents decided." in text(answer)
    assert (held(alice), held(bob)) == ([Restraint.Kind.SLOW], [])


def test_without_a_policy_nothing_follows(moderator: Client, alice: User, rule: Rule) -> None:
    for _ in range(5):
        decide(moderator, found(alice, rule), "confirmed")
    assert Incident.objects.filter(state=Decision.CONFIRMED).count() == 5
    assert held(alice) == []


def test_an_owner_is_never_restrained_by_it(moderator: Client, grace: User, rule: Rule, policy: Policy) -> None:
    for _ in range(4):
        decide(moderator, found(grace, rule), "confirmed")
    assert held(grace) == []


# --- A million rows ---------------------------------------------------------------------------------------------------

QUERIES = {
    "": "moderation_by_state",
    "state=all": "moderation_newest",
    "state=confirmed": "moderation_by_state",
    "rule={rule}": "moderation_of_rule",
    "from=appeal": "moderation_appealed",
    "from=report&state=all": "moderation_reported",
    "assigned=me": "moderation_assigned",
    "q=alice&state=all": "moderation_of_person",
    "where__exact=prompt": "moderation_by_state",
}


ROWS = f"""
INSERT INTO {Incident._meta.db_table} (
    id, at, "where", rule, rule_name, action, dry_run, user_id, user_name, message, model, start, "end", excerpt,
    reason, said, state, appeal, assigned_to_id, appealed_at
)
SELECT
    gen_random_uuid(), NOW() - n * INTERVAL '1 minute', CASE n %% 3 WHEN 0 THEN 'prompt' ELSE 'reply' END,
    NULLIF(n %% 500, 0), 'Fruit', 'flag', FALSE, NULL, 'x', gen_random_uuid(), '', 0, 1, 'x',
    '', '', CASE n %% 100 WHEN 0 THEN 'open' WHEN 1 THEN 'confirmed' ELSE 'dismissed' END, '',
    CASE WHEN n %% 400 = 0 THEN %s END, CASE WHEN n %% 300 = 0 THEN NOW() END
FROM generate_series(1, 30000) AS n
"""  # noqa: S608 - no input in it


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the planner of PostgreSQL")
def test_the_queue_reads_what_it_shows_and_no_more(moderator: Client, alice: User, heidi: User, rule: Rule) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ROWS, [heidi.pk])
        cursor.execute(f"ANALYZE {Incident._meta.db_table}")
    found(alice, rule)
    for query, index in QUERIES.items():
        plan = moderator.get(f"{PAGE}?{query.format(rule=7)}").context["cl"].queryset[:50].explain()
        assert index in plan, f"{query}: {plan}"
        assert "Seq Scan on moderation_incident" not in plan, f"{query}: {plan}"

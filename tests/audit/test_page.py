"""The page of audit entries: who sees it, what it finds, how it is taken away, and that a long log does not slow it."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from audit import filters
from audit.log import record
from audit.models import Entry
from tests.audit.written import guard_down, move, spoil, write

pytestmark = pytest.mark.django_db
PAGE = "/admin/audit/entry/"
EXPORTS = [f"{PAGE}export.jsonl", f"{PAGE}export.csv"]


@pytest.fixture
def heidi(db: None) -> User:
    """Who may see the log, and nothing else."""
    person = User.objects.create_user("heidi", "heidi@example.org", "x", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_entry"))
    return person


@pytest.fixture
def browser(client: Client, heidi: User) -> Client:
    client.force_login(heidi)
    return client


def fetched(person: User, address: str, **query: str) -> Any:
    """The answer to a request as the real server makes it, read whole."""

    async def fetch() -> Any:
        client = AsyncClient()
        await client.aforce_login(person)
        answer: Any = await client.get(address, query)
        if answer.streaming:
            answer.whole = b"".join([part async for part in answer]).decode()
        return answer

    return async_to_sync(fetch)()


def found(browser: Client, **query: str) -> set[str]:
    """The actions of the entries that the page lists."""
    answer = browser.get(PAGE, query)
    assert answer.status_code == 200
    return {entry.action for entry in answer.context["cl"].result_list}


# --- Who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [PAGE, *EXPORTS])
def test_who_may_see_it_and_who_may_not(alice: User, grace: User, heidi: User, door: str) -> None:
    stranger = Client().get(door)
    assert (stranger.status_code, "login" in stranger.headers["Location"]) == (302, True)
    staff = User.objects.create_user("ivan", "ivan@example.org", "x", is_staff=True)
    assert fetched(alice, door).status_code == 302
    assert fetched(staff, door).status_code == 403
    assert fetched(heidi, door).status_code == 200
    assert fetched(grace, door).status_code == 200


def test_nobody_changes_an_entry_there(client: Client, grace: User) -> None:
    entry = write(1)[0]
    client.force_login(grace)
    assert client.get(f"{PAGE}add/").status_code == 403
    assert client.post(f"{PAGE}1/change/", {"action": "other"}).status_code == 403
    assert client.post(f"{PAGE}1/delete/", {"post": "yes"}).status_code == 403
    several = {"action": "delete_selected", "_selected_action": ["1"], "post": "yes"}
    client.post(PAGE, several)
    assert Entry.objects.get(pk=1).hash == entry.hash
    for door in EXPORTS:
        assert client.post(door).status_code == 405


def test_an_entry_is_shown_whole(browser: Client, alice: User) -> None:
    record("person.suspended", actor=alice, subject=alice, details={"why": "<b>rude</b>"})
    page = browser.get(f"{PAGE}{Entry.objects.latest('pk').pk}/change/").content.decode()
    for part in ("person.suspended", "accounts.User", Entry.objects.latest("pk").hash):
        assert part in page
    assert "<b>rude" not in page


def test_the_list_says_what_it_was_and_what_it_became(browser: Client) -> None:
    record("policy.changed", details={"tokens_per_day": {"old": 5, "new": 29}, "why": "x" * 200})
    record(
        "api_key.created",
        details={"models": [], "scopes": ["chat", "models"], "expires": "2027-02-24T13:30:08.7+00:00"},
    )
    page = browser.get(PAGE).content.decode()
    assert '<td class="field-told">expires: 2027-02-24 13:30 UTC, scopes: chat, models</td>' in page
    assert "tokens_per_day: 5 → 29, why: xxx" in page
    assert "x" * 100 not in page


# --- What it finds ----------------------------------------------------------------------------------------------------


def test_by_action(browser: Client) -> None:
    write(2, "policy.changed")
    write(1, "rule.created")
    assert found(browser, action="rule.created") == {"rule.created"}
    assert found(browser, action="nothing") == set()
    choices = browser.get(PAGE).context["cl"].filter_specs[0].lookup_choices
    assert [value for value, _ in choices] == ["policy.changed", "rule.created", "sign_in.succeeded"]


@pytest.mark.parametrize("query", ["alice", "ALICE", " alice "])
def test_by_person_and_by_what_it_is_about(browser: Client, alice: User, bob: User, query: str) -> None:
    record("by.alice", actor=alice, subject=bob)
    record("about.alice", actor=bob, subject=alice)
    record("other", actor=bob, subject=bob)
    assert found(browser, q=query) == {"by.alice", "about.alice"}
    assert found(browser, q=str(bob.pk)) >= {"other", "by.alice"}
    assert found(browser, q="ali") == set()


def test_by_time(browser: Client) -> None:
    now = timezone.now()
    for entry, days in zip(write(4)[1:], (400, 60, 3, 0), strict=True):
        move(entry, now - timedelta(days=days))
        with guard_down() as cursor:
            cursor.execute("UPDATE audit_entry SET action = %s WHERE id = %s", [f"{days}.ago", entry.pk])
    assert found(browser, when="1") == {"0.ago", "sign_in.succeeded"}
    assert found(browser, when="7") == {"3.ago", "0.ago", "sign_in.succeeded"}
    month = f"{now - timedelta(days=60):%Y-%m}"
    assert found(browser, when=month) == {"60.ago"}
    assert found(browser, when="nonsense") == found(browser) == found(browser, when="1999-01")
    assert len(found(browser)) == 5


def test_months_go_back_to_the_first_entry_or_a_year() -> None:
    months = [f"{month:%Y-%m}" for month in filters._months()]
    assert months == []
    entry = write(1)[0]
    last_month = timezone.now().replace(day=1) - timedelta(days=1)
    move(entry, last_month.replace(day=1) - timedelta(days=1))
    assert len(list(filters._months())) == 3
    move(entry, datetime(2001, 1, 1, tzinfo=UTC))
    assert len(list(filters._months())) == filters.MONTHS
    for month in filters._months():
        assert (month.day, month.hour) == (1, 0)
        assert filters._next(month).day == 1


# --- What it says of the chain ----------------------------------------------------------------------------------------


def test_it_says_that_the_chain_holds_and_its_end(browser: Client) -> None:
    last = write(3)[-1]
    page = browser.get(PAGE).content.decode()
    assert "The newest hold together." in page
    assert last.hash in page
    assert "errornote" not in page


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entry SET action = 'other' WHERE id = 2", "DELETE FROM audit_entry WHERE id = 2"]
)
def test_it_says_when_it_does_not(browser: Client, statement: str) -> None:
    write(3)
    spoil(statement)
    page = browser.get(PAGE).content.decode()
    assert "the log was changed" in page
    assert "hold together" not in page


def test_it_says_when_the_guard_is_gone(browser: Client) -> None:
    with guard_down():
        assert "guard against changes of the log is gone" in browser.get(PAGE).content.decode()
    assert "guard" not in browser.get(PAGE).content.decode()


# --- Taking it away ---------------------------------------------------------------------------------------------------


def test_the_export_is_what_is_filtered_and_itself_an_entry(heidi: User) -> None:
    write(3, "policy.changed")
    write(2, "rule.created")
    answer = fetched(heidi, EXPORTS[0], action="rule.created")
    lines = [json.loads(line) for line in answer.whole.splitlines()]
    assert [(line["id"], line["action"]) for line in lines] == [(4, "rule.created"), (5, "rule.created")]
    assert lines[0]["hash"] == Entry.objects.get(pk=4).hash
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.jsonl"'
    last = Entry.objects.latest("pk")
    assert (last.action, last.actor_name) == ("audit.exported", "heidi")
    assert last.details == {"form": "jsonl", "filters": {"action": "rule.created"}}


def test_a_long_log_goes_out_in_parts(heidi: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.models.AT_ONCE", 2)
    write(7)
    lines = fetched(heidi, EXPORTS[0], q="thing 0").whole.splitlines()
    assert len(lines) == 1
    ids = [json.loads(line)["id"] for line in fetched(heidi, EXPORTS[0]).whole.splitlines()]
    assert ids == list(range(1, ids[-1] + 1))
    assert len(ids) > 7


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@sum", "\tx", 'quote " and, comma', "two\nlines"])
def test_a_spreadsheet_runs_nothing_of_it(heidi: User, name: str) -> None:
    record("sign_in.failed", subject=name)
    text = fetched(heidi, EXPORTS[1], action="sign_in.failed").whole
    assert text.startswith("\ufeff")
    head, row = csv.reader(io.StringIO(text[1:], newline=""))
    cell = dict(zip(head, row, strict=True))["subject_name"]
    assert cell.lstrip("'") == name
    assert cell[0] not in "=+-@\t"


def test_nonsense_in_the_address_is_no_export(heidi: User) -> None:
    answer = fetched(heidi, EXPORTS[1], password__startswith="a")
    assert answer.status_code in {302, 400}
    assert not Entry.objects.filter(action="audit.exported").exists()


# --- Quick, however long ----------------------------------------------------------------------------------------------


def test_no_more_than_so_many_are_counted(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "MOST", 3)
    write(6)
    assert browser.get(PAGE).context["cl"].result_count == 3


def plans(browser: Client, **query: str) -> list[str]:
    """How PostgreSQL does what the page asks of the log."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        browser.get(PAGE, query)
    statements = [
        one["sql"] for one in asked.captured_queries if 'FROM "audit_entry"' in one["sql"] or "known" in one["sql"]
    ]
    assert statements
    with connection.cursor() as cursor:
        plans = []
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement}")
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return plans


@pytest.fixture
def many(db: None) -> None:
    """So many entries that no plan reads them all for want of anything better."""
    with guard_down() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry SELECT n, now() - n * interval '1 minute', 'thing.' || n % 30, n % 500,"
            " 'person ' || n % 500, 'a.Thing', n::text, 'thing ' || n, '{}', 'p' || n, 'h' || n"
            " FROM generate_series(100, 20100) AS n"
        )
        cursor.execute("ANALYZE audit_entry")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are PostgreSQL's")
@pytest.mark.parametrize(
    "query",
    [{}, {"action": "thing.7"}, {"q": "person 7"}, {"when": "7"}, {"action": "thing.7", "when": "1", "q": "thing 7"}],
)
def test_no_page_reads_the_whole_log(many: None, browser: Client, query: dict[str, str]) -> None:
    for plan in plans(browser, **query):
        assert "Seq Scan on audit_entry" not in plan, plan

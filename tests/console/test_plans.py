"""Lists that may have a million rows are read by an index: the plans of what their pages ask, on a long history."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from console import overview
from console.bounded import MOST, BoundedPaginator
from conversations.models import Conversation, Message
from limits.models import Restraint
from tests.limits.test_plans import NUMBERS, history

__all__ = ["history"]  # a year of the ledger

CONVERSATIONS = 5_000
EACH = 4  # messages of one
MESSAGES = CONVERSATIONS * EACH
LISTS = "/admin/conversations"

UUID_OF = {
    "sqlite": "PRINTF('%%032x', {0})",
    "postgresql": "CAST(LPAD(TO_HEX({0}), 32, '0') AS UUID)",
}
MOMENT = {
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW', '-' || n || ' minutes')",
    "postgresql": "NOW() - n * INTERVAL '1 minute'",
}
OF_A_MESSAGE = {
    "id": "<id>",
    "conversation_id": "<conversation>",
    "position": f"n %% {EACH}",
    "role": "CASE WHEN n %% 2 = 0 THEN 'user' ELSE 'assistant' END",
    "state": "CASE WHEN n %% 400 = 1 THEN 'failed' ELSE 'complete' END",
    "model": "CASE WHEN n %% 2 = 0 THEN '' WHEN n %% 100 = 1 THEN 'remote' ELSE 'scripted' END",
    "created_at": "<moment>",
    "finished_at": "<moment>",
}
# PostgreSQL gathers them by itself; SQLite has none unless asked, and plans without.
STATISTICS = {"sqlite": ("DELETE FROM sqlite_stat1", "ANALYZE sqlite_schema"), "postgresql": ("ANALYZE",)}

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def talk(history: User) -> User:
    """Twenty thousand messages of two hundred people."""
    vendor, first = connection.vendor, history.pk
    numbers, moment = NUMBERS[vendor], MOMENT[vendor]
    conversation, message = UUID_OF[vendor].format("n"), UUID_OF[vendor].format("n + 1000000")
    parent = UUID_OF[vendor].format(f"n / {EACH}")
    talks = _columns(Conversation, {"id": conversation, "client_id": conversation, "owner_id": f"{first} + n %% 200"})
    talks |= {"kind": "'chat'", "title": "'x'", "length": str(EACH), "created_at": moment, "updated_at": moment}
    with connection.cursor() as cursor:
        cursor.execute(
            f"{numbers.format(CONVERSATIONS)} INSERT INTO conversations_conversation ({', '.join(talks)})"  # noqa: S608
            f" SELECT {', '.join(talks.values())} FROM numbers",
            [],
        )
        columns = _columns(Message, OF_A_MESSAGE)
        cursor.execute(
            f"{numbers.format(MESSAGES)} INSERT INTO conversations_message ({', '.join(columns)})"  # noqa: S608
            f" SELECT {', '.join(columns.values())} FROM numbers".replace("<id>", message)
            .replace("<conversation>", parent)
            .replace("<moment>", moment),
            [],
        )
        for statement in STATISTICS[vendor]:
            cursor.execute(statement)
    assert Message.objects.count() == MESSAGES
    return history


def _columns(model: type[Conversation | Message], known: dict[str, str]) -> dict[str, str]:
    """Of each column that is known or has no default in the database, what it holds in row ``n``."""
    found = {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column in known:
            found[column] = known[column]
        elif not field.null and not field.has_db_default():
            is_text = "Char" in field.get_internal_type() or "Text" in field.get_internal_type()
            is_flag = field.get_internal_type() == "BooleanField"
            found[column] = "''" if is_text else ("FALSE" if is_flag else "0")
    return found


@contextmanager
def plans(of: str) -> Iterator[list[str]]:
    """The plans of the SELECTs inside that name this table."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as asked:
        yield found
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[connection.vendor]
    for query in asked.captured_queries:
        if query["sql"].startswith("SELECT") and of in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(explain + query["sql"].replace("%", "%%"), [])
                found.append("\n".join(str(row[-1]) for row in cursor.fetchall()))


def read_through(plan: str, table: str) -> bool:
    """Whether all rows of a table are read and sorted or counted, without a bound."""
    scans = re.search(rf"Seq Scan on {table}\b|^SCAN {table}$", plan, re.M)
    is_bounded = ("Limit" in plan and "Sort" not in plan) or "CO-ROUTINE subquery" in plan
    return bool(scans) and not is_bounded


def shown(client: Client, grace: User, page: str, **asked: str) -> Callable[[], Any]:
    client.force_login(grace)

    def look() -> Any:
        answer = client.get(page, asked)
        assert answer.status_code == 200
        return answer.context["cl"]

    return look


ASKED_OF_MESSAGES: list[tuple[dict[str, str], int]] = [
    ({}, 50),
    ({"p": "100"}, 50),
    ({"q": "alice"}, 50),
    ({"q": "Alice@Example.org"}, 50),
    ({"q": "00000000-0000-0000-0000-000000000007"}, EACH),
    ({"q": f"00000000-0000-0000-0000-{0xF4240 + 7:012x}"}, 1),
    ({"state__exact": "failed"}, 50),
    ({"model": "remote"}, 50),
    ({"role__exact": "assistant"}, 50),
]
ASKED_OF_CONVERSATIONS: list[tuple[dict[str, str], int]] = [
    ({"q": "alice"}, CONVERSATIONS // 200),
    ({"q": "00000000-0000-0000-0000-000000000007"}, 1),
]


def test_messages_and_conversations_are_listed_by_an_index(client: Client, grace: User, talk: User) -> None:
    """In one test: to make such a history takes longer than to ask all."""
    for asked, rows in ASKED_OF_MESSAGES:
        look = shown(client, grace, f"{LISTS}/message/", **asked)
        with plans("conversations_message") as found:
            assert len(look().result_list) == rows, asked
        assert len(found) >= 2, asked  # the count and the rows
        assert not [plan for plan in found if read_through(plan, "conversations_message")], asked
    for asked, rows in ASKED_OF_CONVERSATIONS:
        look = shown(client, grace, f"{LISTS}/conversation/", **asked)
        with plans("conversations_conversation") as found:
            assert len(look().result_list) == rows, asked
        assert found, asked
        assert not [plan for plan in found if read_through(plan, "conversations_conversation")], asked


def test_a_count_stops_at_its_bound(client: Client, grace: User, talk: User) -> None:
    changes = shown(client, grace, f"{LISTS}/message/")()
    assert changes.result_count == MOST + 1
    assert changes.paginator.is_cut
    page = client.get(f"{LISTS}/message/").content.decode()
    assert f"The newest {MOST}; search or filter for others." in page


def test_a_short_list_is_counted_whole(alice: User) -> None:
    pages = BoundedPaginator(User.objects.order_by("pk"), 10)
    assert (pages.count, pages.is_cut, pages.num_pages) == (1, False, 1)


def test_the_list_of_people_reads_no_ledger_and_no_messages(client: Client, grace: User, talk: User) -> None:
    client.force_login(grace)
    with plans("limits_window") as windows, plans("limits_usage") as usage, plans("conversations_") as words:
        assert client.get("/admin/accounts/user/").status_code == 200
    assert windows
    assert usage == words == []


def test_a_person_s_page_reads_their_rows_only(client: Client, grace: User, talk: User) -> None:
    client.force_login(grace)
    with plans("limits_usage") as found:
        assert client.get(f"/admin/accounts/user/{talk.pk}/overview/").status_code == 200
    assert found
    assert not [plan for plan in found if read_through(plan, "limits_usage")]


def test_the_dashboard_reads_its_days_only(talk: User) -> None:
    with plans("limits_usage") as usage, plans("conversations_message") as messages:
        overview.now()
        overview.fortnight()
    assert len(usage) == 3
    assert len(messages) >= 3
    for plan in (*usage, *messages):
        assert not read_through(plan, "limits_usage"), plan
        assert not read_through(plan, "conversations_message"), plan


def test_the_check_of_plans_sees_a_table_that_is_read_through(talk: User) -> None:
    with plans("conversations_message") as found:
        assert not list(Message.objects.filter(text="nothing").order_by("text"))
    assert [plan for plan in found if read_through(plan, "conversations_message")]
    with plans("limits_restraint") as bounded:
        assert list(Restraint.objects.all()[:1])
    assert bounded

"""What is written to the audit log, and that it is in the log exactly when it was done."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit import chain
from audit.log import record
from audit.models import GENESIS, Entry
from audit.plain import LONGEST, MOST, plain

pytestmark = pytest.mark.django_db


def newest() -> Entry:
    entry = Entry.objects.first()
    assert entry
    return entry


def test_an_entry_says_who_did_what_to_what_and_when(alice: User, grace: User) -> None:
    before = timezone.now()
    record("person.suspended", actor=grace, subject=alice, details={"days": 3})
    entry = newest()
    assert (entry.actor_id, entry.actor_name) == (grace.pk, "grace")
    assert (entry.subject_kind, entry.subject_id, entry.subject_name) == ("accounts.User", str(alice.pk), "alice")
    assert (entry.action, entry.details) == ("person.suspended", {"days": 3})
    assert abs(entry.at - before) < timedelta(minutes=1)


def test_it_outlives_the_people_it_names(alice: User, grace: User) -> None:
    record("person.suspended", actor=grace, subject=alice)
    name, number = alice.username, alice.pk
    alice.delete()
    grace.delete()
    assert (newest().actor_name, newest().subject_name, newest().subject_id) == ("grace", name, str(number))
    assert newest().fingerprint() == newest().hash


@transaction.atomic
def record_and_fail() -> None:
    record("a.lost")
    raise ZeroDivisionError


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_nobody_and_a_word_are_enough(nobody: Any) -> None:
    record("engine.drained", actor=nobody, subject="worker-0")
    entry = newest()
    assert (entry.actor_id, entry.actor_name, entry.subject_kind, entry.subject_name) == (None, "", "", "worker-0")
    record("site.started")
    assert newest().subject_name == ""


def test_each_entry_has_the_hash_of_the_one_before() -> None:
    for number in range(3):
        record("a.thing", details={"number": number})
    first, second, third = Entry.objects.order_by("pk")
    assert [first.pk, second.pk, third.pk] == [1, 2, 3]
    assert [first.previous, second.previous, third.previous] == [GENESIS, first.hash, second.hash]
    assert len({first.hash, second.hash, third.hash}) == 3


def test_what_is_rolled_back_is_not_in_the_log() -> None:
    record("a.kept")
    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    record("another.kept")
    assert [entry.action for entry in chain.checked(Entry.objects.order_by("pk"))] == ["a.kept", "another.kept"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (
            {"share": 0.25, "whole": 3.0, "huge": 1e22, "tiny": 1e-7, "none": -0.0},
            {"whole": 3, "huge": 10**22, "none": 0},
        ),
        ({"bad": float("nan"), "worse": float("inf")}, {"bad": "nan", "worse": "inf"}),
        (
            {"nul": "a\0b", "half": "\ud800", "face": "🙂", "é": "e\u0301"},
            {"nul": "a\ufffdb", "half": "?", "face": "🙂"},
        ),
        ({1: ("a", None, True), "set": {"b", "a"}}, {"1": ["a", None, True], "set": ["a", "b"]}),
        ({"when": datetime(2026, 1, 2, 3, tzinfo=UTC), "sum": Decimal("1.50")}, {"sum": "1.50"}),
        ({"words": gettext_lazy("English"), "nested": {"deep": [{"x": 2.0}]}}, {"nested": {"deep": [{"x": 2}]}}),
    ],
)
def test_details_come_back_as_they_were_hashed(given: dict[Any, Any], kept: dict[str, Any]) -> None:
    record("a.thing", details=given)
    entry = newest()
    assert kept.items() <= entry.details.items()
    assert entry.fingerprint() == entry.hash


def test_details_are_bounded() -> None:
    assert len(plain("x" * 10_000)) == LONGEST
    assert plain(list(range(MOST + 5)))[-1] == "… 5 more"
    record("a.thing", subject="s" * 1000, details={"long": "x" * 10_000})
    assert len(newest().subject_name) == 200


def test_a_name_that_no_database_takes_is_written_all_the_same() -> None:
    record("sign_in.failed", subject="a\0\udfff" + "b" * 300)
    assert newest().subject_name.startswith("a\ufffd?b")
    assert newest().fingerprint() == newest().hash


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_moment_make_one_chain() -> None:
    together = threading.Barrier(6)

    def write(who: int) -> None:
        together.wait()
        for number in range(10):
            record("a.thing", details={"who": who, "number": number})
        connection.close()

    threads = [threading.Thread(target=write, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = list(chain.checked(Entry.objects.order_by("pk")))
    assert len(entries) == 60
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)


@pytest.mark.django_db(transaction=True)
def test_each_commit_leaves_a_witness_in_the_process_log(caplog: pytest.LogCaptureFixture, alice: User) -> None:
    caplog.set_level("INFO", "audit.log")
    record("person.suspended", actor=alice, details={"reason": "secret"})
    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    assert [line.getMessage() for line in caplog.records] == [f"Audit entry 1 person.suspended {newest().hash}"]

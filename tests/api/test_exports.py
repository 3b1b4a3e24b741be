"""Exports by the API: the same as the page's, for a key that may."""

import zipfile
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from exports.jobs import asking, work
from exports.models import ExportJob
from limits.models import Policy
from tests.api.programs import NewProgram, Program
from tests.exports.many import said

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

EXPORTS = "/v1/exports"


@pytest.fixture(autouse=True)
def no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "tell", lambda: None)


def made(program: Program, **body: Any) -> dict[str, Any]:
    answer = program.ask({"form": "jsonl", **body}, EXPORTS)
    assert answer.status == 200, answer.body
    work.make_waiting()
    told: dict[str, Any] = program.get(f"{EXPORTS}/{answer.json['id']}").json
    return told


def test_one_is_asked_for_watched_and_taken(program: NewProgram, alice: User) -> None:
    said(alice, "What is tea?", "A leaf.")
    mine = program(alice)
    waiting = mine.ask({"form": "jsonl"}, EXPORTS).json
    assert (waiting["object"], waiting["status"], waiting["bytes"]) == ("export", "waiting", 0)
    assert mine.get(f"{EXPORTS}/{waiting['id']}/file").error["code"] == "export_not_done"
    work.make_waiting()
    done = mine.get(f"{EXPORTS}/{waiting['id']}").json
    assert (done["status"], done["conversations"], done["messages"], done["error"]) == ("done", 1, 2, None)
    answer = mine.get(f"{EXPORTS}/{waiting['id']}/file")
    assert (answer.status, answer.headers["Content-Type"], len(answer.body)) == (200, "application/zip", done["bytes"])
    with zipfile.ZipFile(BytesIO(answer.body)) as read:
        assert "conversations.jsonl" in read.namelist()
    assert [one["id"] for one in mine.get(EXPORTS).json["data"]] == [waiting["id"]]


def test_an_update_has_what_changed(program: NewProgram, alice: User) -> None:
    said(alice, "Hi", "Hello")
    mine = program(alice)
    first = made(mine)
    said(alice, "New", "News")
    answer = mine.ask({"update_of": first["id"]}, EXPORTS)
    assert answer.status == 200, answer.body
    work.make_waiting()
    second = mine.get(f"{EXPORTS}/{answer.json['id']}").json
    assert (second["is_update"], second["update_of"], second["conversations"]) == (True, first["id"], 1)


def test_nobody_reaches_anothers(program: NewProgram, alice: User, bob: User) -> None:
    said(alice, "Hi", "Hello")
    hers = made(program(alice))
    his = program(bob)
    address = f"{EXPORTS}/{hers['id']}"
    for answer in (his.get(address), his.get(f"{address}/file"), his.ask({}, f"{address}/cancel")):
        assert (answer.status, answer.error["code"]) == (404, "export_not_found")
    assert his.begin(address, None, "delete").result(10).status == 404
    assert his.ask({"update_of": hers["id"]}, EXPORTS).status == 404
    assert his.get(EXPORTS).json["data"] == []
    assert ExportJob.objects.get().state == ExportJob.State.DONE


def test_a_key_needs_the_scope_and_its_person_the_policy(program: NewProgram, alice: User) -> None:
    answer = program(alice, scopes=["chat", "models"]).get(EXPORTS)
    assert (answer.status, answer.error["code"]) == (403, "scope_missing")
    mine = program(alice)
    Policy.objects.create(user=alice, may_use_api=False)
    answer = mine.get(EXPORTS)
    assert (answer.status, answer.error["code"]) == (403, "api_not_allowed")


def test_cancel_and_delete(program: NewProgram, alice: User) -> None:
    mine = program(alice)
    waiting = mine.ask({"form": "csv"}, EXPORTS).json
    assert mine.ask({}, f"{EXPORTS}/{waiting['id']}/cancel").json["status"] == "cancelled"
    deleted = mine.begin(f"{EXPORTS}/{waiting['id']}", None, "delete").result(10)
    assert deleted.json == {"id": waiting["id"], "object": "export", "deleted": True}
    assert not ExportJob.objects.exists()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "form"),
        ({"form": "exe"}, "form"),
        ({"form": "jsonl", "people": "bob"}, "people"),
        ({"form": "jsonl", "whole": "yes"}, "whole"),
        ({"form": "jsonl", "size": "100"}, "size"),
        ({"form": "jsonl", "size": True}, "size"),
        ({"form": "jsonl", "rating": True}, "rating"),
        ({"form": "jsonl", "since": "soon"}, "since"),
        ({"form": "jsonl", "folder": "Bob's"}, "folder"),
        ({"form": "jsonl", "query": "a\x00b"}, "query"),
        ({"update_of": "first"}, "update_of"),
        ({"update_of": str(uuid4()), "form": "jsonl"}, "update_of"),
    ],
)
def test_what_is_wrong_is_named(program: NewProgram, alice: User, body: dict[str, Any], param: str) -> None:
    answer = program(alice).ask(body, EXPORTS)
    assert (answer.status, answer.error["param"]) == (400, param)
    assert not ExportJob.objects.exists()


def test_so_many_wait_and_no_more(program: NewProgram, alice: User) -> None:
    mine = program(alice)
    statuses = [mine.ask({"form": "jsonl"}, EXPORTS).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_each_address_says_what_it_takes(program: NewProgram, alice: User) -> None:
    answer = program(alice).begin(EXPORTS, None, "delete").result(10)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")

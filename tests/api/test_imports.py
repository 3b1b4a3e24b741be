"""Imports by the API: the same as the page's, for a key that may."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from accounts.models import User
from conversations.models import Conversation
from exports import tasks
from exports.imports import jobs
from exports.imports.rows import folder
from exports.models import Import
from limits.models import Policy
from tests.api.programs import Answer, NewProgram, Program
from tests.exports.imports import samples

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

IMPORTS = "/v1/imports"
EDGE = "a-boundary"
FORM = f"multipart/form-data; boundary={EDGE}"
GOOD = samples.dumped(samples.chatgpt(), {"title": "odd"})


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> list[str]:
    """How often a worker was called for; files are kept in a folder of the test's own."""
    settings.DATA_DIR = tmp_path
    calls: list[str] = []
    monkeypatch.setattr(tasks.read_imports, "delay", lambda: calls.append("read"))
    return calls


def form(*parts: tuple[str, bytes], file: bytes | None = GOOD, name: str = "conversations.json") -> bytes:
    """As a client sends it."""
    lines = [(f'form-data; name="{field}"', value) for field, value in parts]
    if file is not None:
        lines.append((f'form-data; name="file"; filename="{name}"\r\nContent-Type: application/json', file))
    body = b"".join(b"--%s\r\nContent-Disposition: %s\r\n\r\n%s\r\n" % (EDGE.encode(), about.encode(), value)
                    for about, value in lines)  # fmt: skip
    return body + b"--%s--\r\n" % EDGE.encode()


def bring(program: Program, *parts: tuple[str, bytes], **more: Any) -> Answer:
    headers = {"Content-Type": FORM, **more.pop("headers", {})}
    return program.ask(form(*parts, **more), IMPORTS, **headers)


def state(program: Program, told: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = program.get(f"{IMPORTS}/{told['id']}").json
    return found


def test_a_file_is_looked_at_first_and_imported_when_its_person_says_so(
    program: NewProgram, alice: User, called: list[str]
) -> None:
    mine = program(alice)
    waiting = bring(mine).json
    assert (waiting["object"], waiting["status"], waiting["dry_run"]) == ("import", "waiting", True)
    assert (waiting["file"], waiting["bytes"], waiting["report"]) == ("conversations.json", len(GOOD), None)
    assert mine.ask({}, f"{IMPORTS}/{waiting['id']}/begin").error["code"] == "import_not_ready"
    jobs.read_waiting()
    found = state(mine, waiting)
    assert (found["status"], found["report"]["new"], found["report"]["skipped"]) == ("ready", 1, 1)
    (skipped,) = found["report"]["first_skipped"]
    assert (skipped["number"], skipped["code"], skipped["title"]) == (2, "unknown", "odd")
    assert skipped["message"] == "Not a conversation of a program that is known here."
    assert not Conversation.objects.exists(), "it was a dry run"
    for _ in range(2):
        begun = mine.ask({}, f"{IMPORTS}/{waiting['id']}/begin").json
        assert (begun["status"], begun["dry_run"]) == ("waiting", False)
    jobs.read_waiting()
    assert state(mine, waiting)["status"] == "done"
    assert Conversation.objects.visible_to(alice).count() == 1
    assert [one["id"] for one in mine.get(IMPORTS).json["data"]] == [waiting["id"]]
    assert called == ["read"] * 2
    assert list(folder().iterdir()) == []


def test_without_a_dry_run_it_is_imported_at_once_and_never_twice(program: NewProgram, alice: User) -> None:
    mine = program(alice)
    for new, unchanged in ((1, 0), (0, 1)):
        told = bring(mine, ("dry_run", b"False"), ("source", b"chatgpt")).json
        assert (told["dry_run"], told["source"]) == (False, "chatgpt")
        jobs.read_waiting()
        report = state(mine, told)["report"]
        assert (report["new"], report["unchanged"]) == (new, unchanged)
    assert Conversation.objects.count() == 1


def test_the_same_file_sent_again_under_a_key_is_the_same_import(program: NewProgram, alice: User, bob: User) -> None:
    mine, key = program(alice), {"Idempotency-Key": "Monday"}
    first = bring(mine, headers=key).json
    assert bring(mine, headers=key).json["id"] == first["id"]
    jobs.read_waiting()
    assert bring(mine, headers=key).json["status"] == "ready"
    assert Import.objects.count() == 1
    assert bring(program(bob), headers=key).json["id"] != first["id"]
    assert bring(mine, file=samples.dumped(samples.librechat()), headers=key).json["id"] != first["id"]
    assert bring(mine, headers={"Idempotency-Key": "x" * 256}).status == 400


def test_one_file_at_a_time(program: NewProgram, alice: User) -> None:
    mine = program(alice)
    assert bring(mine).status == 200
    answer = bring(mine)
    assert (answer.status, answer.error["code"]) == (409, "conflict")
    assert len(list(folder().iterdir())) == 1


def test_nobody_reaches_anothers(program: NewProgram, alice: User, bob: User) -> None:
    hers = bring(program(alice)).json
    his, address = program(bob), f"{IMPORTS}/{hers['id']}"
    for answer in (his.get(address), his.ask({}, f"{address}/begin"), his.ask({}, f"{address}/cancel")):
        assert (answer.status, answer.error["code"]) == (404, "import_not_found")
    assert his.get(IMPORTS).json["data"] == []
    jobs.read_waiting()
    assert Import.objects.get().state == "ready"


def test_a_key_needs_the_scope_and_its_person_the_policy(program: NewProgram, alice: User) -> None:
    answer = bring(program(alice, scopes=["chat", "models", "exports"]))
    assert (answer.status, answer.error["code"]) == (403, "scope_missing")
    mine = program(alice)
    Policy.objects.create(user=alice, may_use_api=False)
    assert bring(mine).error["code"] == "api_not_allowed"
    assert not Import.objects.exists()


def test_cancel(program: NewProgram, alice: User) -> None:
    mine = program(alice)
    told = bring(mine).json
    assert mine.ask({}, f"{IMPORTS}/{told['id']}/cancel").json["status"] == "cancelled"
    assert list(folder().iterdir()) == []
    assert mine.ask({}, f"{IMPORTS}/{told['id']}/begin").error["code"] == "import_not_ready"


@pytest.mark.parametrize(
    ("parts", "file", "param"),
    [
        ([], None, "file"),
        ([("file", b"{}")], None, "file"),
        ([("source", b"gemini")], GOOD, "source"),
        ([("dry_run", b"perhaps")], GOOD, "dry_run"),
        ([("dry_run", b"true"), ("dry_run", b"false")], GOOD, "dry_run"),
        ([("people", b"bob")], GOOD, "people"),
    ],
)
def test_what_is_wrong_is_named(
    program: NewProgram, alice: User, parts: list[tuple[str, bytes]], file: bytes | None, param: str
) -> None:
    answer = bring(program(alice), *parts, file=file)
    assert (answer.status, answer.error["param"]) == (400, param)
    assert not Import.objects.exists()


def test_what_is_no_form_is_said(program: NewProgram, alice: User) -> None:
    mine = program(alice)
    assert mine.ask({"dry_run": True}, IMPORTS).status == 415
    broken = mine.ask(b"nothing", IMPORTS, **{"Content-Type": "multipart/form-data"})
    assert (broken.status, broken.error["code"]) == (400, "invalid_form")
    assert mine.get(f"{IMPORTS}/{uuid4()}").status == 404
    answer = mine.begin(IMPORTS, None, "delete").result(10)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")


def test_a_file_that_is_too_large_is_refused(program: NewProgram, alice: User) -> None:
    with override_settings(IMPORT_MB=0):
        answer = bring(program(alice))
    assert (answer.status, answer.error["code"], answer.error["param"]) == (413, "file_too_large", "file")
    assert list(folder().iterdir()) == []


@pytest.fixture
def write(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A disk that is full."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(jobs, "_write", full)
    return full


@pytest.mark.usefixtures("write")
def test_a_full_disk_is_told(program: NewProgram, alice: User) -> None:
    answer = bring(program(alice))
    assert (answer.status, answer.error["code"]) == (503, "unavailable")

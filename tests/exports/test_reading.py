"""Conversations as records: complete, with few queries, and in the same bytes each time."""

import json
import random
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from accounts.models import User
from conversations.models import Conversation, Folder, Message, Rating, Tag
from conversations.tree import branch
from exports import canonical, reading
from exports.outgoing import Outgoing, Whose
from exports.records import Finding, Record
from moderation.models import Incident
from tests.exports.talks import SCHEMA, conversation

pytestmark = pytest.mark.django_db


def read(user: User, outgoing: Outgoing | None = None, *, named: bool = False) -> list[Record]:
    return list(reading.records(user, Conversation.objects.all(), named=named, outgoing=outgoing))


def test_a_record_has_all_that_is_known_of_it(alice: User) -> None:
    talk = conversation(alice, title="Queues", instructions="Be brief.", temperature=0.5)
    asked, reply = talk.messages.all()
    talk.folder = Folder.objects.create(owner=alice, name="Work")
    talk.save()
    talk.tags.add(Tag.objects.create(owner=alice, name="red"), Tag.objects.create(owner=alice, name="blue"))
    Rating.objects.create(reply=reply, value=-1, reasons=["wrong"], note="No.")
    Message.objects.filter(pk=reply.pk).update(engine="vllm 0.32.0", options={"top_p": 0.5}, continues=asked)
    Incident.objects.create(
        message=reply.pk, conversation=talk.pk, rule=7, rule_name="Falcon", action="mask", where="reply"
    )
    (record,) = read(alice)
    assert (record.id, record.title, record.owner, record.folder) == (talk.pk, "Queues", "alice", "Work")
    assert (record.tags, record.instructions, record.parameters["temperature"]) == (("blue", "red"), "Be brief.", 0.5)
    assert (record.tip, record.created_at) == (reply.pk, talk.created_at)
    first, second = record.messages
    assert (first.id, first.role, first.text, first.parent) == (asked.pk, "user", asked.text, None)
    assert (second.parent, second.continues, second.engine, second.options) == (
        *(asked.pk, asked.pk, "vllm 0.32.0", {"top_p": 0.5}),
    )
    assert second.rating is not None
    assert (second.rating.value, second.rating.reasons, second.rating.comment) == (-1, ("wrong",), "No.")
    assert second.moderation == (Finding("rule-7", "mask"),), "without its name, which may say the word"


def test_what_a_rule_only_tried_and_what_was_reported_are_not_findings(alice: User) -> None:
    talk = conversation(alice)
    reply = talk.messages.last()
    assert reply is not None
    Incident.objects.create(message=reply.pk, conversation=talk.pk, rule=7, action="mask", where="reply", dry_run=True)
    Incident.objects.create(message=reply.pk, conversation=talk.pk, where="report", reason="wrong", user=alice)
    for start in (1, 9):
        Incident.objects.create(
            message=reply.pk, conversation=talk.pk, rule=8, action="flag", where="reply", start=start
        )
    assert read(alice)[0].messages[1].moderation == (Finding("rule-8", "flag"),)


def test_others_have_a_pseudonym_unless_they_are_to_be_named(grace: User, bob: User, settings: Any) -> None:
    settings.ADMINS_READ = True
    everyone = Outgoing.of(grace, Whose.EVERYONE)
    conversation(grace)
    conversation(bob)
    conversation(bob)
    owners = [record.owner for record in read(grace, everyone)]
    assert sorted(owners) == sorted(["grace", reading.pseudonym(bob.pk), reading.pseudonym(bob.pk)])
    assert reading.pseudonym(bob.pk).startswith("person-")
    assert reading.pseudonym(bob.pk) != reading.pseudonym(grace.pk)
    assert {record.owner for record in read(grace, everyone, named=True)} == {"grace", "bob"}


def test_the_same_rows_give_the_same_bytes(alice: User) -> None:
    for number in range(5):
        conversation(alice, title=f"Talk {number} 你好")
    first, again = ("".join(map(canonical.line, read(alice))) for _ in range(2))
    assert first == again
    assert first.count("\n") == 5
    assert "你好" in first
    assert [json.loads(line) for line in first.splitlines()] == [
        json.loads(canonical.page(record)) for record in read(alice)
    ]


def test_what_is_written_is_as_the_schema_says(alice: User) -> None:
    talk = conversation(alice, pinned_at="2026-11-26T09:00:00Z")
    Rating.objects.create(reply=talk.messages.latest("position"), value=1)
    written = json.loads(canonical.page(read(alice)[0]))
    validator = Draft202012Validator(SCHEMA)
    validator.validate(written)
    assert written["pinned_at"] == "2026-11-26T09:00:00.000000Z"
    del written["messages"][0]["sha256"]
    written["messages"][1]["role"] = "robot"
    assert {error.validator for error in validator.iter_errors(written)} == {"required", "enum"}


def test_many_cost_as_many_queries_as_one(alice: User) -> None:
    conversation(alice)
    read(alice)  # whatever is asked for once in a process is known
    with CaptureQueriesContext(connection) as few:
        read(alice)
    for _ in range(20):
        conversation(alice)
    with CaptureQueriesContext(connection) as many:
        assert len(read(alice)) == 21
    assert len(many) == len(few)


def test_a_batch_is_read_in_parts_that_fit_memory(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CONVERSATIONS", 3)
    monkeypatch.setattr(reading, "MESSAGES", 4)
    made = {conversation(alice).pk for _ in range(7)}
    found = read(alice)
    assert [record.id for record in found] == sorted(made, key=lambda pk: pk.hex)
    assert [len(record.messages) for record in found] == [2] * 7


def test_a_branch_is_the_one_that_the_page_shows(alice: User) -> None:
    """Random trees, read by ``conversations.tree`` and by a record."""
    chance = random.Random(7)  # noqa: S311
    for _ in range(12):
        talk = conversation(alice)
        rows = list(talk.messages.order_by("position"))
        for position in range(2, 12):
            row = Message(id=uuid4(), conversation=talk, position=position, role="user", parent=chance.choice(rows))
            row.save()
            rows.append(row)
        Conversation.objects.filter(pk=talk.pk).update(tip=chance.choice(rows), length=12)
        talk.refresh_from_db()
        (record,) = reading.records(alice, Conversation.objects.filter(pk=talk.pk))
        tip = chance.choice([None, chance.choice(rows).pk])
        assert [item.id for item in record.branch(tip)] == [row.pk for row in branch(talk, tip)]

"""The way out: who may take what, what is taken out of it, and that there is no way round."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group
from jsonschema import Draft202012Validator

from accounts.models import User
from audit import holds
from console import roles
from console.roles import Role
from conversations import branches
from conversations.models import Conversation, Folder, Message, Nomination, Rating
from conversations.models.nomination import Judgement
from conversations.nominating import nominate
from conversations.refusals import Refused
from exports import canonical, reading, reviewing
from exports.outgoing import Outgoing, Whose
from exports.records import Record
from limits.models import Policy
from moderation.models import Rule
from tests.exports.talks import SCHEMA, conversation

pytestmark = pytest.mark.django_db
CONTACT = "Call +49 30 901820 or write to carol@example.org."
WITHOUT = "Call [phone] or write to [e-mail]."


def leaves(user: User, whose: Whose = Whose.OWN, *, approved: bool = False) -> list[Record]:
    outgoing = Outgoing.of(user, whose, approved=approved)
    return list(reading.records(user, outgoing.conversations(), outgoing=outgoing))


def everything(record: Record) -> str:
    return canonical.line(record)


def reviewed(talk: Conversation, by: User, text: str | None = None, state: Judgement = Judgement.APPROVED) -> None:
    """The last reply was marked by its owner, and decided."""
    reply = talk.messages.filter(role="assistant").latest("position")
    nominate(talk.owner, reply.pk)
    one = Nomination.objects.get(reply=reply)
    reviewing.decide(by, one.pk, reviewing.Verdict(state, 0, text or reply.text, "Wrong."))


@pytest.fixture
def rita(bob: User) -> User:
    """Bob, who is a reviewer now."""
    roles.give(bob, Role.REVIEWER, by=None)
    return User.objects.get(pk=bob.pk)


# --- Who may ---------------------------------------------------------------------------------------------------------


def test_everybody_may_export_their_own_and_nothing_else(alice: User, bob: User) -> None:
    mine, _his = conversation(alice), conversation(bob)
    assert [record.id for record in leaves(alice)] == [mine.pk]
    assert [record.id for record in reading.records(alice, Conversation.objects.all())] == [mine.pk]


@pytest.mark.parametrize("of_group", [True, False])
def test_a_policy_may_forbid_it(alice: User, *, of_group: bool) -> None:
    group = Group.objects.create(name="guests")
    alice.groups.add(group)
    Policy.objects.create(may_export=False, **({"group": group} if of_group else {"user": alice}))
    with pytest.raises(Refused, match="may_not_export"):
        Outgoing.of(alice)
    with pytest.raises(Refused, match="may_not_export"):
        next(reading.records(alice, Conversation.objects.all()))


def test_who_is_switched_off_exports_nothing(alice: User) -> None:
    alice.is_active = False
    with pytest.raises(Refused, match="may_not_export"):
        Outgoing.of(alice)


def test_what_others_wrote_needs_the_right_to_read_it(
    alice: User, rita: User, grace: User, mallory: User, settings: Any
) -> None:
    conversation(alice)
    for person in (alice, rita, mallory, grace):
        with pytest.raises(Refused, match="may_not_export_others"):
            Outgoing.of(person, Whose.EVERYONE)
    settings.ADMINS_READ = True
    for person in (alice, rita, mallory):
        with pytest.raises(Refused, match="may_not_export_others"):
            Outgoing.of(person, Whose.EVERYONE)
    assert len(leaves(grace, Whose.EVERYONE)) == 1
    Policy.objects.create(user=grace, may_export=False)
    with pytest.raises(Refused, match="may_not_export"):
        Outgoing.of(grace, Whose.EVERYONE)


def test_what_was_approved_of_everybody_is_for_reviewers(alice: User, mallory: User, rita: User) -> None:
    reviewed(conversation(alice), rita)
    for person in (alice, mallory):
        with pytest.raises(Refused, match="may_not_export_others"):
            Outgoing.of(person, Whose.APPROVED)
    assert len(leaves(rita, Whose.APPROVED)) == 1


def test_conversations_of_programs_never_leave(alice: User, grace: User, settings: Any) -> None:
    settings.ADMINS_READ = True
    conversation(alice, kind="api")
    assert leaves(alice) == leaves(grace, Whose.EVERYONE) == []


# --- Approved --------------------------------------------------------------------------------------------------------


def test_of_an_approved_exchange_that_and_nothing_else_of_the_conversation(alice: User, rita: User) -> None:
    folder = Folder.objects.create(owner=alice, name="Divorce")
    talk = conversation(alice, title="My divorce", instructions="I am Alice.", folder=folder)
    first = talk.messages.latest("position")
    asked = Message.objects.create(conversation=talk, position=2, role="user", parent=first, text="Is  water\nwet?")
    wet = Message.objects.create(
        conversation=talk, position=3, role="assistant", parent=asked, text="Yes.", reasoning="Hm?",
        options={"effort": "high", "instructions": "I am Alice."}, instructions_sha256="a" * 64,
    )  # fmt: skip
    Rating.objects.create(reply=wet, value=1, note="I told my lawyer.")
    reviewed(talk, rita)
    (record,) = leaves(rita, Whose.APPROVED)
    assert [(item.text, item.reasoning, item.parent) for item in record.messages] == [
        ("Is  water\nwet?", "", None), ("Yes.", "", asked.pk),
    ]  # fmt: skip
    assert (record.title, record.folder, record.tags, record.instructions) == ("Is water wet?", None, (), "")
    assert record.messages[1].options == {"effort": "high"}
    assert [item.id for item in record.branch()] == [asked.pk, wet.pk]
    for word in ("ivorce", "Alice", "alice", "lawyer", "queue"):
        assert word not in everything(record)


def test_one_s_own_approved_replies_keep_what_is_around_them(alice: User, rita: User) -> None:
    talk = conversation(alice, title="Queues")
    conversation(alice)
    reviewed(talk, rita)
    (record,) = leaves(alice, approved=True)
    assert (record.title, record.owner, len(record.messages)) == ("Queues", "alice", 2)
    assert record.messages[1].reasoning == "Hm."


def test_the_edited_text_leaves_and_the_original_beside_it(alice: User, rita: User) -> None:
    talk = conversation(alice, said="It is Lyon.")
    reviewed(talk, rita, "It is Paris.")
    whole, approved = (leaves(alice, approved=approved)[0].messages[1] for approved in (False, True))
    assert whole.review is not None
    assert (whole.text, whole.review.text, whole.review.original) == ("It is Lyon.", "It is Paris.", None)
    assert approved.review is not None
    assert (approved.text, approved.review.original) == ("It is Paris.", "It is Lyon.")
    assert approved.sha256 != whole.sha256
    assert approved.review.by == reading.pseudonym(rita.pk)
    assert approved.review.state == "approved"


def test_what_is_kept_for_a_legal_hold_alone_is_no_knowledge(alice: User, grace: User, rita: User) -> None:
    talk = conversation(alice)
    reviewed(talk, rita)
    (record,) = leaves(rita, Whose.APPROVED)
    assert reviewing.queue(rita).get().pk
    holds.put_on(alice, "A court asked for it", grace)
    branches.erase(alice, record.messages[1].id)
    assert leaves(rita, Whose.APPROVED) == []
    assert not reviewing.queue(rita).exists()
    assert Nomination.objects.exists()


def test_what_waits_was_declined_or_is_in_the_trash_is_not_approved(alice: User, rita: User) -> None:
    reviewed(conversation(alice), rita, state=Judgement.DECLINED)
    nominate(alice, conversation(alice).messages.latest("position").pk)
    reviewed(conversation(alice, trashed_at=None), rita)
    trashed = Conversation.objects.filter(messages__nomination__state="approved")
    assert len(leaves(rita, Whose.APPROVED)) == len(leaves(alice, approved=True)) == 1
    trashed.update(trashed_at="2026-01-01T00:00Z")
    assert leaves(rita, Whose.APPROVED) == leaves(alice, approved=True) == []


def test_approved_exchanges_of_one_conversation_hang_together(alice: User, rita: User) -> None:
    talk = conversation(alice)
    reviewed(talk, rita)
    last = talk.messages.latest("position")
    for position in range(2, 6):
        role = "assistant" if position % 2 else "user"
        last = Message.objects.create(conversation=talk, position=position, role=role, parent=last, text=f"m{position}")
    reviewed(talk, rita)
    (record,) = leaves(rita, Whose.APPROVED)
    assert [item.position for item in record.branch()] == [0, 1, 4, 5]


# --- What is taken out ------------------------------------------------------------------------------------------------


def test_their_own_addresses_and_numbers_leave_unless_policy_says_no(alice: User) -> None:
    conversation(alice, asked=CONTACT)
    (record,) = leaves(alice)
    assert (record.messages[0].text, record.redactions) == (CONTACT, {})
    policy = Policy.objects.create(redact_emails=True)
    assert leaves(alice)[0].redactions == {"emails": 1}
    policy.redact_phones = True
    policy.save()
    (record,) = leaves(alice)
    assert (record.messages[0].text, record.redactions) == (WITHOUT, {"emails": 1, "phones": 1})


def test_of_two_groups_the_generous_one_counts(alice: User) -> None:
    for name, redact in (("strict", True), ("free", False)):
        group = Group.objects.create(name=name)
        alice.groups.add(group)
        Policy.objects.create(group=group, redact_emails=redact, may_export_reasoning=not redact)
    conversation(alice, asked=CONTACT)
    (record,) = leaves(alice)
    assert (record.messages[0].text, record.messages[1].reasoning) == (CONTACT, "Hm.")


def test_from_what_others_wrote_they_are_always_taken(alice: User, grace: User, rita: User, settings: Any) -> None:
    settings.ADMINS_READ = True
    talk = conversation(alice, asked=CONTACT, title="carol@example.org")
    reviewed(talk, rita, f"Edited. {CONTACT}")
    for user, whose in ((grace, Whose.EVERYONE), (rita, Whose.APPROVED)):
        (record,) = leaves(user, whose)
        assert record.messages[0].text == WITHOUT
        assert "carol" not in everything(record)
        assert "901820" not in everything(record)


FIELDS: dict[str, Callable[[Conversation], Any]] = {
    "title": lambda talk: Conversation.objects.filter(pk=talk.pk).update(title=CONTACT),
    "instructions": lambda talk: Conversation.objects.filter(pk=talk.pk).update(instructions=CONTACT),
    "question": lambda talk: talk.messages.filter(role="user").update(text=CONTACT),
    "reply": lambda talk: talk.messages.filter(role="assistant").update(text=CONTACT),
    "reasoning": lambda talk: talk.messages.filter(role="assistant").update(reasoning=CONTACT),
    "options": lambda talk: talk.messages.filter(role="assistant").update(options={"a": [{"b": CONTACT}]}),
    "folder": lambda talk: Folder.objects.filter(owner=talk.owner).update(name=CONTACT),
    "tag": lambda talk: talk.tags.create(owner=talk.owner, name=CONTACT[-20:]),
    "note": lambda talk: Rating.objects.create(reply=talk.messages.latest("position"), value=-1, note=CONTACT),
    "edit": lambda talk: reviewed(talk, User.objects.get(username="grace"), CONTACT),
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_nothing_that_somebody_wrote_is_forgotten(alice: User, grace: User, field: str) -> None:
    Policy.objects.create(redact_emails=True, redact_phones=True)
    talk = conversation(alice, folder=Folder.objects.create(owner=alice, name="Work"))
    FIELDS[field](talk)
    (record,) = leaves(alice)
    written = everything(record)
    assert "[e-mail]" in written
    assert "carol" not in written
    assert "901820" not in written
    Draft202012Validator(SCHEMA).validate(json.loads(written))
    if field == "edit":
        (record,) = leaves(alice, approved=True)
        assert (record.messages[1].text, "carol" in everything(record)) == (WITHOUT, False)


def test_a_hash_is_of_what_leaves(alice: User) -> None:
    """Else a number could be tried until the hash is right."""
    Policy.objects.create(redact_phones=True)
    talk = conversation(alice, asked=CONTACT, instructions=CONTACT)
    talk.messages.update(instructions_sha256=hashlib.sha256(CONTACT.encode()).hexdigest())
    (record,) = leaves(alice)
    said = {"reasoning": "", "role": "user", "text": record.messages[0].text}
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record.messages[0].sha256 == hashlib.sha256(plain.encode()).hexdigest()
    assert {item.instructions_sha256 for item in record.messages} == {""}


def test_rules_hold_as_they_are_now(alice: User, bob: User) -> None:
    group = Group.objects.create(name="sales")
    alice.groups.add(group)
    conversation(alice, asked="About falcon and more", said="The falcon flies. Owls too.", title="Falcon")
    conversation(bob, asked="falcon")
    rule = Rule.objects.create(name="Project", words="falcon", action="mask", dry_run=False)
    rule.groups.add(group)
    rule.save()
    (record,) = leaves(alice)
    assert (record.title, record.messages[0].text) == ("[removed]", "About [removed] and more")
    assert record.messages[1].text == "The [removed] flies. Owls too."
    assert record.redactions == {"removed": 3}
    assert leaves(bob)[0].messages[0].text == "falcon"


@pytest.mark.parametrize(
    ("change", "question", "reply"),
    [
        ({"action": "block"}, "About [removed]", "The [removed]"),
        ({"action": "flag"}, "About falcon and more", "The falcon flies."),
        ({"dry_run": True}, "About falcon and more", "The falcon flies."),
        ({"enabled": False}, "About falcon and more", "The falcon flies."),
        ({"scope": "prompt"}, "About [removed] and more", "The falcon flies."),
        ({"scope": "reply"}, "About falcon and more", "The [removed] flies."),
    ],
)
def test_what_a_rule_does_it_does_to_what_it_looks_at(alice: User, change: Any, question: str, reply: str) -> None:
    conversation(alice, asked="About falcon and more", said="The falcon flies.")
    Rule.objects.create(**{"name": "Project", "words": "falcon", "action": "mask", "dry_run": False, **change})
    assert [item.text for item in leaves(alice)[0].messages] == [question, reply]


def test_reasoning_stays_where_policy_says_so(alice: User) -> None:
    conversation(alice)
    with_it = leaves(alice)[0].messages[1]
    Policy.objects.create(may_export_reasoning=False)
    assert not Outgoing.of(alice).reasoning
    without = leaves(alice)[0].messages[1]
    assert (with_it.reasoning, without.reasoning) == ("Hm.", "")
    assert with_it.sha256 != without.sha256


def test_no_policy_keeps_a_person_from_a_copy_of_all_they_have(alice: User, bob: User) -> None:
    Policy.objects.create(may_export=False, may_export_reasoning=False, redact_emails=True, redact_phones=True)
    talk, _his = conversation(alice, asked=CONTACT), conversation(bob)
    (record,) = reading.records(alice, Conversation.objects.all(), outgoing=Outgoing.of_belongings(alice))
    assert (record.id, record.messages[0].text, record.messages[1].reasoning) == (talk.pk, CONTACT, "Hm.")
    Rule.objects.create(name="Project", words="Call", action="mask", dry_run=False)
    (record,) = reading.records(alice, Conversation.objects.all(), outgoing=Outgoing.of_belongings(alice))
    assert record.messages[0].text.startswith("[removed] +49")


def test_a_policy_that_changes_holds_for_what_leaves_next(alice: User) -> None:
    conversation(alice, asked=CONTACT)
    policy = Policy.objects.create(redact_emails=False)
    assert "carol" in everything(leaves(alice)[0])
    policy.redact_emails = True
    policy.save()
    assert "carol" not in everything(leaves(alice)[0])

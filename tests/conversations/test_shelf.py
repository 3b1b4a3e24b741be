"""The shelf: titles, pins, archive, trash, folders and tags, for all of what is named or for nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from conversations import shelf
from conversations.models import Conversation, Folder, Message, Tag
from conversations.refusals import Refused
from conversations.replies import queue
from conversations.services import Draft, Sent, send
from conversations.shelf import names
from inference.model import Model
from limits.models import Usage
from moderation.models import Incident, Rule
from tests.conversations.talk import reply_of, say, settle
from tests.races import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def talks(user: User, many: int = 2) -> list[Conversation]:
    made = [say(user, f"Number {number}") for number in range(many)]
    for one in made:
        settle(one)
    return [one.conversation for one in made]


def ids(*conversations: Conversation) -> frozenset[Any]:
    return frozenset(one.pk for one in conversations)


def now(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def refusal(act: Callable[[], Any]) -> Refused:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


# --- Titles -----------------------------------------------------------------------------------------------------------


def test_a_title_is_what_the_person_wrote(alice: User) -> None:
    (talk,) = talks(alice, 1)
    before = now(talk).updated_at
    done = shelf.rename(alice, talk.pk, "  Plans\n for \x00 spring  ")
    assert done.now == {"title": "Plans for \ufffd spring"}
    assert (now(talk).title, now(talk).titled_by) == ("Plans for \ufffd spring", "person")
    assert now(talk).updated_at == before, "a title is no news: it stays where it is in the list"


@pytest.mark.parametrize(("title", "code", "allowed"), [(" \n ", "empty", None), ("x" * 201, "too_long", 200)])
def test_a_title_that_cannot_be_is_refused(alice: User, title: str, code: str, allowed: int | None) -> None:
    (talk,) = talks(alice, 1)
    no = refusal(lambda: shelf.rename(alice, talk.pk, title))
    assert (no.code, no.allowed) == (code, allowed)
    assert now(talk).title == "Number 0"


def test_the_rules_read_a_title_as_they_read_a_message(alice: User) -> None:
    Rule.objects.create(name="No jam", words="marmalade", action="block", enabled=True, dry_run=False)
    Rule.objects.create(name="Quiet", words="honey", action="mask", enabled=True, dry_run=False)
    (talk,) = talks(alice, 1)
    no = refusal(lambda: shelf.rename(alice, talk.pk, "On marmalade"))
    assert no.code == "blocked"
    assert Incident.objects.filter(pk=no.more["incident"], conversation=talk.pk).exists()
    assert now(talk).title == "Number 0"
    assert "honey" not in shelf.rename(alice, talk.pk, "On honey").now["title"]
    assert "honey" not in now(talk).title


# --- Pins and archive -------------------------------------------------------------------------------------------------


def test_pinned_is_listed_and_not_archived(alice: User) -> None:
    one, two = talks(alice)
    shelf.archive(alice, ids(one, two))
    shelf.pin(alice, ids(one))
    assert now(one).pinned_at
    assert now(one).archived_at is None
    assert now(two).archived_at
    since = now(one).pinned_at
    shelf.pin(alice, ids(one))
    assert now(one).pinned_at == since, "said again, it changes nothing"
    shelf.archive(alice, ids(one))
    assert (now(one).pinned_at, bool(now(one).archived_at)) == (None, True)
    shelf.unarchive(alice, ids(one, two))
    assert not Conversation.objects.filter(archived_at__isnull=False).exists()


def test_only_so_many_can_be_pinned(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "MOST_PINNED", 2)
    one, two, three = talks(alice, 3)
    shelf.pin(bob, ids(*talks(bob)))
    no = refusal(lambda: shelf.pin(alice, ids(one, two, three)))
    assert (no.code, no.allowed) == ("too_many_pinned", 2)
    assert "2" in str(no.detail)
    assert not Conversation.objects.filter(owner=alice, pinned_at__isnull=False).exists()
    shelf.pin(alice, ids(one, two))
    shelf.pin(alice, ids(one, two))
    shelf.unpin(alice, ids(one))
    shelf.pin(alice, ids(three))


def test_a_new_message_brings_it_back_from_the_archive(alice: User) -> None:
    (talk,) = talks(alice, 1)
    shelf.archive(alice, ids(talk))
    say(alice, "And another thing", talk)
    assert now(talk).archived_at is None


# --- All or nothing ---------------------------------------------------------------------------------------------------

VERBS: dict[str, Callable[[User, Any], Any]] = {
    "pin": shelf.pin,
    "unpin": shelf.unpin,
    "archive": shelf.archive,
    "unarchive": shelf.unarchive,
    "trash": shelf.trash,
    "restore": shelf.restore,
    "delete": shelf.delete,
    "move": lambda user, these: shelf.move(user, these, None),
    "tag": lambda user, these: shelf.tag(user, these, []),
    "untag": lambda user, these: shelf.untag(user, these, []),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_not_all_ones_own_is_not_found(alice: User, bob: User, grace: User, *, verb: str) -> None:
    hers, his = talks(alice, 1)[0], talks(bob, 1)[0]
    shelf.trash(bob, ids(his))
    shelf.trash(alice, ids(hers))
    before = list(Conversation.objects.order_by("pk").values())
    unknown = frozenset({his.pk, uuid4()})
    for person, these in ((bob, ids(hers, his)), (bob, ids(hers)), (bob, unknown), (grace, ids(hers))):
        with pytest.raises(Conversation.DoesNotExist):
            VERBS[verb](person, these)
    assert list(Conversation.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("verb", ["pin", "unpin", "archive", "unarchive", "move", "tag", "untag"])
def test_what_is_in_the_trash_stays_as_it_is(alice: User, *, verb: str) -> None:
    one, two = talks(alice)
    shelf.trash(alice, ids(one))
    before = list(Conversation.objects.order_by("pk").values())
    assert refusal(lambda: VERBS[verb](alice, ids(one, two))).code == "trashed"
    assert refusal(lambda: shelf.rename(alice, one.pk, "New")).code == "trashed"
    assert list(Conversation.objects.order_by("pk").values()) == before


# --- Trash ------------------------------------------------------------------------------------------------------------


def test_trash_and_back(alice: User) -> None:
    one, two = talks(alice)
    shelf.pin(alice, ids(one))
    done = shelf.trash(alice, ids(one, two))
    assert (done.now["trashed"], done.stopping) == (True, ())
    since = now(one).trashed_at
    assert since
    assert now(one).pinned_at is None
    shelf.trash(alice, ids(one))
    assert now(one).trashed_at == since, "its days are counted from the first time"
    shelf.restore(alice, ids(one, two))
    assert not Conversation.objects.filter(trashed_at__isnull=False).exists()
    assert Message.objects.count() == 4


def test_nothing_is_sent_to_the_trash(alice: User) -> None:
    (talk,) = talks(alice, 1)
    first = Draft(uuid4(), "Before", talk.pk)
    sent = send(alice, first)
    settle(sent)
    shelf.trash(alice, ids(talk))
    assert refusal(lambda: say(alice, "After", talk)).code == "trashed"
    assert talk.messages.count() == 4
    assert send(alice, first).reply == sent.reply, "what was saved before is told again"
    shelf.restore(alice, ids(talk))
    say(alice, "After", talk)


def test_what_waits_is_stopped_and_costs_nothing(alice: User) -> None:
    sent = say(alice)
    assert shelf.trash(alice, ids(sent.conversation)).stopping == ()
    assert reply_of(sent).state == "stopped"
    assert Usage.objects.get(reply=sent.reply).state == "released"


def test_what_is_written_is_asked_to_stop(alice: User, model: Model) -> None:
    sent = say(alice)
    assert queue.claim(model.name)
    assert shelf.trash(alice, ids(sent.conversation)).stopping == (sent.reply,)
    assert (reply_of(sent).state, reply_of(sent).stop_requested) == ("writing", True)


def test_sending_and_trashing_at_once_leave_nothing_running(alice: User) -> None:
    for talk in talks(alice, 6):
        sending = partial(send, alice, Draft(uuid4(), "Quick", talk.pk))
        said, put = at_once(sending, partial(shelf.trash, alice, ids(talk)))
        assert isinstance(said, Sent) or said.code == "trashed"
        assert isinstance(put, shelf.Shelved)
        assert now(talk).trashed_at
        assert not Message.objects.unfinished().filter(conversation=talk).exists()


# --- Deleting ---------------------------------------------------------------------------------------------------------


def test_only_what_is_in_the_trash_is_deleted_and_the_ledger_keeps_what_it_cost(alice: User, model: Model) -> None:
    one, two = talks(alice)
    usage = Usage.objects.count()
    assert refusal(lambda: shelf.delete(alice, ids(one))).code == "not_trashed"
    shelf.trash(alice, ids(one))
    assert refusal(lambda: shelf.delete(alice, ids(one, two))).code == "not_trashed"
    assert Conversation.objects.count() == 2
    assert shelf.delete(alice, ids(one)).now == {"deleted": True}
    assert list(Conversation.objects.all()) == [two]
    assert set(Message.objects.values_list("conversation", flat=True)) == {two.pk}
    assert Usage.objects.count() == usage


def test_what_is_restored_meanwhile_is_not_deleted(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    (talk,) = talks(alice, 1)
    shelf.trash(alice, ids(talk))
    stop_all = shelf._stop_all

    def restored_too(*args: Any) -> Any:
        shelf.restore(alice, ids(talk))
        return stop_all(*args)

    monkeypatch.setattr(shelf, "_stop_all", restored_too)
    assert refusal(lambda: shelf.delete(alice, ids(talk))).code == "not_trashed"
    assert now(talk).trashed_at is None


def test_while_a_worker_writes_there_it_is_not_deleted(alice: User, model: Model) -> None:
    sent = say(alice)
    assert queue.claim(model.name)
    shelf.trash(alice, ids(sent.conversation))
    assert refusal(lambda: shelf.delete(alice, ids(sent.conversation))).code == "busy"
    assert reply_of(sent).state == "writing"
    assert Usage.objects.get(reply=sent.reply).state == "reserved"


def test_a_reply_whose_worker_died_costs_what_was_saved_and_goes_with_its_conversation(
    alice: User, model: Model
) -> None:
    sent = say(alice)
    assert queue.claim(model.name)
    shelf.trash(alice, ids(sent.conversation))
    Message.objects.filter(pk=sent.reply).update(lease_until=None, prompt_tokens=7, completion_tokens=5, text="So far")
    shelf.delete(alice, ids(sent.conversation))
    row = Usage.objects.get(reply=sent.reply)
    assert (row.state, row.outcome, row.charged) == ("settled", "stopped", 12)
    assert not Message.objects.exists()


def test_branches_go_with_their_conversation(alice: User) -> None:
    sent = say(alice)
    settle(sent)
    talk, reply = sent.conversation, reply_of(sent)
    more = {"conversation": talk, "parent_id": reply.parent_id, "role": "assistant", "state": "complete"}
    other = Message.objects.create(position=2, continues=reply, text="Again", **more)
    Conversation.objects.filter(pk=talk.pk).update(tip=other)
    shelf.trash(alice, ids(talk))
    shelf.delete(alice, ids(talk))
    assert not Message.objects.exists()


# --- Folders and tags -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [Folder, Tag])
def test_names_are_ones_own_and_unique_whatever_their_case(alice: User, bob: User, kind: names.Kind) -> None:
    word = kind._meta.model_name
    made = names.create(alice, kind, "  Spring \n plans ").now[str(word)]
    assert made["name"] == "Spring plans"
    assert refusal(lambda: names.create(alice, kind, "SPRING plans")).code == "taken"
    names.create(bob, kind, "Spring plans")
    other = names.create(alice, kind, "Autumn").now[str(word)]["id"]
    no = refusal(lambda: names.rename(alice, kind, other, "spring plans"))
    assert (no.code, str(no.detail)) == ("taken", f"You have a {word} of this name.")
    names.rename(alice, kind, made["id"], "SPRING PLANS")
    with pytest.raises(kind.DoesNotExist):
        names.rename(bob, kind, made["id"], "Mine now")
    with pytest.raises(kind.DoesNotExist):
        names.delete(bob, kind, made["id"])
    names.delete(alice, kind, made["id"])
    assert list(kind.objects.filter(owner=alice).values_list("name", flat=True)) == ["Autumn"]


@pytest.mark.parametrize(("name", "code"), [("", "empty"), (" \t", "empty"), ("x" * 61, "too_long")])
def test_a_name_that_cannot_be_is_refused(alice: User, name: str, code: str) -> None:
    assert refusal(lambda: names.create(alice, Folder, name)).code == code


def test_there_can_only_be_so_many_names(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "MOST", 1)
    names.create(alice, Tag, "one")
    no = refusal(lambda: names.create(alice, Tag, "two"))
    assert (no.code, no.allowed) == ("too_many", 1)
    names.create(alice, Folder, "one")


def test_a_folder_holds_conversations_and_loses_none(alice: User, bob: User) -> None:
    one, two = talks(alice)
    folder = names.create(alice, Folder, "Work").now["folder"]["id"]
    shelf.move(alice, ids(one, two), folder)
    assert set(Conversation.objects.filter(folder=folder)) == {one, two}
    with pytest.raises(Folder.DoesNotExist):
        shelf.move(bob, ids(*talks(bob, 1)), folder)
    shelf.move(alice, ids(two), None)
    names.delete(alice, Folder, folder)
    assert (now(one).folder_id, now(two).folder_id) == (None, None)


def test_tags_are_added_and_taken(alice: User, bob: User) -> None:
    one, two = talks(alice)
    red, blue = (names.create(alice, Tag, name).now["tag"]["id"] for name in ("red", "blue"))
    shelf.tag(alice, ids(one), [red])
    shelf.tag(alice, ids(one, two), [red, blue])
    assert sorted(now(one).tags.values_list("name", flat=True)) == ["blue", "red"]
    shelf.untag(alice, ids(one, two), [red])
    assert [list(now(talk).tags.values_list("pk", flat=True)) for talk in (one, two)] == [[blue], [blue]]
    his = talks(bob, 1)[0]
    for act in (shelf.tag, shelf.untag):
        with pytest.raises(Tag.DoesNotExist):
            act(bob, ids(his), [blue])
    names.delete(alice, Tag, blue)
    assert now(one).tags.count() == 0


@pytest.mark.parametrize("kind", [Folder, Tag])
def test_the_same_name_at_the_same_moment_is_made_once(alice: User, kind: names.Kind) -> None:
    answers = at_once(*[partial(names.create, alice, kind, "Twice")] * 3)
    assert sorted(type(one).__name__ for one in answers) == ["Refused", "Refused", "Shelved"]
    assert kind.objects.count() == 1


def test_moving_into_a_folder_while_it_is_deleted_loses_nothing(alice: User) -> None:
    for number, talk in enumerate(talks(alice, 6)):
        folder = names.create(alice, Folder, f"Folder {number}").now["folder"]["id"]
        moving = partial(shelf.move, alice, ids(talk), folder)
        moved, deleted = at_once(moving, partial(names.delete, alice, Folder, folder))
        assert isinstance(moved, shelf.Shelved | Folder.DoesNotExist)
        assert isinstance(deleted, shelf.Shelved)
        assert now(talk).folder_id is None

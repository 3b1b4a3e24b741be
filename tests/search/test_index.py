"""The index keeps up by itself: what is said, changed and deleted, whoever does it."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection

from accounts.models import User
from conversations import tasks
from conversations.models import Conversation, IndexEntry, Message
from conversations.models.conversation import RETITLED
from conversations.search import index
from conversations.search.stores import Wanted, store
from conversations.search.terms import READ
from inference.model import Model
from tests.conversations.talk import say, settle, withhold
from tests.search.spoken import finds, found, newest, talk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def terms_are_left() -> bool:
    """Whether the database still has any term, of rows that are gone, too."""
    table = "conversations_terms" if connection.vendor == "sqlite" else "conversations_indexentry"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")  # noqa: S608 - no input in it
        return bool(cursor.fetchone()[0])


def test_a_message_is_found_once_it_is_indexed(alice: User) -> None:
    sent = say(alice, "Where does the quokka live?")
    assert not finds(alice, "quokka")
    assert index.catch_up() == 2  # the message and the title; the reply is not written
    assert found(alice, "quokka") == [sent.conversation.pk]
    assert index.catch_up() == 0


def test_sending_writes_nothing_into_the_index(alice: User) -> None:
    say(alice, "First")
    assert not IndexEntry.objects.exists()
    assert Message.objects.filter(indexed_at=None).count() == 2


def test_a_reply_is_found_when_it_has_ended(alice: User) -> None:
    sent = say(alice)
    Message.objects.filter(pk=sent.reply).update(state="writing", text="On Rottnest")
    index.catch_up()
    assert not finds(alice, "rottnest")
    settle(sent, text="On Rottnest Island.")
    index.catch_up()
    assert finds(alice, "rottnest island")


@pytest.mark.parametrize("state", ["complete", "stopped", "cut", "failed"])
def test_what_there_is_of_a_reply_is_found_however_it_ended(alice: User, state: str) -> None:
    settle(say(alice), state, "As far as the quokka")
    index.catch_up()
    assert finds(alice, "quokka")


def test_what_a_rule_withheld_is_not_found(alice: User) -> None:
    withhold(say(alice), "the quokka")
    assert index.catch_up() == 3
    assert not finds(alice, "quokka")
    assert index.catch_up() == 0  # and is not looked at again


def test_what_is_withheld_later_is_not_found_any_more(alice: User) -> None:
    sent = say(alice)
    settle(sent, text="the quokka")
    index.catch_up()
    assert finds(alice, "quokka")
    Message.objects.filter(pk=sent.reply).update(state="blocked")
    assert not finds(alice, "quokka")


def test_reasoning_is_not_searched(alice: User) -> None:
    sent = say(alice)
    Message.objects.filter(pk=sent.reply).update(reasoning="a quokka?", state="complete", text="Yes.")
    index.catch_up()
    assert not finds(alice, "quokka")


def test_a_new_title_takes_the_place_of_the_old_one(alice: User) -> None:
    conversation = talk(alice, title="About quokkas")
    assert found(alice, "quokkas") == [conversation.pk]
    conversation.title = "About wombats"
    conversation.save()
    index.catch_up()
    assert not finds(alice, "quokkas")
    assert found(alice, "wombats") == [conversation.pk]
    assert IndexEntry.objects.filter(conversation=conversation, message=None).count() == 1


def test_a_title_that_changes_in_other_ways_is_seen_too(alice: User) -> None:
    conversation = talk(alice, title="About quokkas")
    Conversation.objects.filter(pk=conversation.pk).update(title="Wombats")
    index.catch_up()
    assert found(alice, "wombats") == [conversation.pk]


def test_a_deleted_conversation_leaves_nothing(alice: User) -> None:
    conversation = talk(alice, "a quokka", "another quokka", title="Quokkas")
    assert terms_are_left()
    conversation.delete()
    assert not finds(alice, "quokka")
    assert not IndexEntry.objects.exists()
    assert not terms_are_left()


def test_a_deleted_message_leaves_nothing(alice: User) -> None:
    conversation = talk(alice, "a wombat", "a quokka")
    Message.objects.filter(conversation=conversation, text="a quokka").delete()
    assert not finds(alice, "quokka")
    assert finds(alice, "wombat")
    assert IndexEntry.objects.filter(message=None).count() == 1


def test_a_deleted_person_leaves_nothing(alice: User) -> None:
    talk(alice, "a quokka")
    alice.delete()
    assert not terms_are_left()


def test_what_goes_while_it_is_indexed_is_not_written(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    say(alice, "a quokka")
    read = index._read

    def meanwhile(messages: object) -> object:
        rows = read(messages)  # type: ignore[arg-type]
        Conversation.objects.all().delete()
        return rows

    monkeypatch.setattr(index, "_read", meanwhile)
    index.catch_up()
    assert not IndexEntry.objects.exists()
    assert not terms_are_left()


def test_two_who_index_the_same_write_it_once(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    say(alice, "a quokka")
    read = index._read
    others: list[bool] = []

    def meanwhile(messages: object) -> object:
        rows = read(messages)  # type: ignore[arg-type]
        if not others:
            others.append(True)
            index.catch_up()
        return rows

    monkeypatch.setattr(index, "_read", meanwhile)
    index.catch_up()
    assert IndexEntry.objects.filter(message__text="a quokka").count() == 1
    assert len(found(alice, "quokka")) == 1


def test_many_are_indexed_in_batches(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BATCH", 3)
    conversation = talk(alice, *(f"quokka number {number}" for number in range(8)))
    assert not Message.objects.filter(indexed_at=None).exists()
    assert IndexEntry.objects.filter(conversation=conversation).count() == 8 * 2 + 1


def test_it_stops_when_its_time_is_up_and_goes_on_later(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "BATCH", 1)
    for _ in range(3):
        settle(say(alice))
    assert index.catch_up(0) == 1
    assert index.catch_up() > 1
    assert not Message.objects.filter(indexed_at=None).exists()


def test_an_empty_message_is_marked_and_not_kept(alice: User) -> None:
    settle(say(alice), "failed", "")
    index.catch_up()
    assert not Message.objects.filter(indexed_at=None).exists()
    assert IndexEntry.objects.exclude(message=None).count() == 1


def test_the_task_indexes(alice: User) -> None:
    say(alice, "a quokka")
    tasks.index()
    assert finds(alice, "quokka")


def test_an_old_site_is_indexed_by_the_same_task(alice: User) -> None:
    """What there was before the index: rows that say nothing of it."""
    talk(alice, "a quokka")
    IndexEntry.objects.all().delete()
    Message.objects.update(indexed_at=None)
    Conversation.objects.update(indexed_title="")
    tasks.index()
    assert finds(alice, "quokka")


def test_the_command_indexes_everything_anew(alice: User, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
    talk(alice, "a quokka", title="Wombats")
    talk(bob, "another quokka")
    IndexEntry.objects.all().delete()  # something went wrong
    assert not finds(alice, "quokka")
    call_command("index_messages")
    assert "4 messages and 2 titles" in capsys.readouterr().out
    assert finds(alice, "quokka")
    assert finds(alice, "wombats")
    assert finds(bob, "quokka")
    call_command("index_messages")
    assert IndexEntry.objects.count() == 6


def test_the_commands_second_run_changes_nothing(alice: User) -> None:
    conversation = talk(alice, "a quokka")
    before = Message.objects.get(pk=newest(conversation)).indexed_at
    call_command("index_messages")
    assert Message.objects.get(pk=newest(conversation)).indexed_at == before
    assert IndexEntry.objects.filter(conversation=conversation).count() == 3


def test_the_time_of_an_entry_is_when_it_was_said(alice: User) -> None:
    conversation = talk(alice, "a quokka")
    moment = datetime(2024, 2, 29, 12, tzinfo=UTC)
    message = conversation.messages.order_by("position")[0]
    Message.objects.filter(pk=message.pk).update(created_at=moment, indexed_at=None)
    index.catch_up()
    assert IndexEntry.objects.get(message=message).at == int(moment.timestamp() * 1000)


@pytest.mark.parametrize("count", [17_000, 40_000])
def test_a_phrase_is_found_deep_in_a_long_message(alice: User, count: int) -> None:
    """PostgreSQL counts places in a text to 16,383."""
    words = [f"w{number}" for number in range(count // 2)]
    text = " ".join(words)[:59_000]
    last = text.split()[-3:-1]
    talk(alice, text[:30_000], reply=text)
    assert finds(alice, f'"{" ".join(last)}"')
    assert finds(alice, '"w9 w10 w11"')
    assert not finds(alice, '"w9 w11"')


def test_a_phrase_is_found_where_the_count_of_places_begins_anew(alice: User) -> None:
    characters = "".join(chr(0x4E00 + number) for number in range(17_000))
    talk(alice, "Long", reply=characters)
    for place in (15_990, 15_998, 15_999, 16_000, 16_001, 16_290, 16_310):
        assert finds(alice, characters[place : place + 12]), place


def test_a_word_that_is_said_a_thousand_times_is_kept(alice: User) -> None:
    talk(alice, "Long", reply="the end " * 1000 + "quokka")
    assert finds(alice, "the end quokka")


def test_a_text_of_nothing_but_rare_pairs_does_not_keep_others_out(model: Model) -> None:
    """A row has a megabyte for its terms at most; one that has more would be tried for ever, before all others."""
    late = User.objects.create(pk=1_000_000, username="late")
    rare = "".join(map(chr, range(0x20000, 0x20000 + READ)))
    talk(late, "and a wombat", reply=f"quokka {rare}")
    assert finds(late, "quokka")
    assert finds(late, "wombat")


def test_indexes_of_the_database_say_what_waits(alice: User) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE conversations_conversation")  # what was there before is gone
            cursor.execute("SET LOCAL enable_seqscan = off")  # it reads an empty table as it is
    assert "conversations_to_index" in index.waiting()[:50].explain()
    assert "conversations_to_index_title" in Conversation.objects.filter(RETITLED).order_by("pk")[:50].explain()


def test_a_query_of_no_sense_to_the_database_is_a_fault_that_is_seen() -> None:
    """The premise of what is tried with hostile queries: the database does complain."""
    with pytest.raises(DatabaseError):
        store().find(Wanted("", (), [["'\"("]]), 1, newest=False)


def test_an_entry_says_nothing_of_what_was_said(alice: User) -> None:
    talk(alice, "a quokka")
    assert "quokka" not in " ".join(map(str, IndexEntry.objects.all()))
    assert not IndexEntry.objects.filter(conversation=uuid4()).exists()

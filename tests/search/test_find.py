"""Who finds what, in which order, and with which filters."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from conversations.models import Conversation, Folder, IndexEntry, Message, Tag
from conversations.search import find as finding
from conversations.search import index
from conversations.search.find import Filters, find, has_replies_of
from conversations.search.query import BadQuery, Query
from conversations.search.stores import Wanted, store
from tests.conversations.talk import say, settle
from tests.search.spoken import at, finds, found, talk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


# --- Who --------------------------------------------------------------------------------------------------------------


def test_each_finds_their_own_and_nobody_elses(alice: User, bob: User, mallory: User, grace: User) -> None:
    hers, his = talk(alice, "a quokka"), talk(bob, "a quokka", title="quokka")
    assert found(alice, "quokka") == [hers.pk]
    assert found(bob, "quokka") == [his.pk]
    assert not finds(mallory, "quokka")
    assert not finds(grace, "quokka")


def test_what_the_index_says_of_others_is_not_believed(alice: User, mallory: User) -> None:
    """Were Mallory's terms before Alice's words, the rows would still be Alice's."""
    hers = talk(alice, "nothing", title="nothing")
    IndexEntry.objects.all().delete()
    entry = IndexEntry(conversation=hers, message=hers.messages.all()[0], at=index.milliseconds(timezone.now()))
    store().write([(entry, [f"{mallory.pk}~quokka"], [index.of_week(mallory.pk, 1)])])
    wanted = Wanted(index.before_words(mallory.pk), Query.parse("quokka").phrases)
    assert store().find(wanted, 10, newest=True), "the premise: the index would say it"
    assert not finds(mallory, "quokka")


@pytest.mark.parametrize(
    "text", ["~quokka", "{other}~quokka", '"{other}~quokka"', "{other}~~rassistant", "* OR {other}~quokka"]
)
def test_no_query_reaches_into_others_words(alice: User, mallory: User, text: str) -> None:
    talk(alice, "a quokka")
    talk(mallory, "something")
    assert not finds(mallory, text.format(other=alice.pk))


def test_people_whose_numbers_begin_alike_are_told_apart(alice: User) -> None:
    talk(alice, "a quokka")
    other = User.objects.create(pk=int(f"{alice.pk}1"), username="other", email="o@example.org")
    assert not finds(other, "quokka")


# --- What -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "quokka",
        "QUOKKAS",
        "quok",
        "ｑｕｏｋｋａｓ",
        "small quokkas",
        '"small quokkas"',
        "稀疏",
        "稀",
        "稀疏激活",
        "激活”的概念",
        "概念 quokkas",
        "模型",
        "大型语言模型",
        "大型語言模型",
        "🎉",
        "שלום",
        "foo_bar",
        "3.14",
        "cafe",
        "Café",
    ],
)
def test_words_of_every_script_find_it(alice: User, text: str) -> None:
    here = talk(alice, "Small quokkas; 请解释“稀疏激活”的概念, 大型語言模型 🎉 שלום עולם foo_bar 3.14 Café")
    talk(alice, "Something else: 激活 稀 疏, 型模, foo, bar, 3 and 14.1")
    assert here.pk in found(alice, text)


@pytest.mark.parametrize("text", ["uokka", '"quokkas small"', "稀活", "activation", "模语", '"quok"', "世界"])
def test_other_words_do_not(alice: User, text: str) -> None:
    talk(alice, "Small quokkas; 请解释“稀疏激活”的概念, 大模型语 🎉")
    assert finds(alice, "quokkas")
    assert not finds(alice, text)


def test_all_words_must_be_in_the_same_message(alice: User) -> None:
    talk(alice, "a quokka", "a wombat", title="t")
    assert finds(alice, "quokka")
    assert not finds(alice, "quokka wombat")


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '"quokka',
        "quokka*",
        "quokka AND",
        "NEAR(quokka, 5)",
        "terms:quokka",
        "^quokka",
        "-quokka",
        "quokka -",
        "quokka & ! |",
        "quokka:*",
        "quokka <-> b",
        "(quokka",
        "quokka\\",
        "'quokka'",
        "quokka;--",
        "quo\x00kka",
        "quokka\ud800",
        "%quokka%",
        "quokka" + "*" * 100,
        "a" * 200,
        "x " * 100,
        "字" * 200,
        '"' * 200,
        "🎉" * 100,
        "́" * 50 + "a",
    ],
)
def test_whatever_is_asked_is_a_question_and_not_a_fault(alice: User, text: str) -> None:
    talk(alice, "a quokka")
    with contextlib.suppress(BadQuery):  # which the door says in words
        assert find(alice, Query.parse(text), Filters()).is_all


@pytest.mark.parametrize(
    "text", ["quokka*", "^quokka", "-quokka", "quokka:*", "(quokka", "'quokka'", "quo\x00kka", "%quokka%"]
)
def test_signs_around_a_word_are_no_orders(alice: User, text: str) -> None:
    talk(alice, "a quokka")
    assert finds(alice, text)


# --- In which order ---------------------------------------------------------------------------------------------------


def test_titles_come_first_and_then_what_was_said_last(alice: User) -> None:
    titled, older, newer = talk(alice, title="Quokkas"), talk(alice, "a quokka"), talk(alice, "a quokka")
    at(titled, days_ago(300))
    at(older, days_ago(20))
    at(newer, days_ago(1))
    assert found(alice, "quok") == [titled.pk, newer.pk, older.pk]


def test_titles_are_in_the_order_in_which_they_were_written_in(alice: User) -> None:
    first, second = talk(alice, title="Quokka one"), talk(alice, title="Quokka two")
    assert found(alice, "quokka") == [second.pk, first.pk]
    Conversation.objects.filter(pk=first.pk).update(updated_at=timezone.now() + timedelta(minutes=1))
    assert found(alice, "quokka") == [first.pk, second.pk]


def test_a_conversation_is_found_once_with_its_messages_newest_first(alice: User) -> None:
    here = talk(alice, "quokka one", "quokka two", title="Quokkas")
    (group,) = find(alice, Query.parse("quokka"), Filters()).groups
    assert group.has_title
    texts = dict(Message.objects.values_list("pk", "text"))
    assert [texts[pk] for pk in group.messages] == ["quokka two", "quokka one"]
    assert group.conversation == here.pk


@pytest.mark.parametrize("most", [2, 5, 500])
def test_a_frequent_word_is_found_where_it_was_said_last(
    alice: User, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """However few are looked at at once, and however far apart they are."""
    monkeypatch.setattr(finding, "MOST", most)
    ages = [0.1, 3, 17, 40, 90, 91, 200, 500, 900]
    made = [talk(alice, "a quokka") for _ in ages]
    for conversation, age in zip(made, ages, strict=True):
        at(conversation, days_ago(age))
    expected = [conversation.pk for conversation in made][:most]
    result = find(alice, Query.parse("quokka"), Filters())
    assert [group.conversation for group in result.groups] == expected
    assert result.is_all == (most == 500)


def test_what_may_not_be_seen_takes_nobodys_place(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 2)
    old = talk(alice, "a quokka")
    at(old, days_ago(400))
    for _ in range(5):
        talk(alice, "a quokka", trashed_at=timezone.now())
    assert found(alice, "quokka") == [old.pk]


def test_a_word_of_the_distant_past_is_found(alice: User) -> None:
    old = talk(alice, "a quokka")
    at(old, datetime(2009, 1, 3, tzinfo=UTC))
    assert found(alice, "quokka") == [old.pk]


# --- Filters ----------------------------------------------------------------------------------------------------------


def test_the_trash_is_searched_when_asked_for(alice: User) -> None:
    here, gone = talk(alice, "a quokka"), talk(alice, "a quokka", title="quokka", trashed_at=timezone.now())
    assert found(alice, "quokka") == [here.pk]
    assert found(alice, "quokka", where="trash") == [gone.pk]


def test_pinned_and_archived_ones(alice: User) -> None:
    plain = talk(alice, "a quokka")
    pinned = talk(alice, "a quokka", pinned_at=timezone.now())
    archived = talk(alice, "a quokka", archived_at=timezone.now())
    talk(alice, "a quokka", pinned_at=timezone.now(), archived_at=timezone.now(), trashed_at=timezone.now())
    assert found(alice, "quokka") == [archived.pk, pinned.pk, plain.pk]
    assert found(alice, "quokka", where="pinned") == [pinned.pk]
    assert found(alice, "quokka", where="archived") == [archived.pk]


def test_who_said_it(alice: User) -> None:
    asked = talk(alice, "a quokka", title="t")
    answered = talk(alice, "what?", reply="a quokka", title="quokka")
    assert found(alice, "quokka", role="user") == [asked.pk]
    assert found(alice, "quokka", role="assistant") == [answered.pk]


def test_which_model_said_it(alice: User) -> None:
    here, there = talk(alice, "?", reply="a quokka"), talk(alice, "?", reply="a quokka")
    Message.objects.filter(conversation=there, role="assistant").update(model="other/Model-2:é", indexed_at=None)
    index.catch_up()
    own = Message.objects.filter(conversation=here, role="assistant").values_list("model", flat=True)[0]
    assert found(alice, "quokka", model=own) == [here.pk]
    assert found(alice, "quokka", model="other/Model-2:é") == [there.pk]
    assert not finds(alice, "quokka", model="another")
    assert has_replies_of(alice, own)
    assert not has_replies_of(alice, "another")


def test_when_it_was_said(alice: User) -> None:
    old, new = talk(alice, "a quokka", title="quokka"), talk(alice, "a quokka")
    moment = datetime(2026, 3, 15, 12, tzinfo=UTC)
    at(old, moment)
    assert found(alice, "quokka", until=moment + timedelta(seconds=1)) == [old.pk]
    assert found(alice, "quokka", until=moment) == []
    assert found(alice, "quokka", since=moment, until=moment + timedelta(days=1)) == [old.pk]
    assert found(alice, "quokka", since=moment + timedelta(seconds=1)) == [new.pk]
    assert set(found(alice, "quokka", since=moment)) == {old.pk, new.pk}


def test_folders_and_tags(alice: User, bob: User) -> None:
    folder, tag = Folder.objects.create(owner=alice, name="f"), Tag.objects.create(owner=alice, name="t")
    inside, tagged = talk(alice, "a quokka", title="quokka", folder=folder), talk(alice, "a quokka")
    tagged.tags.add(tag)
    assert found(alice, "quokka", folder=folder.pk) == [inside.pk]
    assert found(alice, "quokka", tag=tag.pk) == [tagged.pk]
    assert not finds(alice, "quokka", folder=folder.pk, tag=tag.pk)
    assert not finds(bob, "quokka", folder=folder.pk)
    assert not finds(alice, "quokka", folder=10**15)


@pytest.mark.parametrize("narrow", [0, 1, 200])
def test_a_filter_that_is_not_narrow_finds_the_same(alice: User, monkeypatch: pytest.MonkeyPatch, narrow: int) -> None:
    monkeypatch.setattr(finding, "NARROW", narrow)
    folder = Folder.objects.create(owner=alice, name="f")
    inside = [talk(alice, "a quokka", folder=folder) for _ in range(3)]
    talk(alice, "a quokka")
    assert found(alice, "quokka", folder=folder.pk) == [one.pk for one in reversed(inside)]


def test_all_filters_at_once(alice: User) -> None:
    folder, tag = Folder.objects.create(owner=alice, name="f"), Tag.objects.create(owner=alice, name="t")
    here = talk(alice, "?", reply="a quokka", folder=folder, pinned_at=timezone.now())
    here.tags.add(tag)
    model = Message.objects.filter(conversation=here, role="assistant").values_list("model", flat=True)[0]
    about: dict[str, Any] = {"role": "assistant", "model": model, "since": days_ago(1), "until": days_ago(-1)}
    assert found(alice, "quokka", **about, where="pinned", folder=folder.pk, tag=tag.pk) == [here.pk]


def test_a_reply_that_goes_on_is_found_when_it_has_ended(alice: User) -> None:
    sent = say(alice, "Hello")
    index.catch_up()
    settle(sent, text="a quokka")
    assert not finds(alice, "quokka")
    index.catch_up()
    assert found(alice, "quokka") == [sent.conversation.pk]

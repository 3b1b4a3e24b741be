"""Following a reply: from wherever a page was, it comes to the same text, byte for byte, and to one end."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from accounts.models import User
from conversations.models import Message
from conversations.replies import places
from conversations.states import State
from inference.events.items import FEED, Part, key
from inference.model import Model
from tests.conversations.pen import Take
from tests.conversations.talk import reply_of, say
from tests.screen import Screen
from tests.stores import OwnRedis
from tests.waiting import until
from tests.web import Reader, Web
from tests.workers import Hire

pytestmark = pytest.mark.django_db(transaction=True)


THOUGHT = "hm 🤔"
TEXT = "a字🚀é\u0301 b\n"


def pages(text: str, reasoning: str) -> list[Screen]:
    """A page that stopped at each place where it could have."""
    return [Screen(text[:t], reasoning[:r]) for t in range(len(text) + 1) for r in range(len(reasoning) + 1)]


def shows(reader: Reader, row: Message) -> Screen:
    """The page ends with what is saved."""
    screen = reader.end()
    assert (screen.text, screen.reasoning, screen.cursor) == (row.text, row.reasoning, row.cursor)
    return screen


def test_a_finished_reply_is_shown_from_any_cursor(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    pen.say(THOUGHT, Part.REASONING)
    pen.say(TEXT)
    row = pen.end()
    for page in pages(TEXT, THOUGHT):
        had = len(page.text), len(page.reasoning)
        screen = shows(web.follow(row.pk, has=page), row)
        expected = ["reasoning"] * (had[1] < len(THOUGHT)) + ["text"] * (had[0] < len(TEXT)) + ["done"]
        assert screen.types == expected


def test_a_reply_is_told_to_its_end_when_the_oldest_message_it_remembers_was_erased(
    alice: User, web: Web, take: Take
) -> None:
    say(alice)
    pen = take()
    pen.say(TEXT)
    row = pen.end()
    Message.objects.filter(pk=row.pk).update(remembered_from=400)
    screen = shows(web.follow(row.pk), row)
    assert screen.types == ["text", "done"]


def test_a_reply_is_joined_while_it_streams_from_any_cursor(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    pen.say(THOUGHT, Part.REASONING)
    pen.say(TEXT)
    readers = [web.follow(pen.reply.pk, has=page) for page in pages(TEXT, THOUGHT)]
    pen.say(TEXT)
    for reader in readers:
        reader.until(lambda screen: screen.text == TEXT * 2)
    pen.say(TEXT)
    row = pen.end()
    for reader in readers:
        shows(reader, row)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([Part.TEXT, Part.REASONING]),
            st.text(st.sampled_from("a字🚀é\u0301\n"), min_size=1, max_size=5),
            st.booleans(),
            st.sampled_from(["", "join", "again", "checkpoint"]),
        ),
        max_size=12,
    )
)
def test_whoever_comes_whenever_sees_the_same(
    alice: User, web: Web, take: Take, steps: list[tuple[Part, str, bool, str]]
) -> None:
    """Between pieces somebody new joins, somebody leaves and comes back, or the worker saves."""
    say(alice)
    pen = take()
    readers = [web.follow(pen.reply.pk, fresh=True)]
    for part, piece, html, between in steps:
        pen.say(piece, part)
        if between == "checkpoint":
            pen.checkpoint()
        elif between == "join":
            readers.append(web.follow(pen.reply.pk, html=html))
        elif between == "again":
            gone = readers.pop(0)
            gone.leave()
            readers.append(web.follow(pen.reply.pk, has=gone.screen))
    row = pen.end()
    for reader in readers:
        screen = reader.end()
        assert screen.cursor == row.cursor
        if not screen.is_html:
            assert (screen.text, screen.reasoning) == (row.text, row.reasoning)


def test_a_cursor_inside_a_character_is_nobodys_so_all_is_sent_anew(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    pen.say("字字")
    page = Screen("字")
    page.cursor[2] = 4
    reader = web.follow(pen.reply.pk, has=page)
    pen.say("字")
    row = pen.end()
    assert shows(reader, row).states == ["rewound"]
    page = Screen("字")
    page.cursor[2] = 1
    assert shows(web.follow(row.pk, has=page), row).states == ["rewound"]


def test_a_cursor_inside_a_character_that_is_still_to_come(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    page = Screen("字")
    page.cursor[2] = 1
    reader = web.follow(pen.reply.pk, has=page)
    pen.say("字")
    reader.until(lambda screen: screen.states == ["rewound"])
    shows(reader, pen.end())


def test_a_page_that_has_more_than_there_is_goes_back_to_it(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    pen.say("short")
    ahead, newer = (web.follow(pen.reply.pk, has=Screen("much longer", epoch=epoch)) for epoch in (0, 7))
    row = pen.end()
    for reader in (ahead, newer):
        assert shows(reader, row).states == ["rewound"]


def test_a_slow_page_gets_what_waited_in_one_piece(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    slow, quick = web.follow(pen.reply.pk), web.follow(pen.reply.pk)
    slow.pause()
    for number in range(50):
        pen.say(f"{number} ")
    quick.until(lambda screen: screen.text == pen.text)
    assert len(slow.screen.frames) < 4, "what was on its way as it paused"
    slow.go_on()
    row = pen.end()
    shows(quick, row)
    assert len(shows(slow, row).frames) < 10 < len(quick.screen.frames)


def test_what_the_feed_lost_is_found_in_the_snapshot(alice: User, web: Web, take: Take, empty_redis: Redis) -> None:
    say(alice)
    pen = take()
    reader = web.follow(pen.reply.pk)
    pen.say("heard, ")
    reader.until(lambda screen: screen.text == "heard, ")
    empty_redis.append(f"{key(str(pen.reply.pk))}:t", "lost, ")
    pen.text += "lost, "
    pen.channel.sizes[0] += len("lost, ")
    pen.say("heard again")
    reader.until(lambda screen: screen.text == "heard, lost, heard again")
    shows(reader, pen.end())


@pytest.mark.usefixtures("quick_audit")
def test_an_end_that_the_feed_lost_is_found_in_the_row(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    reader = web.follow(pen.reply.pk)
    pen.say("all that was ")
    pen.text += "said"
    row = pen.save_end(State.CUT)
    assert shows(reader, row).types[-1] == "cut"


@pytest.mark.usefixtures("quick_audit")
def test_a_reply_that_was_deleted_ends(alice: User, web: Web, take: Take) -> None:
    sent = say(alice)
    pen = take()
    reader = web.follow(pen.reply.pk)
    pen.say("a word")
    reader.until(lambda screen: screen.text)
    sent.conversation.delete()
    assert reader.end().types[-1] == "failed"
    assert web.follow(uuid4()).end().types == ["failed"]


def test_followers_in_two_processes_see_the_same(alice: User, open_web: Callable[[], Web], take: Take) -> None:
    say(alice)
    pen = take()
    readers = [open_web().follow(pen.reply.pk) for _ in range(2)]
    pen.say(TEXT)
    row = pen.end()
    first, second = (shows(reader, row) for reader in readers)
    assert first.end == second.end


def test_who_waits_hears_how_many_are_ahead_and_whether_a_model_runs(
    alice: User, bob: User, web: Web, model: Model
) -> None:
    say(bob, "He was first.")
    sent = say(alice)
    reader = web.follow(sent.reply)
    heard = reader.until(lambda screen: screen.frames).frames[0]
    assert heard == {"type": "queued", "reply": str(sent.reply), "ahead": 1, "wait_s": None, "engine": "away"}


def test_who_just_came_is_not_told_that_nobody_is_ahead(
    alice: User, bob: User, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "FRESH_S", 3600)
    first = say(bob, "He was first.")
    assert places.place(first.reply, model.name).ahead == 0
    second = say(alice)
    until(lambda: places.place(second.reply, model.name).ahead == 1)


@pytest.mark.usefixtures("quick_audit")
def test_what_who_waits_hears_follows_the_queue(alice: User, bob: User, web: Web, hire: Hire) -> None:
    say(bob, "He was first.")
    sent = say(alice)
    reader = web.follow(sent.reply)
    worker = hire(rate=1)
    heard = reader.until(lambda screen: [f for f in screen.frames if f["engine"] == "ready"]).frames[-1]
    assert (heard["type"], heard["ahead"]) == ("queued", 1)
    worker.ticket()
    reader.until(lambda screen: screen.frames[-1].get("ahead") == 0)


@pytest.mark.usefixtures("quick_audit")
def test_a_reader_who_comes_while_redis_is_away_gets_what_is_saved_then_the_rest(
    alice: User, own_redis: OwnRedis, web: Web, take: Take
) -> None:
    say(alice)
    pen = take()
    pen.say("saved, ")
    pen.checkpoint()
    pen.say("said, ")
    own_redis.kill()
    reader = web.follow(pen.reply.pk)
    reader.until(lambda screen: screen.text == "saved, ")
    own_redis.start()
    pen.say("and said again")
    reader.until(lambda screen: screen.text == "saved, said, and said again")
    shows(reader, pen.end())


def test_who_leaves_leaves_nothing_behind(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    readers = [web.follow(pen.reply.pk, html=html) for html in (False, True, True)]
    pen.say("word ")
    for reader in readers:
        reader.until(lambda screen: screen.frames)
    assert web.streams.feed._mailboxes
    assert web.streams._formattings._by_reply
    for reader in readers:
        reader.leave()
    until(lambda: not web.streams.feed._mailboxes and not web.streams._formattings._by_reply, what="all to be gone")


def test_nothing_of_a_reply_is_in_redis_but_under_its_own_name(
    alice: User, web: Web, take: Take, empty_redis: Redis, model: Model
) -> None:
    say(alice, "a secret question")
    pen = take()
    pen.say("a secret answer")
    pen.end()
    names = {name.decode() for name in empty_redis.scan_iter()}
    ours = key(str(pen.reply.pk))
    known = {FEED, ours, f"{ours}:t", f"{ours}:r"}
    holding = {name for name in names if b"secret" in (empty_redis.dump(name) or b"")}
    assert holding <= known
    assert all(empty_redis.ttl(name) > 0 for name in holding - {FEED})
    assert reply_of(pen.reply.pk).text == "a secret answer"

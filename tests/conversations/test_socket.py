"""The socket of a tab: every frame of docs/websocket.md, the refusals, and what a hostile tab gets."""

import asyncio
from contextlib import suppress
from uuid import uuid4

import orjson
import pytest
from channels.exceptions import StopConsumer
from django.db import OperationalError, connection
from django.utils import translation
from django.utils.translation import gettext
from pytest_django import Settings

from accounts.models import User
from conversations import metrics
from conversations.allowance import allowance
from conversations.models import Conversation, Message
from inference.model import Model
from inference.tokenizers import tokenizer_for
from tests.conversations.pen import Take
from tests.conversations.talk import reply_of, say, settle
from tests.conversations.test_frames import MALFORMED
from tests.limits.stories import policy, used
from tests.screen import Screen
from tests.tabs import HOST, ORIGIN, OpenTab, cookie_of, site
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def spoken(sentence: str, language: str) -> str:
    """The sentence in a language, which has its own word for it."""
    with translation.override(language):
        words = gettext(sentence)
    assert (words == sentence) == (language == "en")
    return words


def test_alice_asks_and_reads_the_reply(alice: User, model: Model, open_tab: OpenTab, hire: Hire) -> None:
    tokenizer_for(model)  # built by now, as in a process that has run for a while
    told = allowance(alice.pk)
    tab = open_tab(alice)
    assert tab.next("hello") == {"type": "hello", "version": 1, "limits": told}
    client_id = uuid4()
    sent = tab.send("Tell me a story", client_id=client_id)
    conversation = Conversation.objects.get()
    question, reply = conversation.messages.all()
    talk = {"id": str(conversation.pk), "title": "Tell me a story", "url": conversation.url, "folder": None}
    assert sent == {
        "type": "sent",
        "client_id": str(client_id),
        "conversation": talk,
        "message": str(question.pk),
        "reply": str(reply.pk),
        "first": True,
    }
    hire(text=STORY).ticket().result(15)
    assert tab.screen(sent["reply"]).text == STORY == reply_of(reply.pk).text
    again = tab.send("And now?", conversation=conversation.pk, parent=reply.pk)
    assert (again["type"], again["first"], again["conversation"]["id"]) == ("sent", False, str(conversation.pk))


def test_a_frame_that_is_sent_again_is_answered_and_followed_again(alice: User, open_tab: OpenTab, take: Take) -> None:
    client_id = uuid4()
    lost, tab = open_tab(alice), open_tab(alice)
    first = lost.send("Once", client_id=client_id)
    pen = take()
    pen.say("said before, ")
    lost.leave()
    assert tab.send("Once", client_id=client_id) == first
    pen.say("said after")
    pen.end()
    assert tab.screen(first["reply"]).text == "said before, said after"
    assert Message.objects.count() == 2


def test_refusals_say_what_is_allowed_and_save_nothing(alice: User, open_tab: OpenTab, model: Model) -> None:
    tab = open_tab(alice)
    for text, code, allowed in (
        (" ", "empty", None),
        ("x" * 32_001, "too_long", 32_000),
        ("字" * 200_000, "too_long", 32_000),
    ):
        no = tab.send(text)
        assert (no["type"], no["code"], no["allowed"]) == ("refused", code, allowed)
        assert no["detail"]
    no = tab.send("Hello?", model="gpt-9")
    assert (no["code"], no["allowed"]) == ("unknown_model", model.name)
    assert not Conversation.objects.exists()
    sent = tab.send("Hello?")
    mine = {"conversation": sent["conversation"]["id"]}
    assert tab.send("Hurry!", **mine)["code"] == "busy"
    Message.objects.filter(pk=sent["reply"]).update(state="complete")
    assert tab.send("I missed something", parent=sent["message"], **mine)["code"] == "stale"
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    ("speaks", "language"),
    [
        ({}, "en"),
        ({"language": "fr, en;q=0.5"}, "en"),
        ({"language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-hans"),
        ({"language": "en", "cookie": "django_language=zh-hans"}, "zh-hans"),
        ({"language": "zh-CN", "cookie": "django_language=en"}, "en"),
        ({"language": "\xff;;q=x", "cookie": "django_language=../../etc"}, "en"),
    ],
)
def test_refusals_are_in_the_language_of_the_page(
    alice: User, open_tab: OpenTab, speaks: dict[str, str], language: str
) -> None:
    assert open_tab(alice, **speaks).send(" ")["detail"] == spoken("Write something first.", language)


def test_the_end_of_a_reply_is_told_in_the_language_of_the_page(alice: User, open_tab: OpenTab, take: Take) -> None:
    english, chinese = open_tab(alice), open_tab(alice, language="zh-CN")
    sent = english.send("Hello?")
    chinese.say(type="follow", reply=sent["reply"], cursor=[0, 0, 0], format="text")
    chinese.until(lambda frame: frame.get("reply"))
    english.say(type="stop", reply=sent["reply"])
    assert english.next("stopped")["detail"] == "Stopped."
    assert chinese.next("stopped")["detail"] == spoken("Stopped.", "zh-hans")


def test_a_page_that_opens_a_conversation_gets_what_it_lacks(alice: User, open_tab: OpenTab, take: Take) -> None:
    first = say(alice, "First *question*")
    answer = settle(first, text="First *answer*")
    second = say(alice, "Second question", first.conversation)
    pen = take()
    pen.say("Being written, ")
    everything, latest = open_tab(alice), open_tab(alice)
    where = {"type": "open", "conversation": first.conversation.pk, "format": "text"}
    everything.say(**where, after=None, cursors={})
    latest.say(**where, after=answer.pk, cursors={})
    page, rest = everything.next("messages"), latest.next("messages")
    assert (page["conversation"], page["title"]) == (str(first.conversation.pk), "First question")
    assert [text in page["html"] for text in ("First", "<em>answer</em>", "Second question")] == [True] * 3
    assert [text in rest["html"] for text in ("First", "<em>answer</em>", "Second question")] == [False, False, True]
    pen.say("and written")
    pen.end()
    for tab in (everything, latest):
        assert tab.screen(str(second.reply)).text == "Being written, and written"


def test_a_page_that_comes_back_goes_on_at_its_cursor(alice: User, open_tab: OpenTab, take: Take) -> None:
    tab = open_tab(alice)
    sent = tab.send("Hello?")
    pen = take()
    pen.say("before 字")
    tab.until(lambda frame: frame.get("text") == "before 字")
    tab.leave()
    pen.say(" while away")
    row = pen.end()
    back = open_tab(alice)
    page = Screen("before 字")
    cursors = {sent["reply"]: page.cursor}
    after = sent["reply"]
    where = sent["conversation"]["id"]
    back.say(type="open", conversation=where, after=after, cursors=cursors, format="text")
    assert back.next("messages")["html"] == ""
    assert back.screen(sent["reply"], page).text == row.text
    assert page.types == ["text", "done"]


def test_a_stop_is_answered_by_the_reply_itself(alice: User, open_tab: OpenTab, hire: Hire) -> None:
    hers, other = open_tab(alice), open_tab(alice)
    worker = hire(text=STORY, rate=100)
    sent = hers.send("Go on and on")
    ticket = worker.ticket()
    hers.next("text")
    other.say(type="stop", reply=sent["reply"])
    stopped = hers.next("stopped")
    assert stopped["cursor"][2] > 0
    ticket.result(15)
    assert reply_of(sent["reply"]).state == "stopped"
    other.say(type="stop", reply=sent["reply"])
    other.say(type="ping")
    other.next("pong")
    assert not [frame for frame in other.frames if frame["type"] == "error"]


def test_what_is_left_is_told_at_the_beginning_and_when_asked(alice: User, bob: User, open_tab: OpenTab) -> None:
    rule = policy(alice, tokens_per_day=1000)
    tab, his = open_tab(alice), open_tab(bob)
    assert tab.next("hello")["limits"]["standing"]["day"]["left"] == 1000
    used(alice, 300)
    tab.say(type="limits")
    assert tab.next("limits")["limits"]["standing"]["day"]["left"] == 700
    rule.tokens_per_day = 500
    rule.save()
    tab.say(type="limits")
    assert tab.next("limits")["limits"]["standing"]["day"]["left"] == 200
    his.say(type="limits")
    assert his.next("limits")["limits"]["standing"] == {"day": None, "month": None}


def test_other_tabs_hear_of_what_one_sent(alice: User, bob: User, open_tab: OpenTab) -> None:
    sender, second, his = open_tab(alice), open_tab(alice), open_tab(bob)
    for tab in (sender, second, his):
        tab.next("hello")
    sent = sender.send("News!")
    talk = sent["conversation"]
    expected = {"conversation": talk["id"], "title": "News!", "url": talk["url"], "folder": None}
    assert second.next("changed") == {"type": "changed", **expected}
    for tab in (sender, his):
        tab.say(type="ping")
        tab.next("pong")
        assert "changed" not in [frame["type"] for frame in tab.frames]


def test_a_malformed_frame_is_answered_and_the_socket_goes_on(alice: User, open_tab: OpenTab) -> None:
    tab = open_tab(alice)
    for frame, code, about in MALFORMED[::3]:
        tab.say_raw(frame if isinstance(frame, str) else orjson.dumps(frame).decode())
        error = tab.next("error")
        assert (error["code"], error["about"]) == (code, about)
        assert error["detail"]
    tab.say(type="ping")
    assert tab.next("pong")
    assert not Message.objects.exists()


def test_a_binary_frame_is_refused_and_the_socket_goes_on(alice: User, open_tab: OpenTab) -> None:
    tab = open_tab(alice)
    tab.say_raw(b'{"type": "ping"}')
    assert tab.next("error")["code"] == "binary"
    tab.say(type="ping")
    assert tab.next("pong")


def test_a_socket_that_talks_too_fast_is_closed_and_others_go_on(
    alice: User, bob: User, open_tab: OpenTab, web: Web
) -> None:
    loud, calm = open_tab(alice), open_tab(bob)
    for number in range(1000):
        loud.say_raw('{"type": "ping"}')
        if number % 100 == 50:
            calm.say(type="ping")
            calm.next("pong")
    assert loud.closed() == 4429
    assert loud.next("error")["code"] == "too_fast"
    pongs = [frame for frame in loud.frames if frame["type"] == "pong"]
    assert 40 <= len(pongs) < 200
    assert calm.code is None


def test_who_is_not_signed_in_is_told_so(open_tab: OpenTab) -> None:
    tab = open_tab(None)
    assert tab.closed() == 4401
    assert tab.frames == []


def test_a_session_that_ended_opens_no_socket(alice: User, open_tab: OpenTab) -> None:
    cookie = cookie_of(alice).decode()
    assert open_tab(None, cookie=cookie).next("hello")
    alice.set_password("changed")
    alice.save()
    assert open_tab(None, cookie=cookie).closed() == 4401
    alice.is_active = False
    alice.save()
    assert open_tab(alice).closed() == 4401


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://evil.example",
        "http://testserver.evil.example",
        "http://testserver:81",
        "ftp://testserver",
        "http://[",
        "http://testserver/",
        "http://evil@testserver",
    ],
)
def test_other_origins_open_no_socket(alice: User, open_tab: OpenTab, origin: str | None) -> None:
    assert not open_tab(alice, origin=origin).is_open


def test_origins_behind_a_proxy_can_be_trusted(alice: User, open_tab: OpenTab, settings: Settings) -> None:
    assert not open_tab(alice, origin="https://chat.example.org").is_open
    settings.CSRF_TRUSTED_ORIGINS = ["https://chat.example.org"]
    assert open_tab(alice, origin="https://chat.example.org").next("hello")


def test_a_tab_that_closes_leaves_nothing_behind(alice: User, open_tab: OpenTab, web: Web, take: Take) -> None:
    tab = open_tab(alice)
    sent = tab.send("Hello?")
    pen = take()
    pen.say("word ")
    tab.say(type="follow", reply=sent["reply"], cursor=[0, 0, 0])
    tab.next("text")
    assert web.streams.feed._mailboxes
    tab.leave()
    until(lambda: not web.streams.feed._mailboxes, what="the mailbox to go")
    until(lambda: not web.streams._formattings._by_reply, what="the rendering to go")


def test_following_twice_on_one_socket_shows_everything_once(alice: User, open_tab: OpenTab, take: Take) -> None:
    tab = open_tab(alice)
    sent = tab.send("Hello?")
    pen = take()
    pen.say("A *word*.\n\n")
    follow = {"type": "follow", "reply": sent["reply"], "cursor": [0, 0, 0], "format": "html"}
    tab.say(**follow)
    tab.next("html")
    tab.say(**follow)
    assert tab.next("html")["html"] == '<p dir="auto">A <em>word</em>.</p>\n'
    pen.end()
    tab.next("done")
    tab.say(type="ping")
    tab.next("pong")
    assert [frame["type"] for frame in tab.frames].count("done") == 1
    done = next(frame for frame in tab.frames if frame["type"] == "done")
    assert done["html"] == '<p dir="auto">A <em>word</em>.</p>\n'


def test_a_fault_of_the_database_is_an_answer_not_the_end(alice: User, open_tab: OpenTab) -> None:
    tab = open_tab(alice)
    table = Message._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO away")
        try:
            tab.say(type="send", client_id=uuid4(), text="Hello?")
            error = tab.next("error")
        finally:
            cursor.execute(f"ALTER TABLE away RENAME TO {table}")
    assert (error["code"], error["about"]) == ("unavailable", "send")
    assert tab.send("Hello again?")["type"] == "sent"


def test_a_tab_that_is_gone_before_it_is_told_leaves_nothing_behind(
    alice: User, web: Web, take: Take, model: Model
) -> None:
    """As uvicorn does, sending to a tab that is gone raises; ``disconnect`` comes after what the tab still said."""
    headers = [(b"host", HOST.encode()), (b"origin", ORIGIN.encode()), (b"cookie", cookie_of(alice))]
    sent = say(alice)
    pen = take()
    open_before = metrics.SOCKETS._value.get()
    heard: list[str] = []
    frames: list[dict[str, object]] = [{"type": "follow", "reply": str(sent.reply)}, {"type": "ping"}]

    async def come_and_go() -> None:
        arriving: asyncio.Queue[dict[str, object]] = asyncio.Queue()
        is_gone = asyncio.Event()

        async def told(message: dict[str, str]) -> None:
            heard.append(message.get("text", ""))
            if "started" in heard[-1]:
                is_gone.set()
                raise OSError("gone")

        await arriving.put({"type": "websocket.connect"})
        scope = {"type": "websocket", "path": "/ws/", "headers": headers, "query_string": b"", "subprotocols": []}
        serving = asyncio.create_task(site()(scope, arriving.get, told))
        for frame in frames:
            await arriving.put({"type": "websocket.receive", "text": orjson.dumps(frame).decode()})
            await is_gone.wait()
        await arriving.put({"type": "websocket.disconnect", "code": 1006})
        with suppress(StopConsumer):
            await serving

    web.run(come_and_go())
    pen.say("to nobody")
    assert web.streams.feed._mailboxes == {}
    assert metrics.SOCKETS._value.get() == open_before
    assert "started" in heard[-1], "something was said after that"


def test_a_tab_is_greeted_while_its_limits_cannot_be_read(
    alice: User, open_tab: OpenTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(user_id: int) -> None:
        raise OperationalError("a test says so")

    monkeypatch.setattr("conversations.consumers.allowance", away)
    tab = open_tab(alice)
    assert tab.next("hello")["limits"] is None
    tab.say(type="ping")
    assert tab.next("pong")

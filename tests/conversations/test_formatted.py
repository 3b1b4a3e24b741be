"""Following with formatting: blocks and raw rest are always what was said so far, and in the end the whole."""

import asyncio
import re
from typing import Any
from uuid import uuid4

import orjson
import pytest

from accounts.models import User
from conversations import markdown
from conversations.database import in_database
from conversations.follow import Cursor, Follower
from conversations.formatting import Formatting
from conversations.models import Message
from conversations.rendering import LiveRender
from conversations.services import Draft, send
from inference.events.feed import Mailbox
from inference.events.items import Part
from tests.conversations.pen import Take
from tests.conversations.talk import say
from tests.freed import all_freed, held
from tests.screen import Frame, Screen
from tests.web import Reader, Web
from tests.workers import STORY, Hire

pytestmark = pytest.mark.django_db(transaction=True)

PLAIN = [f"Sentence {number} with 字 and 🚀 in it.{end}" for number, end in enumerate([" ", "\n\n", " ", "\n"] * 8)]


class Watched(Screen):
    """A page whose words are compared with what was said, after each frame, or after blocks that come together."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._bytes = said.encode()

    def read(self, frame: Frame) -> None:
        if frame["type"] == "html":
            super().read(frame)
            return
        self.check()
        super().read(frame)
        self.check()

    def check(self) -> None:
        assert words(self.shown()) == words(self._bytes[: self.cursor[2]].decode())


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_blocks_and_rest_are_what_was_said_at_every_moment(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    whole = "".join(PLAIN)
    readers = [web.follow(pen.reply.pk, html=True, has=Watched(whole))]
    for number, sentence in enumerate(PLAIN):
        pen.say(sentence)
        if number == 8:
            readers[0].until(lambda screen: screen.blocks())
        if number % 8 == 0:
            readers.append(web.follow(pen.reply.pk, html=True, has=Watched(whole)))
    readers[0].until(lambda screen: screen.blocks().count("<p ") > 8)
    row = pen.end()
    for reader in readers:
        assert rendered(reader) == {"html": markdown.render(row.text), "reasoning_html": ""}


def rendered(reader: Reader) -> dict[str, Any]:
    end = reader.end().end
    assert end is not None
    return {name: end.get(name) for name in ("html", "reasoning_html")}


def test_markdown_is_formatted_while_it_streams_and_the_same_in_the_end(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    reader, plain = web.follow(pen.reply.pk, html=True), web.follow(pen.reply.pk)
    for piece in ("Some *emp", "hasis*.\n\n", "```py\nprint(", "1)\n```\n\n", "- one\n- two\n\n", "The <b>end</b>."):
        pen.say(piece)
        pen.say("thinking **hard** ", Part.REASONING)
    reader.until(lambda screen: "<em>emphasis</em>" in screen.blocks() and "<li>" in screen.blocks())
    reader.until(lambda screen: "<strong>hard</strong>" in screen.blocks("reasoning"))
    row = pen.end()
    expected = {"html": markdown.render(row.text), "reasoning_html": markdown.render(row.reasoning)}
    assert rendered(reader) == expected
    assert "<b>" not in expected["html"]
    assert "html" not in plain.end().types
    assert rendered(plain) == {"html": None, "reasoning_html": None}
    assert rendered(web.follow(row.pk, html=True)) == expected


def test_who_comes_late_gets_every_block(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    early = web.follow(pen.reply.pk, html=True)
    for sentence in PLAIN[:12]:
        pen.say(sentence)
    early.until(lambda screen: screen.blocks().count("<p ") >= 3)
    late = web.follow(pen.reply.pk, html=True, has=Watched("".join(PLAIN)))
    late.until(lambda screen: screen.blocks() == early.screen.blocks())
    pen.end()
    assert rendered(late) == rendered(early)


def test_a_page_that_comes_back_in_the_moment_it_left_is_still_formatted(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    first = web.follow(pen.reply.pk, html=True)
    pen.say("A *first* block.\n\n")
    first.until(lambda screen: "<em>" in screen.blocks())

    async def leave_and_come_back() -> Reader:
        first._task.cancel()
        return Reader(web, web.streams.follower(pen.reply.pk, Cursor(), html=True), Screen())

    second = web.run(leave_and_come_back())
    second.until(lambda screen: "<em>" in screen.blocks())
    row = pen.end()
    assert rendered(second)["html"] == markdown.render(row.text)


def test_a_reply_that_was_looked_for_before_it_was_saved_is_formatted(alice: User, web: Web, take: Take) -> None:
    """The database is slow: those who will read it listen already, and after a while of silence look for it."""
    reply = uuid4()
    reader = web.follow(reply, html=True, fresh=True)
    follower = web.streams._formattings._by_reply[reply]._follower

    async def look() -> list[Frame]:
        return [frame async for frame in follower._catch_up()]

    assert web.run(look()) == []
    send(alice, Draft(uuid4(), "Hello?", None), reply_id=reply)
    assert [frame["type"] for frame in web.run(look())] == ["queued"]
    pen = take()
    pen.say("It is *there*.\n\n")
    row = pen.end()
    assert rendered(reader)["html"] == markdown.render(row.text) != ""


def test_a_reply_that_was_deleted_ends_for_those_who_had_found_it(alice: User, web: Web) -> None:
    sent = say(alice)

    async def look_twice() -> list[str]:
        follower = Follower(sent.reply, Cursor(), web.streams.feed, fresh=True, unsaved=True)
        found = [frame async for frame in follower._catch_up()]
        await in_database(Message.objects.filter(pk=sent.reply).delete)
        return [frame["type"] for frame in found + [frame async for frame in follower._catch_up()]]

    assert web.run(look_twice()) == ["queued", "failed"]


def test_a_story_that_changes_hands_is_formatted_whole(alice: User, web: Web, hire: Hire) -> None:
    sent = say(alice)
    reader = web.follow(sent.reply, html=True)
    hire(text=STORY, die_after=120).ticket().result(15)
    assert rendered(reader)["html"] == markdown.render(STORY)
    assert set(reader.screen.states) == {"continuing"}


def test_a_story_that_begins_anew_is_formatted_anew(alice: User, web: Web, hire: Hire) -> None:
    sent = say(alice)
    reader = web.follow(sent.reply, html=True)
    first = hire(text=STORY, rate=400)
    first.ticket()
    reader.until(lambda screen: len(screen.text) > 100 and screen.blocks())
    first.leave()
    hire(text="*Another* story.", continues_prefix=False).ticket().result(15)
    assert rendered(reader)["html"] == markdown.render("*Another* story.")
    assert "one after the other" not in reader.screen.shown()


def test_who_joins_in_the_moment_of_a_rewind_is_told_no_block_of_before(alice: User, web: Web, take: Take) -> None:
    say(alice)
    reply = take().reply.pk

    async def blocks_told() -> list[list[Any]]:
        formatting, mailbox = Formatting(reply, web.streams.feed, fresh=True), Mailbox()
        formatting.join(mailbox)
        await formatting._take({"type": "text", "text": "An *old* block.\n\n"})
        await mailbox.take()
        await formatting._take({"type": "text", "text": "Its *rendering* is under way."})
        rewinding = asyncio.create_task(formatting._take({"type": "state", "state": "rewound", "text": "An"}))
        await asyncio.sleep(0)
        joins = Mailbox()
        formatting.post_shown(joins)
        items = await joins.take()
        await rewinding
        formatting.leave(mailbox)
        return [orjson.loads(item[-1])[1] for item in items]

    assert web.run(blocks_told()) == [[], []]


@pytest.mark.usefixtures("no_collection")
def test_what_was_rendered_is_freed_when_nobody_follows_it(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    reader = web.follow(pen.reply.pk, html=True)
    for sentence in PLAIN:
        pen.say(sentence)
    reader.until(lambda screen: screen.blocks())
    assert {"Formatting", "LiveRender", "Follower"} <= set(held(Formatting, LiveRender, Follower))
    pen.end()
    reader.end()
    reader.leave()
    all_freed(Formatting, LiveRender, Follower)

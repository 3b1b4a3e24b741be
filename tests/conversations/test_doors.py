"""Pages, requests and server-sent events: the same verbs and events as the socket, for their owner only."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import orjson
import pytest
from asgiref.testing import ApplicationCommunicator

from accounts.models import User
from conversations.models import Conversation, Message
from conversations.services import Sent
from inference.model import Model
from moderation.models import Incident
from tests.conversations.browsing import Browse, Browser
from tests.conversations.pen import Take
from tests.conversations.talk import incident_of, reply_of, say, settle, withhold
from tests.limits.stories import policy
from tests.screen import Screen
from tests.tabs import HOST, OpenTab, cookie_of, site
from tests.waiting import until
from tests.web import Web
from tests.workers import STORY, Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def frame(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "send", "client_id": uuid4(), "text": text, **more}


def events(response: Any, page: Screen | None = None) -> Screen:
    """What a page shows of a stream of server-sent events."""
    assert (response.status_code, response["Content-Type"]) == (200, "text/event-stream")
    page = page or Screen()
    for block in response.whole.decode().rstrip("\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        said = orjson.loads(fields["data"])
        page.read(said)
        assert fields["event"] == said["type"]
        assert fields["id"] == "-".join(map(str, page.cursor))
    return page


# --- Every door is tried by each --------------------------------------------------------------------------------------

DOORS: dict[str, tuple[Callable[[Browser, Sent], Any], int, int]] = {
    "page": (lambda one, sent: one.get(f"/c/{sent.conversation.pk}/"), 200, 302),
    "news": (lambda one, sent: one.get(f"/c/{sent.conversation.pk}/news"), 200, 401),
    "events": (lambda one, sent: one.get(f"/replies/{sent.reply}/events"), 200, 401),
    "stop": (lambda one, sent: one.post(f"/replies/{sent.reply}/stop/"), 202, 401),
    "send": (lambda one, sent: one.post("/messages/", frame("Hi", conversation=sent.conversation.pk)), 200, 401),
    "report": (lambda one, sent: one.post(f"/replies/{sent.reply}/report/", {"reason": "wrong"}), 202, 401),
    "appeal": (lambda one, sent: one.post(f"/incidents/{incident_of(sent)}/appeal/", {"text": "Why?"}), 202, 401),
    "appeal for a reply": (lambda one, sent: one.post(f"/replies/{sent.reply}/appeal/", {"text": "Why?"}), 202, 401),
}


@pytest.mark.parametrize("door", DOORS)
def test_only_the_owner_gets_through(
    alice: User, bob: User, mallory: User, grace: User, browse: Browse, *, door: str
) -> None:
    go, opened, stranger = DOORS[door]
    sent = say(alice, "Alice's secret question")
    withhold(sent, "a secret answer")
    nothing = Sent(Conversation(pk=uuid4()), uuid4(), uuid4(), first=True)
    for other in (bob, mallory, grace):
        answer, unknown = go(browse(other), sent), go(browse(other), nothing)
        assert (answer.status_code, unknown.status_code) == (404, 404)
        assert b"secret" not in answer.content
    outside = go(browse(None), sent)
    assert outside.status_code == stranger
    assert b"secret" not in outside.content
    assert Message.objects.count() == 2
    assert not Incident.objects.exclude(rule=7, appealed_at=None).exists()
    assert go(browse(alice), sent).status_code == opened


def test_ones_own_limits_are_told_to_oneself_only(alice: User, bob: User, browse: Browse) -> None:
    policy(alice, tokens_per_day=1000)
    hers, his = (browse(one).get("/limits/").json() for one in (alice, bob))
    assert hers["type"] == his["type"] == "limits"
    assert (hers["limits"]["standing"]["day"]["limit"], his["limits"]["standing"]["day"]) == (1000, None)
    assert browse(None).get("/limits/").status_code == 401


def test_a_persons_own_message_is_no_reply(alice: User, browse: Browse) -> None:
    sent = say(alice)
    for path in (f"/replies/{sent.message}/events", f"/replies/{sent.conversation.pk}/events"):
        assert browse(alice).get(path).status_code == 404
    for path, said in (("stop", {}), ("report", {"reason": "wrong"}), ("appeal", {"text": "Why?"})):
        assert browse(alice).post(f"/replies/{sent.message}/{path}/", said).status_code == 404


def test_the_sidebar_holds_ones_own_conversations_only(alice: User, bob: User, browse: Browse) -> None:
    say(alice, "Alice's own question")
    say(bob, "Bob's own question")
    for path in ("/", "/conversations/?before=2999-01-01T00:00:00Z"):
        hers = browse(alice).get(path).content.decode()
        assert ("Alice&#x27;s own" in hers, "Bob&#x27;s own" in hers) == (True, False)
        assert browse(None).get(path).status_code == 302


@pytest.mark.parametrize("kind", ["open", "follow", "stop", "send"])
def test_frames_about_what_is_not_ones_own_find_nothing(
    alice: User, bob: User, mallory: User, grace: User, open_tab: OpenTab, *, kind: str
) -> None:
    sent = say(alice, "Alice's secret question")
    settle(sent, text="a secret answer")
    about: dict[str, dict[str, Any]] = {
        "open": {"conversation": sent.conversation.pk, "cursors": {str(sent.reply): [0, 0, 0]}},
        "follow": {"reply": sent.reply, "cursor": [0, 0, 0]},
        "stop": {"reply": sent.reply},
        "send": {"conversation": sent.conversation.pk, "client_id": uuid4(), "text": "Let me in", "parent": sent.reply},
    }
    more = about[kind]
    for other in (bob, mallory, grace):
        tab = open_tab(other)
        tab.say(type=kind, **more)
        error = tab.next("error")
        assert (error["code"], error["about"]) == ("not_found", kind)
        assert "secret" not in str(tab.frames)
    assert Message.objects.count() == 2
    hers = open_tab(alice)
    hers.say(type=kind, **more)
    hers.say(type="ping")
    hers.next("pong")
    assert "error" not in [one["type"] for one in hers.frames]


def test_opening_ones_own_conversation_does_not_open_anothers_reply(alice: User, bob: User, open_tab: OpenTab) -> None:
    secret, his = say(alice), say(bob)
    settle(secret, text="a secret answer")
    settle(his, text="his answer")
    tab = open_tab(bob)
    cursors = {str(reply): [0, 0, 0] for reply in (secret.reply, his.reply)}
    tab.say(type="open", conversation=his.conversation.pk, after=secret.reply, cursors=cursors)
    tab.next("done")
    tab.say(type="ping")
    tab.next("pong")
    assert "his answer" in str(tab.frames)
    assert "secret" not in str(tab.frames)


# --- Requests ---------------------------------------------------------------------------------------------------------


def test_a_message_is_sent_and_stopped_by_request(alice: User, browse: Browse, open_tab: OpenTab) -> None:
    browser, tab = browse(alice), open_tab(alice)
    tab.next("hello")
    asked = frame("Hello?")
    sent = browser.post("/messages/", asked)
    assert sent.status_code == 200
    assert browser.post("/messages/", asked).json() == sent.json()
    answer = sent.json()
    assert (answer["type"], answer["client_id"], answer["first"]) == ("sent", str(asked["client_id"]), True)
    assert tab.next("changed")["conversation"] == answer["conversation"]["id"]
    news = browser.get(f"/c/{answer['conversation']['id']}/news?after={answer['message']}")
    assert news.json()["unfinished"] == [answer["reply"]]
    assert browser.post(f"/replies/{answer['reply']}/stop/").status_code == 202
    assert reply_of(answer["reply"]).state == "stopped"


def test_what_cannot_be_sent_is_refused_by_request_too(alice: User, browse: Browse, model: Model) -> None:
    browser = browse(alice)
    for asked, code in (
        (frame(" "), "empty"),
        (frame("x" * 200_000), "too_long"),
        (frame("x", model="m"), "unknown_model"),
    ):
        no = browser.post("/messages/", asked)
        assert (no.status_code, no.json()["code"]) == (422, code)
        assert no.json()["client_id"] == str(asked["client_id"])
    for bad in (b"", b"not json", b"[]", b'{"type":"ping"}', b'{"type":"send"}', b"\xff", b"[" * 5000):
        assert browser.post("/messages/", bad).status_code == 400
    assert browser.post("/messages/", b" " * 1_100_000).status_code in {400, 413}
    assert not Message.objects.exists()


def test_requests_from_other_sites_change_nothing(alice: User, browse: Browse) -> None:
    browser = browse(alice, csrf=True)
    sent = say(alice)
    assert browser.post("/messages/", frame("Forged")).status_code == 403
    assert browser.post(f"/replies/{sent.reply}/stop/").status_code == 403
    assert browser.post(f"/replies/{sent.reply}/report/", {"reason": "wrong"}).status_code == 403
    assert Message.objects.count() == 2
    assert reply_of(sent).state == "queued"
    browser.get("/")
    token = {"headers": {"X-CSRFToken": browser.client.cookies["csrftoken"].value}}
    assert browser.post("/messages/", frame("Hers"), **token).status_code == 200
    assert browser.post(f"/replies/{sent.reply}/stop/", **token).status_code == 202


def test_doors_open_one_way(alice: User, browse: Browse) -> None:
    sent, browser = say(alice), browse(alice)
    reply = f"/replies/{sent.reply}"
    for path in (
        "/messages/",
        f"{reply}/stop/",
        f"{reply}/report/",
        f"{reply}/appeal/",
        f"/incidents/{uuid4()}/appeal/",
    ):
        assert browser.get(path).status_code == 405
    for path in ("/", f"/c/{sent.conversation.pk}/news", f"{reply}/events", "/conversations/", "/limits/"):
        assert browser.post(path).status_code == 405


@pytest.mark.parametrize(
    "before",
    ["", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "\x00"],
)
def test_older_conversations_are_older_than_a_time(alice: User, browse: Browse, before: str) -> None:
    assert browse(alice).get(f"/conversations/?before={quote(before)}").status_code == 400


def test_older_conversations_come_in_pages(alice: User, browse: Browse) -> None:
    conversations = [say(alice, f"Number {number:02}").conversation for number in range(55)]
    edge = Conversation.objects.get(pk=conversations[5].pk).updated_at.isoformat()
    page = browse(alice).get(f"/conversations/?before={quote(edge)}").content.decode()
    assert [f"Number {number:02}" in page for number in range(7)] == [True] * 5 + [False] * 2
    assert browse(alice).get("/").content.decode().count("Number ") >= 50


# --- Server-sent events -----------------------------------------------------------------------------------------------


def test_server_sent_events_are_those_of_the_socket(alice: User, browse: Browse, open_tab: OpenTab, hire: Hire) -> None:
    tab = open_tab(alice)
    sent = tab.send("Tell me a story")
    hire(text=STORY, reasoning="hm 🤔").ticket().result(15)
    seen, streamed = tab.screen(sent["reply"]), browse(alice).get(f"/replies/{sent['reply']}/events?format=text")
    page = events(streamed)
    assert (page.text, page.reasoning) == (seen.text, seen.reasoning) == (STORY, "hm 🤔")
    assert page.end == seen.end
    assert (streamed["Cache-Control"], streamed["X-Accel-Buffering"]) == ("no-store", "no")
    formatted = events(browse(alice).get(f"/replies/{sent['reply']}/events")).end
    assert formatted is not None
    assert "naïve" in formatted["html"]


def test_a_stream_of_events_goes_on_after_the_last_one_that_arrived(alice: User, browse: Browse, take: Take) -> None:
    say(alice)
    pen = take()
    pen.say("字 one, ")
    pen.say("two")
    where = f"/replies/{pen.reply.pk}/events?format=text"
    pen.end()
    last = "0-0-9"
    by_header = browse(alice).get(where, headers={"Last-Event-ID": last})
    for response in (by_header, browse(alice).get(f"{where}&cursor={last}")):
        page = events(response, Screen("字 one, "))
        assert (page.text, page.types) == ("字 one, two", ["text", "done"])
    everything = browse(alice).get(f"{where}&cursor=0-0-3", headers={"Last-Event-ID": "0-0-0"})
    assert events(everything).text == "字 one, two", "what the browser itself remembers wins"


@pytest.mark.parametrize(
    "cursor",
    ["1", "0-0", "0-0-0-0", "a-b-c", "0--1-0", "-1-0-0", "0-0-1.5", "0-0-2147483648", "0-0-²", "0-0-" + "9" * 5000],
)
def test_a_cursor_that_is_none_is_refused(alice: User, browse: Browse, cursor: str) -> None:
    sent = say(alice)
    settle(sent)
    answer = browse(alice).get(f"/replies/{sent.reply}/events?cursor={quote(cursor)}")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_who_leaves_a_stream_of_events_leaves_nothing_behind(alice: User, web: Web, take: Take) -> None:
    say(alice)
    pen = take()
    pen.say("a word")
    headers = [(b"host", HOST.encode()), (b"cookie", cookie_of(alice))]
    scope = {"type": "http", "method": "GET", "path": f"/replies/{pen.reply.pk}/events", "query_string": b""}

    async def read_a_little_and_leave() -> None:
        communicator: Callable[..., Any] = ApplicationCommunicator
        request = communicator(site(), {**scope, "headers": headers})
        await request.send_input({"type": "http.request"})
        while b"a word" not in (await request.output_queue.get()).get("body", b""):
            continue
        assert web.streams.feed._mailboxes
        await request.send_input({"type": "http.disconnect"})
        await request.wait(10)

    web.run(read_a_little_and_leave())
    until(lambda: not web.streams.feed._mailboxes, what="the mailbox to go")

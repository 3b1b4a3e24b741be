"""What only real processes show: a web server, a Celery worker with the engine, and clients over the network."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.screen import Frame, Screen
from tests.sites import Site

QUESTION = "Tell me something long: 你好 🚀 @echo=true @tokens=300 @rate=300"
PATIENCE_S = 15


class Visitor:
    """A signed-in person's browser: requests, and sockets with its cookies."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = httpx.Client(base_url=site.url, timeout=PATIENCE_S)
        form = self.http.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        who = {"login": site.admin, "password": site.password, "csrfmiddlewaretoken": token[1]}
        assert self.http.post("/accounts/login/", data=who).status_code == 302

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    def socket(self, origin: str | None = "", cookie: str | None = None) -> ClientConnection:
        where = self.site.url.replace("http", "ws") + "/ws/"
        headers = {"Cookie": self.cookie if cookie is None else cookie}
        said: Any = self.site.url if origin == "" else origin
        return connect(where, origin=said, additional_headers=headers, compression=None, close_timeout=1)

    def post(self, path: str, body: bytes = b"") -> httpx.Response:
        return self.http.post(path, content=body, headers={"X-CSRFToken": self.http.cookies["csrftoken"]})


@pytest.fixture(scope="module")
def visitor(scripted_site: Site) -> Iterator[Visitor]:
    one = Visitor(scripted_site)
    yield one
    one.http.close()


@pytest.fixture
def socket(visitor: Visitor) -> Iterator[ClientConnection]:
    with visitor.socket() as one:
        assert heard(one)["type"] == "hello"
        yield one


def heard(socket: ClientConnection) -> Frame:
    frame: Frame = orjson.loads(socket.recv(PATIENCE_S))
    return frame


def say(socket: ClientConnection, **frame: Any) -> None:
    socket.send(orjson.dumps(frame, default=str).decode())


def ask(socket: ClientConnection, text: str) -> Frame:
    say(socket, type="send", client_id=uuid4(), text=text, format="text")
    sent = heard(socket)
    assert sent["type"] == "sent", sent
    return sent


def read(socket: ClientConnection, reply: str, page: Screen) -> Screen:
    """Everything about the reply, to its end."""
    while page.end is None:
        frame = heard(socket)
        if frame.get("reply") == reply:
            page.read(frame)
    return page


def code_of(socket: ClientConnection, answers: list[Frame] | None = None) -> int | None:
    """The close code, after what else still comes."""
    try:
        while True:
            frame = heard(socket)
            if answers is not None:
                answers.append(frame)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def test_a_question_is_answered_through_every_process(visitor: Visitor, socket: ClientConnection) -> None:
    sent = ask(socket, QUESTION)
    with visitor.socket() as second:
        heard(second)
        say(second, type="open", conversation=sent["conversation"]["id"], format="text")
        pages = [read(one, sent["reply"], Screen()) for one in (socket, second)]
    with visitor.http.stream("GET", f"/replies/{sent['reply']}/events?format=text") as stream:
        said = [orjson.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    again = Screen()
    for frame in said:
        again.read(frame)
    assert len(pages[0].text) > len(QUESTION) * 2
    assert (QUESTION * 100).startswith(pages[0].text)
    assert pages[0].text == pages[1].text == again.text
    assert pages[0].end == pages[1].end == again.end
    assert sent["conversation"]["url"] in visitor.http.get("/").text


def test_events_stream_while_the_reply_is_written_and_a_request_stops_it(
    visitor: Visitor, socket: ClientConnection
) -> None:
    sent = ask(socket, "Go on @tokens=10000 @rate=50")
    page = Screen()
    with visitor.http.stream("GET", f"/replies/{sent['reply']}/events?format=text") as stream:
        for line in stream.iter_lines():
            if not line.startswith("data: "):
                continue
            page.read(orjson.loads(line[6:]))
            if page.types.count("text") == 3:
                assert visitor.post(f"/replies/{sent['reply']}/stop/").status_code == 202
    assert page.types[-1] == "stopped"
    assert page.text == read(socket, sent["reply"], Screen()).text


def test_a_tab_that_leaves_in_the_middle_comes_back_to_the_whole(visitor: Visitor) -> None:
    page = Screen()
    with visitor.socket() as first:
        heard(first)
        sent = ask(first, QUESTION)
        while len(page.text) < 100:
            frame = heard(first)
            if frame.get("reply"):
                page.read(frame)
    with visitor.socket() as second:
        heard(second)
        where = sent["conversation"]["id"]
        say(second, type="open", conversation=where, cursors={sent["reply"]: page.cursor}, format="text")
        whole = read(second, sent["reply"], page)
    assert whole.states == []
    assert whole.types.count("done") == 1


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null"])
def test_other_sites_open_no_socket(visitor: Visitor, origin: str | None) -> None:
    with pytest.raises(InvalidStatus) as refused:
        visitor.socket(origin=origin)
    assert refused.value.response.status_code == 403


def test_who_is_not_signed_in_is_told_so_by_the_close_code(visitor: Visitor) -> None:
    with visitor.socket(cookie="sessionid=made-up") as stranger:
        assert code_of(stranger) == 4401


def test_a_frame_over_the_limit_closes_one_under_it_is_answered(socket: ClientConnection) -> None:
    long = "x" * 200_000
    say(socket, type="send", client_id=uuid4(), text=long)
    assert heard(socket)["code"] == "too_long"
    socket.send("x" * 1_000_000)
    assert heard(socket)["code"] == "malformed"
    socket.send(b"\x00\xff")
    assert heard(socket)["code"] == "binary"
    begins_a_frame_of = (0x81FF).to_bytes(2) + (2**20 + 1).to_bytes(8)
    socket.socket.sendall(begins_a_frame_of + b"mask")
    assert code_of(socket) == 1009


def test_a_thousand_frames_in_a_burst_close_their_socket_and_slow_nobody(
    visitor: Visitor, socket: ClientConnection
) -> None:
    others: list[float] = []
    with visitor.socket() as loud:
        for number in range(1000):
            with suppress(ConnectionClosed):
                loud.send('{"type": "ping"}')
            if number % 200 == 100:
                others.append(round_trip(socket))
        assert sorted(others)[2] < 0.5, "half of them: what else the machine does only adds"
        answers: list[Frame] = []
        assert code_of(loud, answers) == 4429
    assert [answer["type"] for answer in answers[1:]] == ["pong"] * (len(answers) - 2) + ["error"]
    assert answers[-1]["code"] == "too_fast"
    assert 40 <= len(answers) < 200


def round_trip(socket: ClientConnection) -> float:
    began = time.monotonic()
    say(socket, type="ping")
    assert heard(socket)["type"] == "pong"
    return time.monotonic() - began


def test_the_site_is_ready_and_no_log_has_a_word_of_what_was_said(visitor: Visitor, socket: ClientConnection) -> None:
    sent = ask(socket, "secret-zebra @echo=true @tokens=8")
    assert "secret-zebra" in read(socket, sent["reply"], Screen()).text
    ready = visitor.http.get("/readyz")
    models = ready.json().pop("models")
    assert (ready.status_code, set(models.values())) == (200, {"ready"})
    assert all(ready.json().values())
    logs = "".join(path.read_text() for path in (visitor.site.data / "logs").iterdir()) + visitor.site.log
    assert sent["reply"] in logs, "the logs are about something else"
    assert "secret-zebra" not in logs
    assert "Traceback" not in logs

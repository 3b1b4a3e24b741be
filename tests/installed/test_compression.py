"""HTML goes compressed, and nothing else does: not JSON, not what is small, never a stream."""

import gzip
import re
import statistics
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory

from accounts.models import User
from chatsite import compression
from chatsite.compression import AT_ONCE, PADDING, SMALLEST, compress_html, compressed

LONG = "<p>Words, and words again, and more of them.</p>" * 60


def answered(response: Any, accepts: str = "gzip, deflate, br") -> Any:
    """What a browser that accepts these encodings gets of this response."""
    middleware = compress_html(lambda request: response)
    return middleware(RequestFactory().get("/", headers={"accept-encoding": accepts}))


def test_a_page_is_smaller_and_the_same() -> None:
    answer = answered(HttpResponse(LONG))
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert len(answer.content) < len(LONG) / 5
    assert gzip.decompress(answer.content).decode() == LONG


@pytest.mark.parametrize("accepts", ["", "br", "identity", "gzip;q=0", "br, gzip; q=0.0, identity", "xgzipped"])
def test_who_does_not_take_it_gets_it_plain(accepts: str) -> None:
    answer = answered(HttpResponse(LONG), accepts)
    assert not answer.has_header("Content-Encoding")
    assert answer.content.decode() == LONG
    assert answer.headers["Vary"] == "Accept-Encoding", "a proxy must keep both apart"


@pytest.mark.parametrize("accepts", ["gzip", "br, gzip", "gzip;q=0.5", "deflate, gzip;q=1.0, *;q=0.5"])
def test_who_takes_it_says_so_in_many_ways(accepts: str) -> None:
    assert answered(HttpResponse(LONG), accepts).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "response",
    [
        JsonResponse({"text": LONG}),
        HttpResponse(LONG, content_type="text/plain"),
        HttpResponse(LONG, content_type="text/event-stream"),
        HttpResponse(LONG[: SMALLEST - 1]),
        HttpResponse(b"\x1f\x8b" + LONG.encode(), headers={"Content-Encoding": "br"}),
        HttpResponse(),
    ],
    ids=["json", "plain", "events", "small", "compressed already", "empty"],
)
def test_what_is_no_page_stays_as_it_is(response: HttpResponse) -> None:
    before = (response.content, response.get("Content-Encoding"))
    answer = answered(response)
    assert (answer.content, answer.get("Content-Encoding")) == before
    assert not answer.has_header("Vary")


def test_a_stream_is_never_touched() -> None:
    stream = StreamingHttpResponse(iter([LONG.encode()]), content_type="text/html")
    assert answered(stream) is stream
    assert not stream.has_header("Content-Encoding")
    assert b"".join(stream) == LONG.encode()


async def test_a_stream_comes_piece_by_piece_as_it_is_made(async_rf: Any) -> None:
    """Nothing between view and server waits for the next piece: each is there before the next is asked for."""
    made: list[int] = []

    async def pieces() -> AsyncIterator[bytes]:
        for number in range(3):
            made.append(number)
            yield b"data: %d\n\n" % number

    async def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(pieces(), content_type="text/event-stream")

    response = await compress_html(view)(async_rf.get("/", headers={"accept-encoding": "gzip"}))
    assert not response.has_header("Content-Encoding")
    read = aiter(response.streaming_content)
    for number in range(3):
        assert await anext(read) == b"data: %d\n\n" % number
        assert made == list(range(number + 1))


@pytest.mark.parametrize("length", [SMALLEST, AT_ONCE, AT_ONCE * 4])
async def test_a_page_of_any_length_from_an_asynchronous_view(async_rf: Any, length: int) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("x" * length)

    response = await compress_html(view)(async_rf.get("/", headers={"accept-encoding": "gzip"}))
    assert gzip.decompress(response.content) == b"x" * length


@pytest.mark.parametrize(("length", "is_beside"), [(AT_ONCE, False), (AT_ONCE + 1, True)])
async def test_a_long_page_is_compressed_beside_the_event_loop(
    async_rf: Any, monkeypatch: pytest.MonkeyPatch, length: int, *, is_beside: bool
) -> None:
    threads: list[int] = []

    def watched(page: bytes) -> bytes:
        threads.append(threading.get_ident())
        return compressed(page)

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("x" * length)

    monkeypatch.setattr(compression, "compressed", watched)
    await compress_html(view)(async_rf.get("/", headers={"accept-encoding": "gzip"}))
    assert [one != threading.get_ident() for one in threads] == [is_beside]
    assert AT_ONCE < 100_000, "a page of this length takes about a millisecond"
    assert compression.LEVEL < 6, "what a higher level saves is not worth its time"


def test_the_length_of_the_same_page_varies() -> None:
    """Who can guess at the page's words must not be told by its length whether they guessed right (BREACH)."""
    lengths = {len(compressed(LONG.encode())) for _ in range(200)}
    assert len(lengths) > PADDING / 4
    assert max(lengths) - min(lengths) <= PADDING


def test_the_padding_costs_little() -> None:
    lengths = [len(compressed(LONG.encode())) for _ in range(100)]
    assert statistics.mean(lengths) < min(lengths) + PADDING


@pytest.mark.django_db
def test_pages_of_the_site_come_compressed_with_a_token_that_is_never_the_same(alice: User) -> None:
    client = Client(headers={"accept-encoding": "gzip"})
    client.force_login(alice)
    tokens = set()
    for _ in range(2):
        answer = client.get("/accounts/appearance/")
        assert answer.headers["Content-Encoding"] == "gzip"
        tokens |= set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', gzip.decompress(answer.content).decode()))
    assert len(tokens) >= 2, "a token that stays could be guessed letter by letter from the page's length"


@pytest.mark.django_db(transaction=True)
async def test_the_chat_page_comes_compressed_and_its_json_does_not(alice: User) -> None:
    client, takes = AsyncClient(), {"accept-encoding": "gzip"}
    await client.aforce_login(alice)
    page = await client.get("/accounts/usage/", headers=takes)
    assert page.headers["Content-Encoding"] == "gzip"
    limits = await client.get("/limits/", headers=takes)
    assert not limits.has_header("Content-Encoding")

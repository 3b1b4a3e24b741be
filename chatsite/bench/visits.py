"""What a well-behaved person notices: signing in, the page, and a message, each timed as they would wait for it."""

import asyncio
import http.client
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from chatsite.bench import figures, site
from chatsite.bench.client import Socket

WHO = "admin"
STEPS = ("sign_in", "page", "socket", "first_text")
TOKENS = 16
PATIENCE_S = 120.0  # with a site that has much to do
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@dataclass(frozen=True, slots=True)
class Visit:
    """Seconds. ``first_text_s`` is from the message to the first of its reply, with the engine's own time."""

    sign_in_s: float
    page_s: float
    socket_s: float
    first_text_s: float


async def visits(port: int, password: str, count: int) -> list[Visit]:
    """One after the other, each signing in anew. Raises BenchError when the site did not serve one."""
    return [await _visit(port, password) for _ in range(count)]


def times(made: list[Visit]) -> figures.Row:
    """Medians and worst, in milliseconds."""
    row: figures.Row = {}
    for name in STEPS:
        taken = [getattr(visit, f"{name}_s") * 1000 for visit in made]
        row |= {f"{name}_ms_p50": figures.percentile(taken, 0.5), f"{name}_ms_worst": max(taken, default=0.0)}
    return row


async def _visit(port: int, password: str) -> Visit:
    try:
        cookie, sign_in_s = await asyncio.to_thread(_sign_in, port, password)
        page_s = await asyncio.to_thread(_page, port, cookie)
        began = time.monotonic()
        socket = await Socket.open(port, cookie)
        socket_s = time.monotonic() - began
        first_text_s = await _first_text(socket)
    except (OSError, http.client.HTTPException) as error:
        raise site.BenchError(f"a well-behaved person was not served: {error!r}") from error
    return Visit(sign_in_s, page_s, socket_s, first_text_s)


def _sign_in(port: int, password: str) -> tuple[str, float]:
    """The cookies, and how long form and answer took together."""
    began = time.monotonic()
    form, cookies = _ask(port, "/accounts/login/", {}, HTTPStatus.OK)
    token = TOKEN.search(form)
    who = {"login": WHO, "password": password, "csrfmiddlewaretoken": token[1] if token else ""}
    headers = {"Cookie": _header(cookies), "Content-Type": "application/x-www-form-urlencoded"}
    _, more = _ask(port, "/accounts/login/", headers, HTTPStatus.FOUND, urlencode(who))
    return _header(cookies | more), time.monotonic() - began


def _page(port: int, cookie: str) -> float:
    began = time.monotonic()
    _ask(port, "/", {"Cookie": cookie}, HTTPStatus.OK)
    return time.monotonic() - began


async def _first_text(socket: Socket) -> float:
    socket.ask(f"@tokens={TOKENS} Is anybody there?", html=True)
    await asyncio.wait([socket.ended], timeout=PATIENCE_S)
    reply = socket.heard(TOKENS)
    socket.close()
    if fault := reply.unsent or reply.fault:
        raise site.BenchError(f"a reply did not come whole: {fault}")
    return reply.ttft_s


def _ask(
    port: int, path: str, headers: dict[str, str], expected: HTTPStatus, form: str | None = None
) -> tuple[str, dict[str, str]]:
    """What a page says, or a form that is sent, and the cookies that are set."""
    method = "POST" if form else "GET"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, form, headers)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        if answer.status != expected:
            raise site.BenchError(f"{method} {path} answers {answer.status}")
        jar = SimpleCookie("\n".join(answer.headers.get_all("Set-Cookie", [])))
        return text, {name: morsel.value for name, morsel in jar.items()}
    finally:
        connection.close()


def _header(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())

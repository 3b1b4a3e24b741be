"""What the terminal is told of the start: when the site is ready, and which models are so only later."""

import io
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chatsite.supervisor import readiness
from chatsite.supervisor.console import Console
from chatsite.supervisor.preparation import Prepared
from chatsite.supervisor.readiness import Readiness
from tests.engines.subjects import model
from tests.worker.test_presence import speak

FIRST = replace(model("scripted"), name="first", label="First model", slots=4)
SECOND = replace(model("scripted"), name="second", label="Second model", slots=2)
NAMED = "Models    First model on scripted, 4 replies at once; Second model on scripted, 2 replies at once"


class Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


class Terminal:
    """Looks as often as the supervisor does; ``text`` is what it has printed."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self._readiness = Readiness(Console(self._stream), Prepared((FIRST, SECOND), "admin"), time.monotonic())

    def look(self) -> bool:
        return self._readiness.look()

    @property
    def text(self) -> str:
        return self._stream.getvalue()


@pytest.fixture
def web(settings: Any) -> Iterator[None]:
    """A web process that answers."""
    with HTTPServer(("127.0.0.1", 0), Web) as server:
        settings.BIND, settings.PORT = "127.0.0.1", server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(readiness, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(readiness, "LATER_EVERY", 0.0)
    return Terminal()


@pytest.mark.usefixtures("web")
def test_a_model_that_is_ready_later_is_told_of_later(terminal: Terminal) -> None:
    assert not terminal.look()
    assert "First model: the engine is starting" in terminal.text
    speak("first", "starting", model="first")
    speak("second", "starting", model="second")
    assert not terminal.look()
    assert "Ready in" not in terminal.text
    speak("first", "ready", model="first")
    assert not terminal.look()
    assert f"{NAMED} (starting)\n" in terminal.text
    assert "Ready in" in terminal.text
    assert not terminal.look()
    assert "is ready" not in terminal.text
    speak("second", "ready", model="second")
    assert terminal.look()
    assert "Second model is ready (" in terminal.text
    assert "First model is ready" not in terminal.text
    assert terminal.text.count("Ready in") == 1


@pytest.mark.usefixtures("web")
def test_a_model_that_is_ready_with_the_site_is_told_of_once(terminal: Terminal) -> None:
    speak("second", "ready", model="second")
    assert not terminal.look()
    assert "Ready in" not in terminal.text
    speak("first", "ready", model="first")
    assert terminal.look()
    assert f"{NAMED}\n" in terminal.text
    assert "is ready" not in terminal.text


@pytest.mark.usefixtures("web")
def test_what_does_not_come_is_not_waited_for_without_end(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    speak("first", "ready", model="first")
    assert not terminal.look()
    assert not terminal.look()
    monkeypatch.setattr(readiness, "LATER_FOR", 0.0)
    assert terminal.look()
    assert "is ready" not in terminal.text


def test_models_without_a_web_process_are_no_site(terminal: Terminal, settings: Any) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and does not listen
        settings.BIND, settings.PORT = silent.getsockname()
        speak("first", "ready", model="first")
        speak("second", "ready", model="second")
        assert not terminal.look()
    assert "Ready in" not in terminal.text
    assert "The web process is starting" in terminal.text

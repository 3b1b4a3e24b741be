"""Over the network, to real processes: a server that notices a client that goes away, a worker, and what both count."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.programs import CHAT, question
from tests.metrics.scrapes import all_of, value
from tests.sites import Site
from tests.waiting import until

MAKE_A_KEY = """
from accounts import api_keys
from accounts.models import User
print(api_keys.create(User.objects.get(username="admin"), "real", scopes=["chat", "models"])[1])
"""
LONG = "Tell me something long. @tokens=4000 @rate=50"
FREED_S = 10  # of 80 that it would take; the design says 0.2, which the benchmark looks at


@pytest.fixture(scope="module")
def line(scripted_site: Site) -> Iterator[httpx.Client]:
    secret = scripted_site.manage("shell", "-c", MAKE_A_KEY).split()[-1]
    with httpx.Client(base_url=scripted_site.url, timeout=20) as client:
        client.headers["Authorization"] = f"Bearer {secret}"
        yield client


def live(site: Site) -> float:
    return value(all_of(site)["chatsite-worker"], "chatsite_engine_live_replies")


def asked(site: Site, status: str) -> float:
    """None is no sample before the first."""
    families = all_of(site)["chatsite-web"]
    labels = {"door": "chat_completions", "status": status}
    counted = [sample for sample in families["chatsite_api_requests"].samples if sample.name.endswith("_total")]
    return sum(sample.value for sample in counted if labels.items() <= sample.labels.items())


def test_whole_and_in_pieces(scripted_site: Site, line: httpx.Client) -> None:
    before = asked(scripted_site, "200")
    whole = line.post(CHAT, json=question("Hello @tokens=20")).json()
    assert whole["usage"]["completion_tokens"] == 20
    stream = line.post(CHAT, json=question("Hello @tokens=20", stream=True))
    blocks = [block.removeprefix("data: ") for block in stream.text.split("\n\n") if block]
    assert blocks[-1] == "[DONE]"
    said: list[Any] = [json.loads(block)["choices"][0]["delta"].get("content", "") for block in blocks[:-1]]
    assert "".join(said) == whole["choices"][0]["message"]["content"]
    assert asked(scripted_site, "200") == before + 2


def test_what_is_refused_is_counted(scripted_site: Site, line: httpx.Client) -> None:
    before = asked(scripted_site, "400")
    assert line.post(CHAT, json=question(temperature=9)).status_code == 400
    assert asked(scripted_site, "400") == before + 1


@pytest.mark.parametrize("stream", [True, False])
def test_a_closed_connection_frees_the_engine(scripted_site: Site, line: httpx.Client, stream: bool) -> None:
    with httpx.Client(base_url=scripted_site.url, headers=line.headers, timeout=20) as leaver:
        if stream:
            with leaver.stream("POST", CHAT, json=question(LONG, stream=True)) as answer:
                pieces = answer.iter_text()  # kept: where it is let go, the connection is closed
                next(pieces)
                until(lambda: live(scripted_site) == 1)
        else:
            with pytest.raises(httpx.ReadTimeout):
                leaver.post(CHAT, json=question(LONG), timeout=1)
    left = time.monotonic()
    until(lambda: live(scripted_site) == 0, 2 * FREED_S)
    took = time.monotonic() - left
    assert took < FREED_S, f"it took {took:.2f} s"


def test_no_log_has_what_was_said(scripted_site: Site, line: httpx.Client) -> None:
    answer = line.post(CHAT, json=question("Marmalade @echo=true @tokens=0"))
    assert "Marmalade" in answer.text
    logs = "".join(path.read_text() for path in (scripted_site.data / "logs").glob("*.log"))
    assert "Marmalade" not in logs + scripted_site.log
    assert answer.headers["X-Request-Id"] in logs

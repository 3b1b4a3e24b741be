"""A model answers a person in a browser, through the whole path, on each engine that the catalog knows.

The bundled one does on those that hold weights; behind the OpenAI-compatible server is a script.
"""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import sign_in
from tests.page.people import ask, connected, finished, replies, shown
from tests.sites import Site

QUESTION = "What is the capital of France? Answer in one sentence."


ENGINES = [
    pytest.param("llamacpp", id="llama.cpp"),
    pytest.param("openai", id="OpenAI-compatible", marks=pytest.mark.long),
    pytest.param("vllm", id="vLLM", marks=[pytest.mark.vllm, pytest.mark.long]),
    pytest.param("transformers", id="Transformers", marks=[pytest.mark.transformers, pytest.mark.long]),
]


@pytest.mark.browser
@pytest.mark.parametrize("engine", ENGINES)
def test_a_real_question_is_answered_and_the_talk_goes_on(
    engine: str, browser: Browser, request: pytest.FixtureRequest
) -> None:
    site: Site = request.getfixturevalue(f"{engine}_site")
    page = sign_in(browser, site)
    connected(page)
    ask(page, QUESTION)
    reply = finished(page, re.compile("complete|cut"))
    expect(reply).to_contain_text("Paris")
    streamed = shown(reply)

    ask(page, "And of Italy? One sentence.")
    expect(replies(page)).to_have_count(2)
    finished(page, re.compile("complete|cut"))
    expect(replies(page).last).to_contain_text(re.compile(r"\w{3}"))

    page.reload()
    connected(page)
    expect(replies(page)).to_have_count(2)
    assert shown(replies(page).first) == streamed, "what was read is what is kept"
    assert QUESTION not in site.log, "what people write is not logged"

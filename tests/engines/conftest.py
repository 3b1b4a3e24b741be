"""One engine of each kind for the whole run: the real ones take seconds to start."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.conf import settings

from tests.engines import gpt_oss, subjects
from tests.engines.subjects import Subject

KINDS = [
    *("scripted", "openai", "llamacpp"),
    pytest.param("vllm", marks=pytest.mark.vllm),
    pytest.param("gpt_oss", marks=[pytest.mark.vllm, pytest.mark.long]),
    pytest.param("transformers", marks=[pytest.mark.transformers, pytest.mark.long]),
]


# Of the contract, what vLLM is asked in the short form: a question costs it seconds on a processor.
ASKED_OF_VLLM = {
    "test_the_chunks_are_the_reply_and_the_last_one_counts",
    "test_it_ends_before_a_stop_string_that_spans_tokens",
    "test_a_bad_request_is_the_requests_fault",
    "test_cancelling_the_consumer_frees_the_engine",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    if not isinstance(item, pytest.Function) or "subject" not in item.fixturenames:
        return
    if item.callspec.params["subject"] == "vllm" and item.originalname not in ASKED_OF_VLLM:
        item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where converted weights are kept from run to run."""
    folder: Path = settings.CACHE_DIR
    return folder


@pytest.fixture(params=KINDS)
def subject(request: pytest.FixtureRequest) -> Subject:
    """Each engine in turn. A session-wide fixture with parameters would start them anew in a random order."""
    running: Subject = request.getfixturevalue(f"{request.param}_subject")
    return running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def scripted_subject(cache: Path) -> AsyncIterator[Subject]:
    async with subjects.scripted(cache) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def openai_subject(cache: Path) -> AsyncIterator[Subject]:
    async with subjects.openai(cache) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def llamacpp_subject(cache: Path) -> AsyncIterator[Subject]:
    async with subjects.llamacpp(cache) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vllm_subject(cache: Path) -> AsyncIterator[Subject]:
    async with subjects.vllm(cache) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def transformers_subject(cache: Path) -> AsyncIterator[Subject]:
    async with subjects.transformers(cache) as running:
        yield running


@pytest.fixture(scope="session")
def gpt_oss_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of the tiny gpt-oss."""
    with subjects.libraries_may_warn():
        return gpt_oss.make(tmp_path_factory.mktemp("gpt-oss"))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def gpt_oss_subject(gpt_oss_folder: Path, cache: Path) -> AsyncIterator[Subject]:
    async with subjects.gpt_oss(gpt_oss_folder, cache) as running:
        yield running

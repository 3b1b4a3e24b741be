"""One engine of each kind for the whole run: the real ones take seconds to start."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from django.conf import settings

from tests.engines.subjects import SUBJECTS, Subject

KINDS = ["scripted", "openai", "llamacpp", pytest.param("vllm", marks=pytest.mark.vllm)]


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where converted weights are kept from run to run."""
    folder: Path = settings.CACHE_DIR
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=KINDS)
async def subject(request: pytest.FixtureRequest, cache: Path) -> AsyncIterator[Subject]:
    async with SUBJECTS[request.param](cache) as running:
        yield running

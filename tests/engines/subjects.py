"""The engines under the contract: each small, real, and started once for the whole run."""

import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from inference import catalog, engines, weights
from inference.catalog_fields import OPTIONS
from inference.model import Model, Weights
from inference.protocol import Chunk, Engine, Prefix, Request, Sampling, Turn
from tests.engines import server
from tests.standing import patient

CATALOG = catalog.load(Path(catalog.__file__).with_name("catalog.toml"))
TEXT = (
    "Paris is old: 你好, naïve café.\n\n  Two spaces,  a 🚀 and a 👩\u200d🚀; "
    'then "quotes" \\ and tabs\t. The END of it.'
)
NOTHING = Prefix()


@dataclass(frozen=True)
class Said:
    """A whole reply."""

    chunks: tuple[Chunk, ...]

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def reasoning(self) -> str:
        return "".join(chunk.reasoning for chunk in self.chunks)

    @property
    def last(self) -> Chunk:
        return self.chunks[-1]


@dataclass(frozen=True)
class Subject:
    """An engine, and questions that make it do what a test needs."""

    engine: Engine
    model: Model
    question: str = "Write two sentences about Paris."
    endless: str = "Tell a very long story about a sailor, with many chapters."
    foreign: str = "Say hello and two emoji"
    exact_after_cut: int = 12  # characters after a cut that must be those of the whole reply

    def request(self, question: str = "", prefix: Prefix = NOTHING, **sampling: Any) -> Request:
        asked = (Turn("user", question or self.question),)
        return Request("1", asked, prefix, Sampling(**{"max_tokens": 24, "temperature": 0.0, **sampling}))

    async def say(self, question: str = "", prefix: Prefix = NOTHING, **sampling: Any) -> Said:
        return Said(tuple([chunk async for chunk in self.engine.stream(self.request(question, prefix, **sampling))]))


def model(kind: str, *, slots: int = 2, window: int = 400, **options: Any) -> Model:
    """A catalog entry without weights."""
    defaults = {name: field.default for name, field in OPTIONS[kind].items()}
    return Model(kind, kind, kind, window, slots, options={**defaults, **options})


SCRIPT: dict[str, Any] = {"text": TEXT, "ttft": 0.01, "rate": 200, "directives": True}
SCRIPTED: dict[str, Any] = {
    "question": "Paris?",
    "endless": "Go on. @tokens=2000 @rate=60",
    "foreign": "Say it.",
    "exact_after_cut": 10_000,
}


@asynccontextmanager
async def scripted(cache: Path) -> AsyncIterator[Subject]:
    with patient():
        async with started(model("scripted", **SCRIPT), cache) as engine:
            yield Subject(engine, model("scripted"), **SCRIPTED)


@asynccontextmanager
async def openai(cache: Path) -> AsyncIterator[Subject]:
    with patient(), server.serving(server.App(model("scripted", slots=8, **SCRIPT))) as url:
        entry = model("openai", url=url, continues_prefix=True)
        async with started(entry, cache) as engine:
            yield Subject(engine, entry, **SCRIPTED)


@asynccontextmanager
async def llamacpp(cache: Path) -> AsyncIterator[Subject]:
    entry = replace(CATALOG.get("smollm2-135m"), context_window=400, slots=2)
    async with started(entry, cache) as engine:
        yield Subject(engine, entry)


@asynccontextmanager
async def vllm(cache: Path) -> AsyncIterator[Subject]:
    # In bfloat16 two words that are nearly as likely change places with the size of the batch.
    entry = CATALOG.get("smollm2-135m-vllm")
    entry = replace(entry, context_window=400, slots=2, options={**entry.options, "dtype": "float32"})
    async with started(entry, cache) as engine:
        yield Subject(engine, entry)


@asynccontextmanager
async def transformers(cache: Path) -> AsyncIterator[Subject]:
    entry = replace(CATALOG.get("smollm2-135m-transformers"), context_window=400, slots=2)
    async with started(entry, cache) as engine:
        yield Subject(engine, entry)


@asynccontextmanager
async def gpt_oss(folder: Path, cache: Path) -> AsyncIterator[Subject]:
    """The tiny one of ``tests.engines.gpt_oss``, asked what it answers without a thought."""
    entry = replace(model("vllm", dtype="float32"), name="gpt-oss", weights=Weights("path", str(folder)))
    async with started(entry, cache) as engine:
        yield Subject(engine, entry, "Tell it briefly", "Tell it endless", "Tell it briefly")


async def collect(stream: AsyncIterator[Chunk], into: list[Chunk]) -> None:
    """Read a stream; what came before an error stays in the list."""
    async for chunk in stream:
        into.append(chunk)  # noqa: PERF401 - extend would keep nothing


@asynccontextmanager
async def started(entry: Model, cache: Path) -> AsyncIterator[Engine]:
    weights.prepare(entry, cache, lambda _: None)
    engine = engines.build(entry, cache)
    with libraries_may_warn():
        await engine.start()
    try:
        yield engine
    finally:
        with libraries_may_warn():
            await engine.close()


@contextmanager
def libraries_may_warn() -> Iterator[None]:
    """vLLM's libraries warn while they are imported, and while what they left open is collected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

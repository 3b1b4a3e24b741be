"""The bundled model: what the web process counts is what llama.cpp counts, text by text and turn by turn."""

from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings

from inference.engines.llamacpp.engine import LlamaCppEngine
from inference.engines.llamacpp.prompt import Prompter
from inference.protocol import Turn
from inference.tokenizers import tokenizer_for
from tests.engines.subjects import CATALOG, Subject, llamacpp
from tests.tokenizers.vocabularies import texts

pytestmark = pytest.mark.asyncio
TOKENIZER = tokenizer_for(CATALOG.get("smollm2-135m"))
BARE = tokenizer_for(
    replace(CATALOG.get("smollm2-135m"), name="bare", system="")
)  # the template has a prompt of its own
CACHE: Path = settings.CACHE_DIR


async def test_it_counts_what_the_engine_counts() -> None:
    assert TOKENIZER.exact
    async with llamacpp(CACHE) as subject:
        prompter = prompter_of(subject)
        await same_counts(prompter)
        await same_overheads(prompter)
        await same_prompt(subject)


async def same_counts(prompter: Prompter) -> None:
    """In one call for each hundred: the engine answers hundreds a second."""
    asked = texts(seed=4)
    said = [tokens for at in range(0, len(asked), 100) for tokens in await prompter._plain(asked[at : at + 100])]
    different = [text for text, tokens in zip(asked, said, strict=True) if TOKENIZER.count(text) != len(tokens)]
    assert not different
    assert all(TOKENIZER.most(text) >= len(tokens) for text, tokens in zip(asked, said, strict=True))
    assert len({len(tokens) for tokens in said}) > 50


async def same_overheads(prompter: Prompter) -> None:
    assert BARE.prompt_overhead > TOKENIZER.prompt_overhead
    system, question, answer = Turn("system", "Be kind."), Turn("user", "Hello"), Turn("assistant", "Hi there.")
    for turns in ((question,), (system, question), (system, question, answer, question)):
        around = len(await prompter.tokens(turns, "")) - sum(TOKENIZER.count(turn.text) for turn in turns)
        own = (TOKENIZER if system in turns else BARE).prompt_overhead
        assert len(turns) * (TOKENIZER.turn_overhead - 1) < around <= len(turns) * TOKENIZER.turn_overhead + own


async def same_prompt(subject: Subject) -> None:
    """The count of a whole prompt, which the ledger settles, is within what was reserved for it."""
    said = await subject.say("Say one word.", max_tokens=1)
    reserved = BARE.count("Say one word.") + BARE.turn_overhead + BARE.prompt_overhead
    assert 0 <= reserved - said.last.prompt_tokens <= BARE.prompt_overhead


def prompter_of(subject: Subject) -> Prompter:
    assert isinstance(subject.engine, LlamaCppEngine)
    return subject.engine._alive()

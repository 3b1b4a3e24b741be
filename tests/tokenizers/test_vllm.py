"""Models on vLLM: the folder converted from GGUF, and gpt-oss, count as their dialects do."""

import warnings
from pathlib import Path

import pytest
from django.conf import settings

pytest.importorskip("openai_harmony", reason="comes with vLLM")

from inference import weights
from inference.engines.dialects.harmony import HarmonyDialect
from inference.engines.dialects.template import TemplateDialect
from inference.engines.dialects.vocabulary import Vocabulary
from inference.protocol import Request, Turn
from inference.tokenizers import tokenizer_for
from tests.engines.subjects import CATALOG
from tests.tokenizers import gpt_oss
from tests.tokenizers.vocabularies import entry, texts

pytestmark = [pytest.mark.vllm, pytest.mark.long]
SYSTEM, USER, ASSISTANT = Turn("system", "Be kind."), Turn("user", "Explain 稀疏激活."), Turn("assistant", "Few run.")


def test_the_converted_folder_counts_as_its_file() -> None:
    model = CATALOG.get("smollm2-135m-vllm")
    folder = weights.prepare(model, settings.CACHE_DIR, lambda _: None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries warn while they are imported
        from transformers import AutoTokenizer  # noqa: PLC0415

        tokenizer = AutoTokenizer.from_pretrained(folder)
    dialect, known = TemplateDialect(tokenizer, Vocabulary(tokenizer)), tokenizer_for(model)
    converted = tokenizer_for(entry(folder or Path(), name="converted", system=model.system))
    assert known.exact
    for text in texts(seed=5, number=400):
        expected = len(dialect._encode(text, trusted=False))
        assert (known.count(text), converted.count(text)) == (expected, expected), ascii(text)
    assert known.turn_overhead == converted.turn_overhead
    for turns in ((SYSTEM, USER), (SYSTEM, USER, ASSISTANT, USER)):
        around = len(dialect.open(Request("1", turns)).ids) - sum(known.count(turn.text) for turn in turns)
        most = len(turns) * known.turn_overhead + known.prompt_overhead
        assert most - len(turns) <= around <= most


def test_gpt_oss_counts_as_harmony(tmp_path: Path) -> None:
    dialect = HarmonyDialect()
    model = entry(gpt_oss.write(tmp_path, dialect._encoding), name="gpt-oss")
    known = tokenizer_for(model)
    assert known.exact
    different = [text for text in texts(seed=6, number=400) if known.count(text) != len(dialect._words(text))]
    assert not different
    around = {
        len(turns): len(dialect.open(Request("1", turns)).ids) - sum(known.count(turn.text) for turn in turns)
        for turns in ((USER,), (SYSTEM, USER), (SYSTEM, USER, ASSISTANT, USER))
    }
    assert around[4] - around[2] <= 2 * known.turn_overhead
    for turns, tokens in around.items():
        most = turns * known.turn_overhead + known.prompt_overhead
        assert most - 50 < tokens <= most

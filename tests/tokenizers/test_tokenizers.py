"""What every tokenizer keeps to, whichever model it is of; and what happens where there is none."""

import logging
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference import tokenizers
from inference.catalog_fields import OPTIONS
from inference.engines.scripted.engine import ScriptedEngine
from inference.model import Model
from inference.protocol import Request, Turn
from inference.tokenizers import KINDS, Tokenizer, tokenizer_for
from inference.tokenizers.bound import Bound
from tests.engines.subjects import CATALOG, model
from tests.tokenizers.vocabularies import PROSE, entry, gguf, huggingface, texts

SMOLLM = CATALOG.get("smollm2-135m")
SOME = [tokenizer_for(SMOLLM), tokenizer_for(model("scripted")), tokenizer_for(model("openai", url="http://127.0.0.1"))]


@pytest.fixture(autouse=True)
def _nothing_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenizers, "_built", {})


def test_every_kind_of_engine_has_a_tokenizer() -> None:
    assert set(KINDS) == set(OPTIONS)


@pytest.mark.parametrize("known", SOME, ids=["smollm2", "scripted", "openai"])
@given(text=st.text(st.characters(exclude_categories=())))
def test_any_text_has_a_count_and_no_more_than_the_most(known: Tokenizer, text: str) -> None:
    """Halves of surrogate pairs too: a page may send them."""
    assert 0 <= known.count(text) <= known.most(text)
    assert (known.count(text) > 0) >= (known.most(text) > 0 and not known.exact)


def test_the_estimate_is_near_and_the_bound_holds_for_a_real_vocabulary() -> None:
    estimate, exact = Bound(), tokenizer_for(SMOLLM)
    assert (estimate.exact, exact.exact) == (False, True)
    for text in texts(seed=8, number=300):
        assert exact.count(text) <= estimate.most(text)
    english, chinese = PROSE[0] * 5, PROSE[1] * 5
    assert 0.5 < estimate.count(english) / exact.count(english) < 2
    assert estimate.count(chinese) == pytest.approx(len(chinese), abs=len(chinese) // 10)
    assert (estimate.count(""), estimate.most("")) == (0, 0)


@pytest.mark.asyncio
async def test_the_scripted_engine_counts_with_the_same_tokenizer() -> None:
    scripted = model("scripted", window=100_000, text="Yes.", rate=10_000)
    engine, known = ScriptedEngine(scripted), tokenizer_for(scripted)
    await engine.start()
    turns = tuple(Turn("user", text) for text in PROSE)
    said = [chunk async for chunk in engine.stream(Request("1", turns))]
    around = len(turns) * known.turn_overhead + known.prompt_overhead
    assert said[-1].prompt_tokens == sum(known.count(turn.text) for turn in turns) + around
    await engine.close()


@pytest.mark.parametrize("kind", ["vllm", "transformers", "llamacpp"])
def test_missing_files_make_an_estimate_and_one_line_in_the_log(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    lacking = entry(tmp_path / "nowhere", kind)
    with caplog.at_level(logging.WARNING, "inference.tokenizers"):
        known = [tokenizer_for(lacking) for _ in range(3)]
    assert {id(each) for each in known} == {id(known[0])}
    assert not known[0].exact
    assert known[0].count("Hello 你好") > 0
    assert [record.getMessage() for record in caplog.records] == [
        f"small: tokens are estimated from characters: no weights at {tmp_path / 'nowhere'}"
    ]


def test_a_vocabulary_that_cannot_be_read_makes_an_estimate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "w.gguf"
    file.write_bytes(b"GGUF, or what is left of it")
    with caplog.at_level(logging.WARNING, "inference.tokenizers"):
        assert not tokenizer_for(entry(file, "llamacpp")).exact
    assert "version" in caplog.text


def test_it_is_built_once_whoever_asks_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Model] = []
    build = tokenizers._build

    def counted(asked: Model) -> Tokenizer:
        built.append(asked)
        return build(asked)

    monkeypatch.setattr(tokenizers, "_build", counted)
    small = entry(gguf(tmp_path / "w.gguf"), "llamacpp")
    threads = [tokenizers.warm(small) for _ in range(8)]
    for thread in threads:
        thread.join()
    assert tokenizer_for(small).count(" hello") == 1
    assert built == [small]


def test_warming_returns_before_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    build = tokenizers._build
    monkeypatch.setattr(tokenizers, "_build", lambda asked: go.wait() and build(asked))
    small = entry(huggingface(tmp_path))
    thread = tokenizers.warm(small)
    assert thread.is_alive()
    assert thread.daemon
    go.set()
    thread.join()
    assert tokenizers._built["small"][1].exact


def test_who_cannot_wait_has_an_estimate_until_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go, asked_for = threading.Event(), []
    build = tokenizers._build

    def slowly(asked: Model) -> Tokenizer:
        asked_for.append(asked)
        go.wait()
        return build(asked)

    monkeypatch.setattr(tokenizers, "_build", slowly)
    small = entry(huggingface(tmp_path))
    assert [tokenizers.at_hand(small).exact for _ in range(3)] == [False] * 3
    go.set()
    assert tokenizer_for(small).exact
    assert tokenizers.at_hand(small) is tokenizer_for(small)
    assert asked_for == [small]


def test_another_entry_of_the_same_name_is_built_anew(tmp_path: Path) -> None:
    first = tokenizer_for(entry(tmp_path / "nowhere"))
    second = tokenizer_for(entry(huggingface(tmp_path / "folder")))
    assert (first.exact, second.exact) == (False, True)


def test_many_threads_count_at_once() -> None:
    known, asked = tokenizer_for(SMOLLM), texts(seed=9, number=150)
    expected = [known.count(text) for text in asked]
    found: list[list[int]] = []
    threads = [threading.Thread(target=lambda: found.append([known.count(text) for text in asked])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4


LIGHT = """
import sys
from pathlib import Path
from inference import catalog, tokenizers
model = catalog.load(Path(catalog.__file__).with_name("catalog.toml")).get("smollm2-135m")
def megabytes():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
assert "regex" not in sys.modules
before = megabytes()
known = tokenizers.tokenizer_for(model)
for line in open("docs/engines.md"):
    known.count(line)
assert known.exact
assert not {"django", "redis", "celery", "xllamacpp", "transformers", "tokenizers", "gguf"} & set(sys.modules)
print(megabytes() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_counts_stays_small() -> None:
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 24  # 13 here; 5 in the web process, which has most of the libraries anyway

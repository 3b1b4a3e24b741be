"""Vocabularies in files: each way of writing one that is known counts right; any other is refused by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.tokenizers import gguf as gguf_module
from inference.tokenizers import huggingface as huggingface_module
from inference.tokenizers import reading
from inference.tokenizers.errors import UnreadableError
from inference.tokenizers.files import from_weights
from inference.tokenizers.splitting import LLAMA3
from tests.tokenizers.vocabularies import MERGES, TOKENS, added, entry, gguf, header, huggingface, split


def counts(path: Path, *texts: str, kind: str = "vllm") -> list[int]:
    tokenizer = from_weights(entry(path, kind))
    assert tokenizer.exact
    return [tokenizer.count(text) for text in texts]


@pytest.mark.parametrize("kind", ["vllm", "transformers", "llamacpp"])
def test_both_formats_count_alike(tmp_path: Path, kind: str) -> None:
    texts = ("hello", " hello", "hello hello", "hell", "help", "", "你")
    expected = [1, 1, 2, 1, 3, 0, 3]
    assert counts(huggingface(tmp_path / "folder"), *texts) == expected
    assert counts(gguf(tmp_path / "w.gguf"), *texts, kind=kind) == expected


def test_merges_may_be_written_as_texts(tmp_path: Path) -> None:
    assert counts(huggingface(tmp_path, model_merges=[" ".join(pair) for pair in MERGES]), " hello") == [1]


def test_texts_are_put_into_the_normal_form_first(tmp_path: Path) -> None:
    decomposed = "e\u0301"
    assert counts(huggingface(tmp_path / "plain"), decomposed) == [3]
    nfc = huggingface(tmp_path / "nfc", normalizer={"type": "NFC"})
    assert counts(nfc, decomposed) == [2]
    assert from_weights(entry(nfc)).most("\u0344" * 3) >= from_weights(entry(nfc)).count("\u0344" * 3)


def test_a_vocabulary_may_look_pieces_up_before_it_merges(tmp_path: Path) -> None:
    odd = {token: number for number, token in enumerate([*TOKENS, "lo", "olleh"])}
    assert counts(huggingface(tmp_path / "a", model_vocab=odd), "olleh", "ollehs") == [4, 5]
    looked_up = huggingface(tmp_path / "b", model_vocab=odd, model_ignore_merges=True)
    assert counts(looked_up, "olleh", "ollehs", "lo") == [1, 5, 1]
    llama = gguf(tmp_path / "w.gguf", pre="llama-bpe", tokens=list(odd), token_type=[1] * len(odd))
    assert counts(llama, "olleh", "ollehs", "lo", kind="llamacpp") == [1, 5, 1]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}, 1),
        ({"type": "ByteLevel", "add_prefix_space": False}, 1),
        (split(r"\s|\w+"), 2),
        (split(LLAMA3, "Removed", invert=True), 1),
        ({"type": "Sequence", "pretokenizers": [split(r"l"), split(r"\s")]}, 5),
    ],
    ids=["uncut", "gpt-2", "isolated", "kept", "sequence"],
)
def test_texts_are_cut_where_the_file_says(tmp_path: Path, step: dict[str, Any], expected: int) -> None:
    assert counts(huggingface(tmp_path, pre_tokenizer=step), " hello") == [expected]


@pytest.mark.parametrize(("alone", "expected"), [(True, 3), (False, 2)])
def test_digits_stand_alone_or_together(tmp_path: Path, alone: bool, expected: int) -> None:
    twelve = {token: number for number, token in enumerate([*TOKENS, "12", "12h"])}
    digits = {"type": "Digits", "individual_digits": alone}
    merges = [("1", "2"), ("12", "h")]
    folder = huggingface(tmp_path, pre_tokenizer=digits, model_vocab=twelve, model_merges=merges)
    assert counts(folder, "12h") == [expected]


def test_tokens_that_people_may_type_are_one_and_markers_are_letters(tmp_path: Path) -> None:
    extra = [added("<call>"), added("<callback>"), added("<|end|>", special=True)]
    texts = ("<call>", "hello<call> hello<callback>", "<|end|>")
    assert counts(huggingface(tmp_path / "folder", added_tokens=extra), *texts) == [1, 4, 7]
    tokens, types = [*TOKENS, "<call>", "<callback>", "<|end|>"], [1] * len(TOKENS) + [4, 4, 3]
    assert counts(gguf(tmp_path / "w.gguf", tokens=tokens, token_type=types), *texts, kind="llamacpp") == [1, 4, 7]


def test_bytes_without_a_token_are_skipped_before_or_after(tmp_path: Path) -> None:
    """transformers joins what stands beside them, llama.cpp does not."""
    numbers = {token: number for number, token in enumerate(TOKENS) if token != "Ā"}
    file = gguf(tmp_path / "w.gguf", tokens=["<none>" if token == "Ā" else token for token in TOKENS], pre="gpt-2")
    uncut = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    assert counts(huggingface(tmp_path / "f", model_vocab=numbers, pre_tokenizer=uncut), "he\x00llo") == [1]
    assert counts(file, "he\x00llo", "\x00", kind="llamacpp") == [3, 0]


@pytest.mark.parametrize("template", ["<|im_start|>", "<|channel|>", "{{ text }}"])
def test_the_template_says_what_stands_around_a_turn(tmp_path: Path, template: str) -> None:
    folder = huggingface(tmp_path / "folder")
    (folder / "chat_template.jinja").write_text(template)
    file = gguf(tmp_path / "w.gguf", chat_template=template)
    found = {(known.turn_overhead, known.prompt_overhead) for known in map(from_weights, (entry(folder), entry(file)))}
    assert len(found) == 1
    (folder / "chat_template.jinja").rename(folder / "tokenizer_config.json")
    with_system = from_weights(entry(folder, system="Be kind."))
    turn, bare = found.pop()
    assert (with_system.turn_overhead, with_system.prompt_overhead + 32) == (turn, bare)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model_type": "Unigram"}, "not of byte-level BPE"),
    ({"model_byte_fallback": True}, "not of byte-level BPE"),
    ({"model_unk_token": "<unk>"}, "not of byte-level BPE"),
    ({"normalizer": {"type": "Lowercase"}}, "not of byte-level BPE"),
    ({"pre_tokenizer": {"type": "Metaspace"}}, "not known here: Metaspace"),
    ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True}}, "not known here: ByteLevel"),
    ({"pre_tokenizer": split(r"\s", "Removed")}, "drops parts"),
    ({"pre_tokenizer": None}, "not laid out as known"),
    ({"added_tokens": [added("<x>", lstrip=True)]}, "take in what is beside"),
    ({"model_merges": [("no", "such")]}, "not laid out as known"),
]


@pytest.mark.parametrize(("changes", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_a_tokenizer_json_of_another_kind_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    folder = huggingface(tmp_path, **changes)
    with pytest.raises(UnreadableError, match=reason):
        huggingface_module.recipe(folder / "tokenizer.json")


@pytest.mark.parametrize("pattern", ["(", r"(a)|b"])
def test_a_pattern_that_cannot_be_used_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UnreadableError, match="its pattern"):
        from_weights(entry(huggingface(tmp_path, pre_tokenizer=split(pattern))))


BROKEN: list[tuple[bytes, str]] = [
    (b"", "not a GGUF file"),
    (b"GGUF", "cannot be read"),
    (header({}, version=9), "version 9"),
    (header({}), "lacks 'tokenizer.ggml.model'"),
    (header({"tokenizer.ggml.model": "llama"}), "of kind llama"),
    (header({"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "klingon"}), "gpt2 klingon"),
    (header({"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2"}), "lacks 'tokenizer.ggml.tokens'"),
    (header({"tokenizer.ggml.tokens": TOKENS})[:-40], "cannot be read"),
    (header({"a": "b"})[:-1] + b"\xff", "cannot be read"),
    (header({"a": "b"}).replace(b"\x01\0\0\0\0\0\0\0b", b"\xff" * 8), "a length of"),
]


@pytest.mark.parametrize(("content", "reason"), BROKEN, ids=[reason for _, reason in BROKEN])
def test_a_gguf_file_that_is_broken_or_of_another_kind_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "w.gguf"
    file.write_bytes(content)
    with pytest.raises(UnreadableError, match=reason):
        gguf_module.recipe(file, "llamacpp")


def breaks(folder: Path) -> Path:
    (folder / "tokenizer.json").write_bytes(b'{"model": {"type": "BPE", "vocab": {}}')
    return folder


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder, r"tokenizer.json cannot be read: .*No such file"),
        (breaks, r"tokenizer.json cannot be read"),
        (lambda folder: folder / "nowhere", "no weights at"),
    ],
    ids=["without", "broken", "no-folder"],
)
def test_what_is_wrong_comes_back_from_the_process_that_reads(
    tmp_path: Path, make: Callable[[Path], Path], reason: str
) -> None:
    with pytest.raises(UnreadableError, match=reason):
        from_weights(entry(make(tmp_path)))


def test_a_reader_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST", 0.0)
    with pytest.raises(UnreadableError, match="TimeoutExpired"):
        from_weights(entry(huggingface(tmp_path)))

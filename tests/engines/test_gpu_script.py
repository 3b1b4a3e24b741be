"""``docker/gpu/measure.py`` needs a GPU to run; what it would run is looked at here: commands, options, files."""

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from inference import catalog
from tests.engines import gpt_oss_shape

SCRIPT = settings.BASE_DIR / "docker" / "gpu" / "measure.py"


def said(*options: str) -> list[list[str]]:
    """The commands, as it says them."""
    command = [sys.executable, str(SCRIPT), "--dry-run", *options]
    lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    assert all(line.startswith("$ ") for line in lines)
    return [shlex.split(line.removeprefix("$ ")) for line in lines]


@pytest.mark.parametrize("options", [(), ("--shape",), ("--kill-worker", "--requests", "7", "--users", "2")])
def test_each_command_of_the_site_exists_with_these_options(options: tuple[str, ...]) -> None:
    commands = [line[line.index("manage.py") + 1 :] for line in said(*options) if "manage.py" in line]
    assert [name for name, *_ in commands] == [*(["fetch_model"] if "--shape" not in options else []), "ask", "bench"]
    for name, *arguments in commands:
        parser = load_command_class(get_commands()[name], name).create_parser("manage.py", name)
        assert isinstance(parser.parse_args(arguments), argparse.Namespace)


def test_what_it_is_told_reaches_the_benchmark(tmp_path: Path) -> None:
    bench = said("--requests", "7", "--users", "2", "--kill-worker", "--out", str(tmp_path))[-1]
    assert bench[bench.index("bench") :] == [
        *("bench", "gpt-oss-20b", "--requests", "7", "--users", "2"),
        *("--json", str(tmp_path / "gpt-oss-20b.json"), "--chart", str(tmp_path / "gpt-oss-20b.png"), "--kill-worker"),
    ]


def test_what_it_installs_and_asks_for_is_there() -> None:
    lines = said()
    models = {line[line.index("--model") + 1] for line in lines if "--model" in line}
    assert models == {catalog.load(Path(catalog.__file__).with_name("catalog.toml")).get("gpt-oss-20b").name}
    vllm, charts = (line[-1] for line in lines if "pip" in line)
    assert f"pip install {vllm}" in (settings.BASE_DIR / "docs" / "engines.md").read_text()
    assert (settings.BASE_DIR / charts).is_file()
    assert [line[1] for line in lines if "chatsite/bootstrap.py" in line] == ["chatsite/bootstrap.py"]


def test_a_model_without_weights_is_one_that_the_catalog_takes(tmp_path: Path) -> None:
    lines = said("--shape", "--out", str(tmp_path))
    assert next(line for line in lines if "tests.engines.gpt_oss_shape" in line)[-1] == str(tmp_path)
    assert all(f"CHATSITE_CATALOG={tmp_path / 'catalog.toml'}" in line for line in lines if "manage.py" in line)
    (tmp_path / "catalog.toml").write_text(gpt_oss_shape.entry(tmp_path))
    [model] = catalog.load(tmp_path / "catalog.toml").models
    assert model.name == gpt_oss_shape.NAME == lines[-1][lines[-1].index("bench") + 1]
    assert model.weights is not None
    assert Path(model.weights.name) == tmp_path


@pytest.mark.vllm
@pytest.mark.long
def test_the_folder_of_that_model_is_gpt_oss_20b_s(tmp_path: Path) -> None:
    """Each layer, each expert; and a tokenizer that reads as the library does."""
    gpt_oss_shape.write(tmp_path)
    from transformers import AutoConfig, AutoTokenizer  # noqa: PLC0415 - comes with vLLM

    folder = tmp_path / gpt_oss_shape.NAME
    config = AutoConfig.from_pretrained(folder)
    shape = (config.num_hidden_layers, config.num_local_experts, config.hidden_size, config.vocab_size)
    assert (config.model_type, shape) == ("gpt_oss", (24, 32, 2880, 201_088))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = tokenizer.apply_chat_template([{"role": "user", "content": "你好"}], tokenize=False)
    assert text == "<|start|>user<|message|>你好<|end|><|start|>assistant<|channel|>final<|message|>"
    assert tokenizer.encode(text)[-4:] == [173_781, 200_005, 17_196, 200_008]

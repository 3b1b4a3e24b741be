"""``docs/engines.md`` lists every field with its default, its limits and its meaning, as the catalog reads them."""

import re
from pathlib import Path

import pytest

from inference import catalog
from inference import catalog_fields as fields
from inference.catalog_fields import Field
from tests.engines.subjects import CATALOG

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "engines.md").read_text()
ALL = [
    pytest.param(name, field, id=f"{table}-{name}")
    for table in ("MODEL", "WEIGHTS", "SAMPLING", "VLLM", "LLAMACPP", "TRANSFORMERS", "OPENAI", "SCRIPTED")
    for name, field in getattr(fields, table).items()
]


WORKED = re.findall(r"^```toml\n(.*?)^```", PAGE, re.M | re.S)


@pytest.mark.parametrize(("name", "field"), ALL)
def test_the_page_says_what_the_catalog_reads(name: str, field: Field) -> None:
    default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    shown = "required" if field.required else "" if field.default in (None, "", {}) else f"`{default}`"
    assert f"| `{name}` | {shown} | {field.allowed} | {field.meaning} |" in PAGE


def test_the_page_lists_every_entry() -> None:
    for model in CATALOG.models:
        assert f"| `{model.name}` |" in PAGE


@pytest.mark.parametrize("entry", WORKED, ids=lambda entry: re.search(r'name = "(.*)"', entry)[1])  # type: ignore[index]
def test_each_worked_entry_is_one_that_the_catalog_takes(entry: str, tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text(entry)
    assert len(catalog.load(file).models) == 1


def test_worked_entries_stand_together_in_one_file_and_show_every_engine(tmp_path: Path) -> None:
    file = tmp_path / "catalog.toml"
    file.write_text("\n".join(WORKED))
    models = catalog.load(file).models
    assert {model.engine for model in models} == set(fields.OPTIONS) - {"scripted"}
    assert {model.options["tensor_parallel_size"] for model in models if model.engine == "vllm"} >= {1, 2}
    assert any("speculative_config" in model.options.get("arguments", {}) for model in models)

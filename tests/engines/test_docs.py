"""``docs/engines.md`` lists every field with its default, its limits and its meaning, as the catalog reads them."""

from pathlib import Path

import pytest

from inference import catalog_fields as fields
from inference.catalog_fields import Field
from tests.engines.subjects import CATALOG

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "engines.md").read_text()
ALL = [
    pytest.param(name, field, id=f"{table}-{name}")
    for table in ("MODEL", "WEIGHTS", "SAMPLING", "VLLM", "LLAMACPP", "OPENAI", "SCRIPTED")
    for name, field in getattr(fields, table).items()
]


@pytest.mark.parametrize(("name", "field"), ALL)
def test_the_page_says_what_the_catalog_reads(name: str, field: Field) -> None:
    default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    shown = "required" if field.required else "" if field.default in (None, "", {}) else f"`{default}`"
    assert f"| `{name}` | {shown} | {field.allowed} | {field.meaning} |" in PAGE


def test_the_page_lists_every_entry() -> None:
    for model in CATALOG.models:
        assert f"| `{model.name}` |" in PAGE

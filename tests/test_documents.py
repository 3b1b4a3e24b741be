"""Documents that say what the code says stay true."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

from chatsite.management.commands.settings_docs import settings_page

DOCS = settings.BASE_DIR / "docs"
REQUIREMENTS = sorted((settings.BASE_DIR / "requirements").glob("*.in"))
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


def test_the_settings_page_is_what_the_table_says() -> None:
    assert (DOCS / "settings.md").read_text() == settings_page()


def test_the_check_of_the_settings_page_sees_a_stale_one(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("settings_docs", check=True)
    monkeypatch.setattr(
        "chatsite.management.commands.settings_docs.settings_page", lambda: settings_page() + "| `NEW` | | |\n"
    )
    with pytest.raises(SystemExit, match="stale"):
        call_command("settings_docs", check=True)


@pytest.mark.parametrize("file", REQUIREMENTS, ids=lambda file: file.stem)
def test_each_direct_dependency_says_why_it_is_here(file: Path) -> None:
    explained = set(re.findall(r"^\| `([a-z0-9-]+)`", (DOCS / "dependencies.md").read_text(), re.M))
    asked = set(re.findall(r"^([a-z][a-z0-9-]*)", file.read_text(), re.M))
    assert asked
    assert asked <= explained


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*DOCS.glob("*.md"), *settings.BASE_DIR.glob("*.md")]
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in LINK.findall(page.read_text())
        if not (page.parent / link).exists()
    ]
    assert not broken


def test_no_requirement_file_names_a_registry() -> None:
    for file in (settings.BASE_DIR / "requirements").glob("*"):
        assert "://" not in file.read_text(), file.name

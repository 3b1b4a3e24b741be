"""Every sentence a person may read is there in Simplified Chinese, in the compiled catalog too.

After a new sentence: ``manage.py makemessages -l zh_Hans --add-location=file``, translate it in the .po file, then
``manage.py compilemessages -l zh_Hans``; both files are committed.
"""

import io
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

from conversations.phrases import phrases

ROOT = Path(settings.BASE_DIR)
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"\{\w+\}|%\(\w+\)[sd]")
SCRIPTS = {path: path.read_text() for path in (ROOT / "static" / "js").glob("*.js")}
USED = re.compile(r"""(?:say|count)\("(\w+)\"""")


def tracked(pattern: str) -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in listing if not name.startswith("tests/") and (ROOT / name).exists()]


def said() -> Iterator[tuple[Path, str]]:
    """Every message id in the product, with a file that says it."""
    sources = {path: path.read_text() for path in tracked("*.py")}
    sources |= {
        path: templatize(path.read_text()) for path in [*tracked("templates/*.html"), *tracked("templates/*.txt")]
    }
    for path, source in sources.items():
        for _, words, _, _ in extract("python", io.BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"}):
            yield path, words if isinstance(words, str) else next(word for word in words if word)


@cache
def translations() -> list[Message]:
    with PO.open("rb") as file:
        return [message for message in read_po(file, locale="zh_Hans") if message.id]


def forms(words: "str | tuple[str, ...] | list[str] | None") -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words or ())


def test_something_is_said() -> None:
    found = {words for _, words in said()}
    assert {"New conversation", "Sign in", "Stopped."} <= found


def test_everything_is_translated() -> None:
    translated = {forms(one.id)[0] for one in translations() if all(forms(one.string)) and not one.fuzzy}
    missing = {words: str(path.relative_to(ROOT)) for path, words in said() if words not in translated}
    assert not missing


def test_nothing_is_translated_twice() -> None:
    """Which of the two holds nobody could say, and msgfmt refuses the file."""
    written = PO.read_text(encoding="utf-8").count("\nmsgid ") - 1  # the first is the head
    assert len(translations()) == written


def test_nothing_is_translated_that_nobody_says() -> None:
    assert {forms(one.id)[0] for one in translations()} <= {words for _, words in said()}


def test_translations_keep_their_placeholders() -> None:
    for message in translations():
        wanted = {mark for form in forms(message.id) for mark in PLACEHOLDER.findall(form)}
        for form in forms(message.string):
            assert set(PLACEHOLDER.findall(form)) == wanted, message.id


def test_the_compiled_catalog_is_of_this_source() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in translations():
        words, *plural = forms(message.id)
        if plural:
            said_of_one = compiled.ngettext(words, plural[0], 1)
        elif message.context:
            said_of_one = compiled.pgettext(message.context, words)
        else:
            said_of_one = compiled.gettext(words)
        assert (said_of_one,) == forms(message.string)


def test_the_scripts_say_what_exists_and_nothing_exists_in_vain() -> None:
    source = "\n".join(SCRIPTS.values())
    keys = phrases().keys()
    used = set(USED.findall(source))
    assert {key for key in used if key not in keys and f"{key}_one" not in keys} == set()
    assert {key for key in keys if f'"{key}"' not in source and f'"{key.rpartition("_")[0]}"' not in source} == set()


def test_the_phrases_speak_the_active_language() -> None:
    with translation.override("zh-hans"):
        assert phrases()["copied"] == "已复制"
    with translation.override("en"):
        assert phrases()["copied"] == "Copied"

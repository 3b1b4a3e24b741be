"""Texts and rules for measuring the filter, made from what ships with Python and Django."""

import gettext
import inspect
import random
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import django

from moderation.matcher import Action, RuleSpec
from moderation.normal import searched

ENGLISH = (
    "argparse",
    "asyncio",
    "collections",
    "decimal",
    "email",
    "fractions",
    "inspect",
    "logging",
    "pathlib",
    "statistics",
)
SYLLABLES = ("ba", "cor", "di", "fen", "gul", "hom", "ix", "jar", "kep", "lun", "mof", "nid", "pra", "rus", "tev")
PATTERNS = (
    r"(?:\d[ -]?){13,18}\d",
    r"\b1[3-9]\d{9}\b",
    r"[\w.+-]{1,64}@[\w-]{1,63}\.[a-z]{2,10}",
    r"\bsk-[A-Za-z0-9]{20,64}\b",
    r"\b\d{17}[\dX]\b",
    r"/etc/(?:passwd|shadow)",
    r"select .{1,80} from",
    r"(?:密码|口令)[:：] ?\S{1,32}",
    r"\b(?:\d{1,3}\.){3}\d{1,3}\b",
    r"-----begin [a-z ]{1,30}key-----",
)


@cache
def english(characters: int) -> str:
    """What Python's own modules say about themselves."""
    said: list[str] = []
    for name in ENGLISH:
        said += [inspect.getdoc(one) or "" for one in vars(import_module(name)).values() if callable(one)]
    return _long_enough(" ".join(said), characters)


@cache
def chinese(characters: int) -> str:
    """What Django says in Chinese."""
    folder = Path(django.__file__).parent
    said: list[str] = []
    for catalog in sorted(folder.glob("**/zh_Hans/LC_MESSAGES/django.mo")):
        with catalog.open("rb") as file:
            said += [str(one) for one in vars(gettext.GNUTranslations(file))["_catalog"].values()]
    return _long_enough("。".join(one for one in said if re.search("[一-鿿]", one)), characters)


def words(count: int) -> RuleSpec:
    """Half English, half Chinese; each begins like a word of the texts, and none is in them."""
    chance = random.Random(count)  # noqa: S311 - the same words each time
    first, second = english(200_000), chinese(200_000)
    vocabulary = sorted(set(re.findall("[a-z]{3,}", searched(first))))
    pairs = sorted(set(re.findall("[一-鿿]{2}", searched(second))))
    signs = sorted(set("".join(pairs)))
    listed: set[str] = set()
    while len(listed) < count:
        if len(listed) % 2:
            word = chance.choice(pairs) + "".join(chance.choices(signs, k=2))
        else:
            begun = chance.choice(vocabulary)
            word = begun[: chance.randint(1, len(begun))] + "".join(chance.choices(SYLLABLES, k=3))
        if word not in first and word not in second:
            listed.add(word)
    return RuleSpec(1, Action.MASK, words=tuple(sorted(listed)))


def patterns(count: int) -> list[RuleSpec]:
    """The ten of a usual list, then the same again, each with a number of its own at its end."""
    return [
        RuleSpec(number, Action.MASK, pattern=_numbered(PATTERNS[number % len(PATTERNS)], number // len(PATTERNS)))
        for number in range(count)
    ]


def _numbered(pattern: str, number: int) -> str:
    if not number:
        return pattern
    edge = r"\b" * pattern.endswith(r"\b")
    return f"{pattern.removesuffix(edge)}{number}{edge}"


def _long_enough(text: str, characters: int) -> str:
    return (text * (characters // len(text) + 1))[:characters]

"""The allow-list that all HTML of messages passes, so that a fault in the parser is not a hole in the page."""

import re
from functools import cache
from typing import Any

import nh3

from conversations.markdown import mathml
from conversations.markdown.highlight import CLASSES

SCHEMES = ("http", "https", "mailto")
TAGS = {"a", "blockquote", "br", "code", "del", "em", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "sup", "ul"}
TAGS |= {"div", "figcaption", "figure", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"}
DIRECTED = ("p", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "table", "div")
NOTE_ID = re.compile(r"fn(?:ref)?-[0-9a-f]{32}r?-\d{1,4}(?:-\d{1,4})?")
CLASSES_OF = {
    "a": {"image"},
    "code": {"formula"},
    "div": {"footnote", "formula", "plain", "table"},
    "figure": {"code"},
    "li": {"task"},
    "mrow": {"boxed", "struck"},
    "mtd": {"left", "right"},
    "span": {"back", "box", "display", "formula", *CLASSES.values()},
    "sup": {"note"},
    "td": {"center", "right"},
    "th": {"center", "right"},
}


def clean(html: str) -> str:
    """What is left of ``html`` when all that is not on the list is gone."""
    return (_with_notes() if '="fn' in html or '"#fn' in html else _plain()).clean(html)


@cache
def _plain() -> nh3.Cleaner:
    """No id and no link inside the page."""
    return _cleaner({}, url_relative="deny", set_tag_attribute_values={"a": {"target": "_blank"}})


@cache
def _with_notes() -> nh3.Cleaner:
    """Ids and links of notes, too. This asks Python about each attribute, so only where there are some."""
    named = {"a": {"id"}, "div": {"id"}}
    leaving = {"a": {"target": {"_blank"}}}
    return _cleaner(named, values=leaving, url_relative=_note_link, attribute_filter=_only_note_ids)


def _cleaner(
    more: dict[str, set[str]], *, values: "dict[str, dict[str, set[str]]] | None" = None, **options: Any
) -> nh3.Cleaner:
    attributes = {"a": {"href", "title"}, "ol": {"start"}} | {
        tag: set(names) for tag, names in mathml.ATTRIBUTES.items()
    }
    return nh3.Cleaner(
        tags=TAGS | mathml.ELEMENTS,
        attributes={tag: attributes.get(tag, set()) | more.get(tag, set()) for tag in {*attributes, *more}},
        tag_attribute_values={tag: {"dir": {"auto"}} for tag in DIRECTED}
        | {"pre": {"tabindex": {"0"}}}
        | (values or {}),
        allowed_classes=CLASSES_OF,
        link_rel="nofollow noopener noreferrer",
        url_schemes=set(SCHEMES),
        **options,
    )


def _note_link(url: str) -> str | None:
    return url if url.startswith("#") and NOTE_ID.fullmatch(url[1:]) else None


def _only_note_ids(tag: str, name: str, value: str) -> str | None:
    return value if name != "id" or NOTE_ID.fullmatch(value) else None

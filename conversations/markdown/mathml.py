"""A tree of MathML as HTML: what browsers draw of it (MathML Core), each element and attribute from a list.

Some that they no longer draw is said in another way: letters of other alphabets by their own characters, lines around
and through something, and the side of a column, by a class.
"""

import re
import unicodedata
from functools import lru_cache
from html import escape, unescape
from typing import Any
from xml.etree.ElementTree import Element

CHILDREN = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
TOKENS = {"mi", "mn", "mo", "mtext", "mspace"}  # an element in one of these would be one of HTML
ELEMENTS = {"math", "mrow", "msqrt", "mstyle", "mpadded", "mphantom", "mtable", "mtr", "mtd", *TOKENS, *CHILDREN}
BOOLEAN = re.compile(r"true|false")
SIZE = re.compile(r"[0-4](\.\d{1,4})?em")
ATTRIBUTES: dict[str, dict[str, "re.Pattern[str]"]] = {
    "math": {"display": re.compile("block")},
    "mo": {
        **dict.fromkeys(("stretchy", "fence", "movablelimits", "separator", "largeop"), BOOLEAN),
        **dict.fromkeys(("lspace", "rspace", "minsize", "maxsize"), SIZE),
        "form": re.compile("prefix|infix|postfix"),
    },
    "mi": {"mathvariant": re.compile("normal")},
    "mover": {"accent": BOOLEAN},
    "mfrac": {"linethickness": re.compile("0")},
    "mtable": {"displaystyle": BOOLEAN},
    "mstyle": {"displaystyle": BOOLEAN, "scriptlevel": re.compile("[0-2]")},
    "mspace": {"width": re.compile(r"-?0\.[0-3]\d{0,3}em|[0-4](\.\d{1,4})?em")},  # a large one would leave its place
    "mpadded": {"width": re.compile("0"), "height": re.compile("0"), "depth": re.compile("0")},
}
WIDTHS = {
    "negativethinmathspace": "-0.167em", "negativemediummathspace": "-0.222em", "negativethickmathspace": "-0.278em",
    "thinmathspace": "0.167em", "mediummathspace": "0.222em", "thickmathspace": "0.278em",
}  # fmt: skip
CLASSES = {
    ("menclose", "box"): "boxed",
    ("menclose", "updiagonalstrike"): "struck",
    ("menclose", "downdiagonalstrike"): "struck",
    ("menclose", "horizontalstrike"): "struck",
    ("mtd", "left"): "left",
    ("mtd", "right"): "right",
}
SYMBOLS = re.compile(r"[\u2190-\u21ff\u27e6-\u27ff\u2900-\u297f\u2a00-\u2aff±∓:~∼]")  # operators that came as letters
FUNCTION = re.compile(r"[a-z]{2,}")  # log x, not logx
FUNCTION_SPACE = {"lspace": "0.167em", "rspace": "0.167em"}
LETTERS = {"∞", "∅"}  # letters that came as operators
UNDER = re.compile(r"lim|max|min|sup|inf|arg\s?max|arg\s?min|lim\s?sup|lim\s?inf|Pr|det|gcd|[⋀-⋃⨀-⨆∏-∑]")
ACCENTS = set("¯˘ˇ˙¨`´^˚→~‾⃛⃜") | {"\u2015"}


class UnfitError(Exception):
    """Browsers would show this tree wrongly, or words of LaTeX that nobody translated."""


def as_html(element: "Element[Any]") -> str:
    """The element and all in it. Raises ``UnfitError``."""
    tag, text = element.tag, unescape(element.text or "")
    if "\\" in text or (text == "&" and tag != "mtext"):
        raise UnfitError(text)
    if tag == "menclose":
        tag = "mrow"
    if tag not in ELEMENTS or len(element) != CHILDREN.get(tag, 0 if tag in TOKENS else len(element)):
        raise UnfitError(tag)
    tag, text, attributes = _as_drawn(element, tag, text)
    inside = escape(text, quote=False) + "".join(map(as_html, element))
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _as_drawn(element: "Element[Any]", tag: str, text: str) -> tuple[str, str, str]:
    """Tag, text and attributes in the words of MathML Core."""
    given = dict(element.attrib)
    if tag == "mi":
        text = _in_alphabet(text, given.get("mathvariant", ""))
        tag = "mo" if SYMBOLS.fullmatch(text) or FUNCTION.fullmatch(text) else "mi"
        given |= FUNCTION_SPACE if FUNCTION.fullmatch(text) else {}
    elif tag == "mo" and text in LETTERS:
        tag, given = "mi", {}
    elif tag == "mo" and UNDER.fullmatch(text):
        given |= {"movablelimits": "true"} | ({"rspace": "0.167em", "lspace": "0em"} if text.isalpha() else {})
    elif tag in {"msub", "msubsup"} and _takes_limits(element[0]):
        tag = tag.replace("sub", "under").replace("sup", "over")
    elif tag == "mover" and (element[1].text and unescape(element[1].text) in ACCENTS):
        given["accent"] = "true"
    elif tag == "mo" and text == "\u2015":  # the line over something: this one stretches
        text, given = "‾", {"stretchy": "true"}
    return tag, text, _attributes(element.tag, tag, given)


def _takes_limits(base: "Element[Any]") -> bool:
    return base.tag == "mo" and bool(UNDER.fullmatch(unescape(base.text or "")))


def _attributes(was: str, tag: str, given: dict[str, str]) -> str:
    allowed = ATTRIBUTES.get(tag, {})
    kept = {name: WIDTHS.get(value, value) for name, value in given.items() if name in allowed}
    written = [f' {name}="{value}"' for name, value in kept.items() if allowed[name].fullmatch(value)]
    kind = given.get("notation", given.get("columnalign", "")).split(" ")[0]
    if name := CLASSES.get((was, kind)):
        written.append(f' class="{name}"')
    return "".join(written)


@lru_cache(maxsize=1024)
def _in_alphabet(text: str, variant: str) -> str:
    """Letters and digits as the characters of another alphabet: 𝐛, 𝔹, 𝓑."""
    if variant in {"", "normal"}:
        return text
    return "".join(_letter(character, variant.upper().replace("BOLD-ITALIC", "BOLD ITALIC")) for character in text)


def _letter(character: str, alphabet: str) -> str:
    name = re.sub(r"^(?:LATIN|GREEK) (CAPITAL|SMALL) LETTER ", r"\1 ", unicodedata.name(character, ""))
    for beginning in ("MATHEMATICAL ", ""):  # those that Unicode had before have another name
        try:
            return unicodedata.lookup(f"{beginning}{alphabet.replace('SANS-SERIF ITALIC', 'SANS-SERIF')} {name}")
        except KeyError:
            continue
    return character

"""LaTeX becomes MathML: only elements and attributes that browsers draw, and nothing a formula could do harm with.

What cannot be read, and what would be read wrongly, is None: the page then shows its source.
"""

import re
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element

from latex2mathml import exceptions
from latex2mathml.converter import Converter

from conversations.markdown.mathml import UnfitError, as_html

LONGEST_FORMULA = 3_000  # characters
DEEPEST_FORMULA = 30  # braces and environments inside one another: the converter calls itself for each
# Macros can grow without end; the others are for links, styles and names in a page.
FORBIDDEN = re.compile(
    r"\\(?:[gex]?def|let|(?:re)?new\w+|providecommand|Declare\w+|expandafter|csname|loop|input|include\w*|require|write|read"
    r"|href|url|style|class|cssId|html\w*|data|unicode|char|rule|verb)(?![A-Za-z])"
)
DEPTH = re.compile(r"\\begin(?![a-z])|\\end(?![a-z])|\\left(?![a-z])|\\right(?![a-z])|\\.|[{}]", re.DOTALL)
OPENS = {"{", r"\begin", r"\left"}
CLOSES = {"}", r"\end", r"\right"}
ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([a-zA-Z]+\*?)\}")
ENVIRONMENTS = {  # the converter knows fewer; a number beside each line would count anew in each formula
    "align": "align*", "aligned": "align*", "alignat": "align*", "split": "align*", "eqnarray": "align*",
    "gather": "matrix", "gather*": "matrix", "gathered": "matrix", "multline": "matrix", "multline*": "matrix",
    "dcases": "cases", "equation": "", "equation*": "", "displaymath": "", "math": "",
}  # fmt: skip
MATRIX = re.compile(r"(?:[pbBvV]|small)?matrix\*?|cases")
# One word, not a product of letters.
WORD = re.compile(r"\\(?:mathrm|mathit|mathsf|mathtt|textrm|textnormal|rm)\s*\{([A-Za-z]{2,} ?[A-Za-z]*)\}")
ERRORS: tuple[type[Exception], ...] = (  # the converter raises whatever its tables and iterators happen to
    UnfitError,
    *(error for error in vars(exceptions).values() if isinstance(error, type) and issubclass(error, Exception)),
    ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, StopIteration, TypeError, ValueError,
)  # fmt: skip


@lru_cache(maxsize=1024)
def formula(latex: str, *, display: bool) -> str | None:
    """``latex`` as a ``math`` element; None if it is to be shown as it is."""
    if len(latex) > LONGEST_FORMULA or FORBIDDEN.search(latex) or not _is_shallow(latex):
        return None
    try:
        tree: Element[Any] = Converter(display="block" if display else "inline").convert_to_element(_known(latex))
        return as_html(tree)
    except ERRORS:
        return None


def _is_shallow(latex: str) -> bool:
    depth = 0
    for mark in DEPTH.findall(latex):
        depth += (mark in OPENS) - (mark in CLOSES)
        if depth > DEEPEST_FORMULA or depth < 0:
            return False
    return depth == 0


def _known(latex: str) -> str:
    """In the words that the converter has."""
    return WORD.sub(r"\\text{\1}", ENVIRONMENT.sub(_environment, latex)).strip()


def _environment(match: "re.Match[str]") -> str:
    side, name = match.groups()
    name = ENVIRONMENTS.get(name, name)
    if not name:
        return ""
    written = rf"\{side}{{{name}}}"
    if not MATRIX.fullmatch(name):
        return written
    return "{" + written if side == "begin" else written + "}"  # so that what follows belongs to the whole of it

"""Colours source code by class name: nine classes, so that page and style sheet stay small."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType

LONGEST_CODE = 20_000  # characters; what is longer stays plain, so that colouring is never what a page waits for
CLASSES: dict[_TokenType, str] = {
    Token.Keyword: "kw",
    Token.Operator.Word: "kw",
    Token.Name.Builtin: "bi",
    Token.Name.Function: "fn",
    Token.Name.Class: "ty",
    Token.Name.Decorator: "fn",
    Token.Name.Exception: "ty",
    Token.Name.Tag: "kw",
    Token.Name.Attribute: "at",
    Token.Keyword.Type: "ty",
    Token.Literal.String: "st",
    Token.Literal.Number: "nu",
    Token.Comment: "co",
    Token.Generic.Deleted: "de",
    Token.Generic.Inserted: "in",
    Token.Generic.Heading: "kw",
    Token.Generic.Prompt: "co",
}
# The same few signs, or blank lines, over and over, as a model writes that cannot stop: lexers read on from each.
STUCK = re.compile(r"(\W{1,4}?)\1{200}")
MOST_RAW = 100  # strings of C++ that nothing may close: the lexer looks for the end of each
# A model chooses the language, and some lexers meet text on which their patterns take minutes: only these are used.
LANGUAGES = {
    name: lexer
    for lexer, names in {
        "bash": "bash sh shell zsh", "c": "c h", "console": "console shell-session", "cpp": "cpp c++ cc hpp",
        "csharp": "csharp c# cs", "css": "css scss", "dart": "dart", "diff": "diff patch",
        "docker": "docker dockerfile",
        "go": "go golang", "html": "html", "ini": "ini cfg conf", "java": "java", "javascript": "javascript js jsx mjs",
        "json": "json jsonc", "kotlin": "kotlin kt", "lua": "lua", "make": "make makefile", "nginx": "nginx",
        "php": "php", "powershell": "powershell ps1", "python": "python py python3", "r": "r", "ruby": "ruby rb",
        "rust": "rust rs", "scala": "scala", "sql": "sql sqlite postgresql mysql", "swift": "swift", "toml": "toml",
        "typescript": "typescript ts tsx", "xml": "xml svg", "yaml": "yaml yml",
    }.items()
    for name in names.split()
}  # fmt: skip


def highlight(code: str, language: str) -> str:
    """``code`` as HTML with a span around each coloured piece; escaped plain text if the language is not known."""
    name = LANGUAGES.get(language.lower())
    raw = code.count('R"') if name == "cpp" else 0
    if name is None or len(code) > LONGEST_CODE or raw > MOST_RAW or STUCK.search(code):
        return escape(code, quote=False)
    return "".join(_spans(code, _lexer(name)))


def _spans(code: str, lexer: Lexer) -> Iterator[str]:
    """Neighbours of one class share a span."""
    held, held_class = "", ""
    for kind, piece in lexer.get_tokens(code):
        css_class = _css_class(kind)
        if css_class != held_class and piece.strip():
            yield _span(held, held_class)
            held, held_class = "", css_class
        held += piece
    yield _span(held, held_class)


def _span(text: str, css_class: str) -> str:
    escaped = escape(text, quote=False)
    return f'<span class="{css_class}">{escaped}</span>' if css_class and text else escaped


@lru_cache(maxsize=512)
def _css_class(kind: _TokenType) -> str:
    while kind is not Token:
        if kind in CLASSES:
            return CLASSES[kind]
        kind = kind.parent  # type: ignore[assignment]  # only Token itself has no parent
    return ""


@lru_cache(maxsize=len(LANGUAGES))
def _lexer(name: str) -> Lexer:
    return get_lexer_by_name(name, stripnl=False, ensurenl=False)

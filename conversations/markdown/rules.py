"""Rules that models' text needs beyond CommonMark: bare links, emphasis beside Chinese characters, tasks, footnotes."""

import re

from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, emphasis
from markdown_it.token import Token

BARE_URL = re.compile(r"://[a-z0-9\-._~:/?#\[\]@!$&'()+,;=%]+", re.IGNORECASE)
CJK = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
PAIRS = {")": "(", "]": "["}
TASK = re.compile(r"\[([ xX])\]\s+")
NOTE = re.compile(r"\[\^([^\]\s]{1,64})\]")


def bare_url(state: StateInline, silent: bool) -> bool:
    """https://… without brackets is a link too, up to the first character that is not ASCII."""
    if state.linkLevel or state.src[state.pos] != ":":
        return False
    scheme = next((name for name in ("https", "http") if state.pending.lower().endswith(name)), "")
    match = BARE_URL.match(state.src, state.pos)
    if not scheme or not match or re.search(r"[a-z0-9]\Z", state.pending[: -len(scheme)], re.IGNORECASE):
        return False
    rest = _without_closing_marks(match.group())
    if len(rest) < len("://x"):
        return False
    if not silent:
        written = state.pending[-len(scheme) :] + rest
        state.pending = state.pending[: -len(scheme)]
        state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(written)}
        state.push("text", "", 0).content = written
        state.push("link_close", "a", -1)
    state.pos += len(rest)
    return True


def _without_closing_marks(url: str) -> str:
    """What ends a sentence, or closes a bracket that was open before the link, is no part of it."""
    url = url.rstrip(".,;:!?'[")
    # Counted once, for it may be long
    open_more = {close: url.count(opens) - url.count(close) for close, opens in PAIRS.items()}
    end = len(url)
    while end and open_more.get(url[end - 1], 0) < 0:
        open_more[url[end - 1]] += 1
        end -= 1
        while end and url[end - 1] in ".,;:!?'[":
            end -= 1
            open_more["]"] -= url[end] == "["
    return url[:end]


def emphasis_beside_cjk(state: StateInline, silent: bool) -> bool:
    """CommonMark asks for a space in ``**注意：**请``; Chinese has none, so a CJK neighbour counts as one."""
    marker, before, known = state.src[state.pos], state.src[state.pos - 1 : state.pos], len(state.delimiters)
    if not emphasis.tokenize(state, silent):
        return False
    after = state.src[state.pos : state.pos + 1]
    for delimiter in state.delimiters[known:] if marker == "*" else ():
        delimiter.open = delimiter.open or bool(CJK.match(before) and after.strip())
        delimiter.close = delimiter.close or bool(CJK.match(after) and before.strip())
    return True


def task_items(state: StateCore) -> None:
    """``- [x] done``: a box before the words of the item."""
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        first = inline.children[0] if inline.children else None
        if item.type != "list_item_open" or paragraph.type != "paragraph_open" or not first or first.type != "text":
            continue
        if match := TASK.match(first.content):
            first.content = first.content[match.end() :]
            inline.children = [Token("task_box", "", 0, content=match.group(1)), *(inline.children or [])]
            item.attrSet("class", "task")


def note_reference(state: StateInline, silent: bool) -> bool:
    """``[^1]``, where that is defined. While a text is written its notes are yet to come: then a number will do."""
    match = NOTE.match(state.src, state.pos)
    if not match or state.linkLevel:
        return False
    label, notes = match.group(1), state.env.get("footnotes", {}).get("refs", {})
    if f":{label}" not in notes and not (state.env.get("unfinished") and label.isdecimal()):
        return False
    if not silent:
        times: dict[str, int] = state.env.setdefault("references", {})
        times[label] = times.get(label, 0) + 1
        state.push("note_reference", "", 0).meta = {"label": label, "time": times[label]}
    state.pos = match.end()
    return True

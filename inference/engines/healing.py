"""Where to cut a prefix, so that the model goes on as if it had never stopped.

A prefix may end inside a token. Models never saw such ends: after "Hello " they would write a second space, after
"wonderf" a strange word. So the last word is taken back and the model must first say it again.
"""

import re

LONGEST = 24
LAST_WORD = re.compile(r"\s*\S*\Z")


def split(prefix: str) -> tuple[str, str]:
    """(what the prompt keeps, what must be said again)."""
    match = LAST_WORD.search(prefix, max(0, len(prefix) - LONGEST))
    at = match.start() if match else len(prefix)
    return prefix[:at], prefix[at:]

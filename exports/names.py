"""Names of files: readable, whatever a title says, and such that every system takes them."""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 80  # characters
LONGEST_BYTES = 180  # most systems take 255, and a suffix or a number comes behind
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)  # Windows' own
FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # some turn the direction: what ends in fdp.exe, say


def file_name(title: str, suffix: str = "") -> str:
    """``suffix`` begins with its dot."""
    seen = "".join(" " if unicodedata.category(one) in UNSEEN else one for one in unicodedata.normalize("NFC", title))
    name = " ".join(FORBIDDEN.sub(" ", seen).split())[:LONGEST]
    name = name.encode()[:LONGEST_BYTES].decode(errors="ignore").strip(". ")
    if not name or RESERVED.match(name):
        name = f"conversation {name}".strip()
    return name + suffix


def disposition(name: str) -> str:
    """The header for a file to be saved: as RFC 6266 says, once in ASCII and once in full."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, suffix = plain.rpartition(".")
    plain = f"{' '.join(stem.split()) or 'conversation'}{dot}{suffix}".replace("%", "_")  # that some read as an escape
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

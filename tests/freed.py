"""What is freed when the last who needs it lets go, and not by the next full garbage collection."""

import gc
import logging
from collections.abc import Iterator

import pytest

from tests.waiting import until


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Nothing is collected during the test, so what is in a circle stays; what was there before is not looked at."""
    logging.disable()  # pytest keeps records, and with them errors and what these passed through
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()
    logging.disable(logging.NOTSET)


def held(*types: type) -> list[str]:
    """The types' instances that are still in memory, by name."""
    return [type(one).__name__ for one in gc.get_objects() if type(one) in types]


def all_freed(*types: type) -> None:
    """Wait until there is no instance left."""
    until(lambda: not held(*types), what=f"the end of {held(*types)}")

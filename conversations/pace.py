"""How fast one socket may talk: a token bucket."""

import time
from dataclasses import dataclass, field

BURST = 40
PER_SECOND = 20
PER_WORK = 40  # frames that a second of a processor counts for


@dataclass(slots=True)
class Pace:
    """``BURST`` frames at once, then ``PER_SECOND``."""

    left: float = BURST
    at: float = field(default_factory=time.monotonic)

    def allows(self) -> bool:
        """Take one frame's worth; False when there is none."""
        now = time.monotonic()
        self.left = min(BURST, self.left + (now - self.at) * PER_SECOND) - 1
        self.at = now
        return self.left >= 0

    def charge(self, seconds: float) -> None:
        """What took a processor this long counts for more than the frame that asked for it."""
        self.left -= seconds * PER_WORK

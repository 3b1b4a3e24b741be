"""Ends a text before the first stop string, for engines that do not do so themselves."""


class StopFilter:
    """Feed it pieces; it gives back what can be shown. What may be the start of a stop string waits for more."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        self._stop = stop
        self._held = ""
        self.stopped = False

    def feed(self, piece: str) -> str:
        """The text that is now certain. After ``stopped`` nothing more comes."""
        if self.stopped or not self._stop:
            return "" if self.stopped else piece
        text = self._held + piece
        found = [(at + len(stop), at) for stop in self._stop if (at := text.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return text[: min(found)[1]]  # by the first that ends, so that it is the same in whatever pieces it came
        keep = max(self._overlap(text, stop) for stop in self._stop)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def flush(self) -> str:
        """What waited, now that the text has ended."""
        held, self._held = self._held, ""
        return held

    @staticmethod
    def _overlap(text: str, stop: str) -> int:
        """Length of the longest end of ``text`` that begins ``stop``."""
        for length in range(min(len(stop) - 1, len(text)), 0, -1):
            if text.endswith(stop[:length]):
                return length
        return 0

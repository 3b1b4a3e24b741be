"""What stands in the way of a download."""


class FetchError(RuntimeError):
    """A file could not be fetched. ``str(error)`` names the file, says why, and what helps."""


class CorruptError(FetchError):
    """What came is not what it should be; it was thrown away."""

"""What stands in the way of counting exactly."""


class UnreadableError(Exception):
    """A vocabulary is missing, broken or of a kind not known here. ``str(error)`` says which."""

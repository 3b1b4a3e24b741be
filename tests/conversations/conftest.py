"""What stories about conversations share."""

from tests.conversations.pen import take

__all__ = ["take"]

"""What stories about branches share with those about conversations."""

from tests.conversations.pen import take
from tests.conversations.test_doors import browse

__all__ = ["browse", "take"]

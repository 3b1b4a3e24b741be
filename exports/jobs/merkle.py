"""A Merkle tree as in RFC 6962 (Certificate Transparency): one hash stands for all leaves and their order.

What is kept meanwhile is one hash for each power of two, whatever the number of leaves.
"""

import hashlib

EMPTY = hashlib.sha256().hexdigest()


class Tree:
    """Leaves are added one after another; the root is that of those so far."""

    def __init__(self) -> None:
        self.leaves = 0
        self._whole: list[bytes] = []  # roots of whole trees, the largest first: the ones in the number of leaves

    def add(self, leaf: bytes) -> None:
        node = hashlib.sha256(b"\x00" + leaf).digest()
        size = self.leaves
        while size & 1:
            node = _above(self._whole.pop(), node)
            size >>= 1
        self._whole.append(node)
        self.leaves += 1

    def root(self) -> str:
        """In hexadecimal."""
        if not self._whole:
            return EMPTY
        *rest, node = self._whole
        for left in reversed(rest):
            node = _above(left, node)
        return node.hex()


def _above(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()

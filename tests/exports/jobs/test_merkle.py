"""The tree of hashes, against its definition and the vectors of Certificate Transparency."""

import hashlib

import pytest

from exports.jobs.merkle import Tree

LEAVES = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243")]
ROOTS = {  # of as many leaves, as Certificate Transparency's own tests have them
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
}


def root(leaves: list[bytes]) -> str:
    tree = Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def defined(leaves: list[bytes]) -> bytes:
    """As RFC 6962 writes it down: by halves, the first of which is the largest power of two."""
    if len(leaves) < 2:
        return hashlib.sha256(b"".join(b"\x00" + leaf for leaf in leaves)).digest()
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + defined(leaves[:half]) + defined(leaves[half:])).digest()


@pytest.mark.parametrize("count", ROOTS)
def test_it_has_the_roots_that_others_found(count: int) -> None:
    assert root(LEAVES[:count]) == ROOTS[count]


@pytest.mark.parametrize("count", [6, 7, 8, 9, 31, 32, 33, 100])
def test_it_is_what_the_definition_says(count: int) -> None:
    leaves = [str(number).encode() for number in range(count)]
    assert root(leaves) == defined(leaves).hex()


def test_each_leaf_and_their_order_matter() -> None:
    assert len({root([b"a", b"b", b"c"]), root([b"b", b"a", b"c"]), root([b"a", b"b"]), root([b"a", b"b", b"d"])}) == 4


def test_the_root_may_be_asked_for_at_any_time() -> None:
    tree = Tree()
    for number, leaf in enumerate(LEAVES):
        assert tree.root() == root(LEAVES[:number])
        tree.add(leaf)
    assert tree.leaves == len(LEAVES)

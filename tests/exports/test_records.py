"""What leaves of a conversation, whatever the format."""

import hashlib
from uuid import UUID

import pytest

from exports.formats import View
from exports.records import Item, Record

TREE = {1: None, 2: 1, 3: 2, 4: 3, 5: 1, 6: 5, 7: 6}  # 5 asks again beside 2
ROLES = ("assistant", "user")


def known(number: int | None) -> UUID | None:
    return UUID(int=number) if number else None


def record(tip: int | None = None, tree: dict[int, int | None] = TREE) -> Record:
    items = tuple(Item(UUID(int=at), at - 1, ROLES[at % 2], f"text {at}", known(parent)) for at, parent in tree.items())
    return Record(UUID(int=99), "Trees", tip=known(tip), messages=items)


def shown(items: tuple[Item, ...]) -> list[int]:
    return [item.id.int for item in items]


@pytest.mark.parametrize(
    ("tip", "asked", "branch"),
    [
        (None, None, [1, 5, 6, 7]),
        (2, None, [1, 2, 3, 4]),
        (4, None, [1, 2, 3, 4]),
        (4, 6, [1, 5, 6, 7]),
        (4, 1, [1, 5, 6, 7]),
        (4, 77, [1, 2, 3, 4]),
        (77, None, [1, 5, 6, 7]),
    ],
)
def test_a_branch_goes_through_its_tip(tip: int | None, asked: int | None, branch: list[int]) -> None:
    assert shown(record(tip).branch(known(asked))) == branch


def test_a_conversation_without_messages_has_an_empty_branch() -> None:
    assert record(tree={}).branch() == ()


@pytest.mark.parametrize(
    ("view", "items"),
    [
        (View(), [1, 2, 3, 4]),
        (View(tip=UUID(int=7)), [1, 5, 6, 7]),
        (View(whole=True), [1, 2, 3, 4, 5, 6, 7]),
        (View(whole=True, first=1, last=4), [2, 3, 4, 5]),
        (View(first=2), [3, 4]),
        (View(last=0), [1]),
    ],
)
def test_a_view_has_what_was_asked_for(view: View, items: list[int]) -> None:
    assert shown(view.cut(record(4)).messages) == items


def test_the_hash_is_of_what_was_said_and_of_nothing_else() -> None:
    one = Item(UUID(int=1), 0, "user", 'Grüße "你好"\n')
    canonical = '{"reasoning":"","role":"user","text":"Grüße \\"你好\\"\\n"}'
    assert one.sha256 == hashlib.sha256(canonical.encode()).hexdigest()
    assert Item(UUID(int=2), 7, "user", one.text, model="other").sha256 == one.sha256
    assert Item(UUID(int=1), 0, "assistant", one.text).sha256 != one.sha256

"""What the sidebar lists, page by page, and from which index: nothing twice, nothing left out, fast with thousands."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.http import QueryDict

from accounts.models import User
from conversations.frames import Malformed
from conversations.models import Conversation, Folder, Tag
from conversations.shelf import listing
from conversations.shelf.listing import Place, Shelf

pytestmark = pytest.mark.django_db

THEN = datetime(2026, 1, 31, 12, tzinfo=UTC)


def made(user: User, many: int, **more: Any) -> list[Conversation]:
    """So many, the newest first, each a minute older than the one before."""
    rows = [
        Conversation(owner=user, client_id=uuid4(), title=f"Number {n}", updated_at=THEN - timedelta(minutes=n), **more)
        for n in range(many)
    ]
    return Conversation.objects.bulk_create(rows)


def pages(user: User, shelf: Shelf) -> Iterator[list[Conversation]]:
    before, has_more, number = None, True, 0
    while has_more:
        page, has_more = shelf.page(user, before)
        yield page
        number += 1
        assert number < 10, "the same page again and again"
        if page:
            before = Place(page[-1].listed_at, page[-1].pk)  # type: ignore[attr-defined]  # as its item says it


def everything(user: User, shelf: Shelf) -> list[UUID]:
    return [one.pk for page in pages(user, shelf) for one in page]


def asked(user: User, **query: str) -> Shelf:
    said = QueryDict(mutable=True)
    said.update(query)
    return Shelf.asked(user, said)


def test_each_list_has_its_own_and_only_ones_own(alice: User, bob: User) -> None:
    folder = Folder.objects.create(owner=alice, name="Work")
    tag = Tag.objects.create(owner=alice, name="red")
    where: list[dict[str, Any]] = [
        {},
        {"archived_at": THEN},
        {"trashed_at": THEN, "folder": folder},
        {"pinned_at": THEN},
        {"folder": folder},
        {"folder": folder, "archived_at": THEN},
    ]
    rows = [made(alice, 1, **more)[0] for more in where]
    tag.conversations.add(*rows[:4])
    plain, archived, trashed, pinned, filed, both = (row.pk for row in rows)
    made(bob, 3)
    assert everything(alice, Shelf()) == [plain]
    assert set(everything(alice, Shelf("archive"))) == {archived, both}
    assert everything(alice, Shelf("trash")) == [trashed]
    assert everything(alice, asked(alice, folder=str(folder.pk))) == [filed]
    assert set(everything(alice, asked(alice, tag=str(tag.pk)))) == {plain, pinned}
    context = listing.lists(alice, Shelf())
    assert [one.pk for one in context["pinned"]] == [pinned]
    assert list(context["folders"]) == [folder]
    assert "pinned" not in listing.lists(alice, Shelf("archive"))


@pytest.mark.parametrize("of", [{}, {"archived_at": THEN}, {"trashed_at": THEN}])
def test_pages_leave_out_nothing_and_repeat_nothing(alice: User, of: dict[str, Any]) -> None:
    view = "archive" if "archived_at" in of else "trash" if of else ""
    rows = [one.pk for one in made(alice, 123, **of)]
    found = list(pages(alice, Shelf(view)))
    assert [len(page) for page in found] == [50, 50, 23]
    listed = [one.pk for page in found for one in page]
    assert sorted(listed) == sorted(rows)
    if view != "trash":
        assert listed == rows, "the newest first"


@pytest.mark.parametrize("micros", [0, 120_000, 120_500])
def test_many_of_one_moment_are_all_listed(alice: User, micros: int) -> None:
    made(alice, 120)
    Conversation.objects.update(updated_at=THEN.replace(microsecond=micros))
    assert len(set(everything(alice, Shelf()))) == 120
    Conversation.objects.update(updated_at=Now())  # as the database's own clock writes it
    listed = everything(alice, Shelf())
    assert len(listed) == len(set(listed)) == 120


def test_what_comes_meanwhile_shifts_no_page(alice: User) -> None:
    rows = made(alice, 60)
    first, _ = Shelf().page(alice)
    Conversation.objects.filter(pk=rows[55].pk).update(updated_at=Now())
    rest, has_more = Shelf().page(alice, Place(first[-1].updated_at, first[-1].pk))
    assert [one.pk for one in rest] == [one.pk for one in rows[50:] if one != rows[55]]
    assert not has_more


def test_a_list_that_is_asked_for_again_reaches_as_far_down(alice: User) -> None:
    rows = made(alice, 130)
    edge = rows[119]
    context = listing.lists(alice, Shelf(), Place(edge.updated_at, edge.pk))
    assert [one.pk for one in context["conversations"]] == [one.pk for one in rows[:120]]
    assert context["has_more"]
    short = listing.lists(alice, Shelf(), Place(rows[3].updated_at, rows[3].pk))
    assert len(short["conversations"]) == 50


def test_one_answer_has_only_so_many(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST", 60)
    rows = made(alice, 70)
    context = listing.lists(alice, Shelf(), Place(rows[-1].updated_at, rows[-1].pk))
    assert (len(context["conversations"]), context["has_more"]) == (60, True)


@pytest.mark.parametrize("query", [{"view": "attic"}, {"folder": "x"}, {"tag": "-1"}, {"tag": "1" * 30}, {"tag": "²"}])
def test_a_list_that_is_none_is_refused_and_a_page_shows_the_first(alice: User, query: dict[str, str]) -> None:
    with pytest.raises(Malformed):
        asked(alice, **query)
    said = QueryDict(mutable=True)
    said.update(query)
    assert Shelf.shown(alice, said) == Shelf()


def test_folders_and_tags_of_others_are_not_there(alice: User, bob: User) -> None:
    folder, tag = Folder.objects.create(owner=alice, name="Work"), Tag.objects.create(owner=alice, name="red")
    with pytest.raises(Folder.DoesNotExist):
        asked(bob, folder=str(folder.pk))
    with pytest.raises(Tag.DoesNotExist):
        asked(bob, tag=str(tag.pk))


def spread(user: User) -> Folder:
    """Thousands, a tenth of them in each place, beside those of another person."""
    folder = Folder.objects.create(owner=user, name="Work")
    rows = made(user, 3000)
    places: list[dict[str, Any]] = [{"folder": folder}, {"archived_at": THEN}, {"trashed_at": THEN}]
    for n, more in enumerate(places):
        Conversation.objects.filter(pk__in=[one.pk for one in rows[n::10]]).update(**more)
    Conversation.objects.filter(pk__in=[one.pk for one in rows[5:25]]).update(pinned_at=THEN)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return folder


INDEXES: dict[str, tuple[Callable[[Folder], Shelf], str]] = {
    "first": (lambda folder: Shelf(), "conversations_listed"),
    "archive": (lambda folder: Shelf("archive"), "conversations_archived"),
    "trash": (lambda folder: Shelf("trash"), "conversations_trashed"),
    "folder": (lambda folder: Shelf(folder=folder), "conversations_of_folder"),
}


def test_each_list_is_read_from_an_index_in_its_order(alice: User, bob: User) -> None:
    made(bob, 9000)  # one of many
    folder = spread(alice)
    for name, (shelf_of, index) in INDEXES.items():
        shelf = shelf_of(folder)
        rows = shelf.conversations(alice)
        later = rows.filter(listing._at_or_before(shelf.key, Place(THEN, uuid4())))
        for plan in (rows[:51].explain(), later[:51].explain()):
            assert "Seq Scan" not in plan, f"{name}: {plan}"
            # Of few rows PostgreSQL may read by another index and sort: the long list only within one moment.
            reads_whole = name != "first" or "Presorted Key: updated_at" in plan
            assert index in plan or (connection.vendor == "postgresql" and reads_whole), f"{name}: {plan}"
            assert "TEMP B-TREE" not in plan, f"{name}: {plan}"
            assert "Sort Key" not in plan or reads_whole, f"{name}: {plan}"

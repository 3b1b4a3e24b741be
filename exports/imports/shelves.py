"""Folders and tags of what is imported: those of the same names, or new ones as long as a person may have more."""

from typing import TypeVar

from accounts.models import User
from conversations.models import Folder, Tag
from conversations.shelf.names import MOST

Kind = TypeVar("Kind", Folder, Tag)


class Shelves:
    """One person's, while a file is read. ``left_out`` are names for which there was no more room."""

    def __init__(self, owner: User) -> None:
        self._owner = owner
        self._known: dict[type[Folder | Tag], dict[str, int]] = {}
        self.left_out: set[str] = set()

    def folder(self, name: str | None) -> int | None:
        return self._find(Folder, name) if name else None

    def tags(self, names: tuple[str, ...]) -> list[int]:
        return [pk for name in names if (pk := self._find(Tag, name))]

    def _find(self, kind: type[Folder] | type[Tag], name: str) -> int | None:
        """Its key; None where there is no room for another one. Names are the same whatever their case."""
        mine = kind.objects.filter(owner=self._owner)
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = {one.lower(): pk for pk, one in mine.values_list("pk", "name")}
        found = known.get(name.lower())
        if found is not None and not mine.filter(pk=found).exists():  # deleted meanwhile
            found = None
        if found is None:
            if mine.count() >= MOST:
                self.left_out.add(name)
                return None
            made = mine.filter(name__iexact=name).first() or kind.objects.create(owner=self._owner, name=name)
            found = known[name.lower()] = made.pk
        return found

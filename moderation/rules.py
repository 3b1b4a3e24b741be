"""Which rules hold for a person now, compiled. One small query a question; a process compiles once a change.

Every change of a rule gives the revision another token in the same transaction, so that the next question, in every
process, reads the rules anew. A rule that can no longer be compiled is left out and said so (log, console): the others
go on. To refuse everything instead would make people switch the filter off, all of it.
"""

import logging
import threading
from dataclasses import dataclass, field
from functools import cache

from django.contrib.auth import get_user_model
from django.db import connection

from moderation import compiling, lists
from moderation.compiling import Brief, Lost, RuleSet
from moderation.matcher import Matcher
from moderation.models import Revision, Rule, Scope

MOST_SETS = 16  # compiled sets a process keeps: each is for people with the same rules

log = logging.getLogger(__name__)

Key = tuple[Scope, frozenset[int]]  # of a question: scope, and the person's groups


def matcher_for(user_id: int, scope: Scope) -> Matcher | None:
    """The compiled rules that hold for this person's prompts, or for replies to them; None when none does.

    Not for an event loop: it asks the database, and after a change it compiles, which takes a while for long lists.
    """
    return rules_for(user_id, scope).matcher


def rules_for(user_id: int, scope: Scope) -> RuleSet:
    """The same with what else is known of the rules."""
    token, groups = _standing(user_id)
    key = scope, groups
    book = _book
    if book is None or book.token != token or (found := book.sets.get(key)) is None:
        found = _prepare(token, key)
    return found


def broken() -> dict[int, str]:
    """Rules that are on and cannot be used whole, each with the reason in the reader's language."""
    token, _groups = _standing(0)
    with _lock:
        book = _open(token)
        if book.lost is None:
            book.lost = {rule: why for one in book.rules for rule, why in one.lost().items()}
        return {rule: lists.reason(why) for rule, why in book.lost.items()}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule that is on."""

    brief: Brief
    scope: str
    groups: frozenset[int]

    def holds(self, scope: Scope, groups: frozenset[int]) -> bool:
        return self.scope in {scope, Scope.BOTH} and (not self.groups or bool(self.groups & groups))

    def lost(self) -> Lost:
        specs = [self.brief.spec]
        unfit = {} if self.scope == Scope.PROMPT else compiling.fit_for_replies(specs)[1]
        return compiling.compiled(specs)[1] | unfit


@dataclass(slots=True)
class _Book:
    """The rules of one revision, and the sets of them that were asked for."""

    token: str
    rules: tuple[_Entry, ...]
    sets: dict[Key, RuleSet] = field(default_factory=dict)
    lost: Lost | None = None

    def briefs(self, key: Key) -> tuple[tuple[Brief, ...], Lost]:
        """Those that hold, and those that would if they were fit for replies."""
        found = [one.brief for one in self.rules if one.holds(*key)]
        lost: Lost = {}
        if key[0] == Scope.REPLY:
            lost = compiling.fit_for_replies([brief.spec for brief in found])[1]
        return tuple(brief for brief in found if brief.spec.id not in lost), lost


_book: _Book | None = None
_lock = threading.Lock()  # who comes while another compiles waits for that


def _standing(user_id: int) -> tuple[str, frozenset[int]]:
    """The revision's token, and the groups of the person."""
    with connection.cursor() as cursor:
        cursor.execute(_standing_sql(), [user_id])
        rows = cursor.fetchall()
    token = rows[0][0] if rows else ""  # no row: no rule was ever made
    return token, frozenset(group for _token, group in rows if group is not None)


@cache
def _standing_sql() -> str:
    membership = get_user_model().groups.through._meta.db_table
    return (
        f"SELECT r.token, m.group_id FROM {Revision._meta.db_table} r"  # noqa: S608 - no input in it
        f" LEFT JOIN {membership} m ON m.user_id = %s WHERE r.id = 1"
    )


def _prepare(token: str, key: Key) -> RuleSet:
    with _lock:
        book = _open(token)
        if (found := book.sets.get(key)) is None:
            found = _compiled(book, key)
            while len(book.sets) >= MOST_SETS:
                book.sets.pop(next(iter(book.sets)))
            book.sets[key] = found
        return found


def _open(token: str) -> _Book:
    """The book of this revision. Of the one before, sets of the same rules are taken over as they are."""
    global _book
    if _book is None or _book.token != token:
        old, _book = _book, _Book(token, _read())
        for key, known in old.sets.items() if old else ():
            briefs, _lost = _book.briefs(key)
            if known.specs == tuple(brief.spec for brief in briefs):
                _book.sets[key] = RuleSet(known.matcher, briefs)
    return _book


def _read() -> tuple[_Entry, ...]:
    """The rules that are on. Read after their revision: at worst newer than it says, never older."""
    rules = Rule.objects.filter(enabled=True).prefetch_related("groups").order_by("pk")
    return tuple(
        _Entry(
            Brief(rule.spec, rule.name, rule.message), rule.scope, frozenset(group.pk for group in rule.groups.all())
        )
        for rule in rules
    )


def _compiled(book: _Book, key: Key) -> RuleSet:
    briefs, lost = book.briefs(key)
    specs = tuple(brief.spec for brief in briefs)
    known = next((other for other in book.sets.values() if other.specs == specs), None)
    if known:  # of the other scope, or of people in other groups
        return known
    matcher, more = compiling.compiled(specs)
    for rule, why in (lost | more).items():
        log.error("Rule %d cannot be used whole: %s (word %d)", rule, why.reason, why.line)
    return RuleSet(matcher, briefs)

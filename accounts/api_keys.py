"""API keys: a person makes several, each for one program, with a name, an end, and no more rights than it needs.

The secret is shown once. What is stored is its SHA-256: it is 256 random bits, which nobody finds by trying, so a slow
hash as for passwords would protect nothing and cost every request.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import second_factor
from accounts.models import ApiKey, ApiKeyQuerySet, User
from audit.log import record
from limits import restraints
from limits.clock import NOW
from limits.models import Restraint
from limits.policies import limits_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MARK = "cs-"
RANDOM_BYTES = 32  # 43 characters
SHAPE = re.compile(rf"{MARK}[\w-]{{43}}", re.ASCII)
LASTS_DAYS = (7, 30, 90, 365)  # or for ever
MOST_ACTIVE = 20  # keys of one person
MOST_MODELS, LONGEST_NAME, LONGEST_MODEL = 50, 100, 100
NOTED_EVERY = timedelta(minutes=1)  # that a key was used
KEPT_AFTER = timedelta(days=30)  # a key that is over stays in the lists for so long


class KeyRefused(Exception):  # noqa: N818 - an answer to a person, not a fault
    """No key was made. ``detail`` is a sentence for the person."""

    def __init__(self, code: str, detail: "StrOrPromise") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def create(
    user: User,
    name: str,
    *,
    scopes: Sequence[str],
    models: Sequence[str] = (),
    saves: bool = False,
    expires_at: datetime | None = None,
    by: User | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its secret, which cannot be had again. Raises KeyRefused. ``by`` None: the command line."""
    check_may_use(user)
    _check(user, name, scopes, models, expires_at)
    secret = MARK + secrets.token_urlsafe(RANDOM_BYTES)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # or two at once would pass the count
        if ApiKey.objects.visible_to(user).active().count() >= MOST_ACTIVE:
            detail = _("You have %(allowed)d keys already. Revoke one first.")
            raise KeyRefused("too_many_keys", detail % {"allowed": MOST_ACTIVE})
        key = ApiKey.objects.create(
            user=user,
            name=name.strip(),
            prefix=secret[:8],
            digest=_digest(secret),
            scopes=[one for one in ApiKey.Scope.values if one in scopes],
            models=sorted(set(models)),
            saves=saves,
            expires_at=expires_at,
        )
        told = {"scopes": key.scopes, "models": key.models, "saves": saves, "expires": expires_at}
        record("api_key.created", actor=by, subject=key, details={**_whose(key), **told})
    return key, secret


def authenticate(secret: str) -> ApiKey | None:
    """The active key of an active person who is not suspended, with its ``user``; else None. One query.

    That it was used is written down once a minute at most.
    """
    if not SHAPE.fullmatch(secret):
        return None
    key = next(iter(ApiKey.objects.raw(_usable_sql(connection.vendor), [_digest(secret)])), None)
    if key:
        name: str = key.whose  # type: ignore[attr-defined]  # of the query
        key.user = User.from_db(key._state.db, ["id", "username", "is_active"], [key.user_id, name, True])
        _note_use(key)
    return key


@cache
def _usable_sql(vendor: str) -> str:
    """Written out: every request asks, and Django takes ten times as long to build it as the database to answer."""
    keys, people, held = (model._meta.db_table for model in (ApiKey, User, Restraint))
    now = NOW[vendor]
    return (
        f"SELECT one.*, person.username AS whose FROM {keys} AS one JOIN {people} AS person ON person.id = one.user_id"  # noqa: S608 - no input in it
        f" WHERE one.digest = %s AND one.revoked_at IS NULL AND (one.expires_at IS NULL OR one.expires_at > {now})"
        f" AND person.is_active AND NOT EXISTS (SELECT 1 FROM {held} AS it WHERE it.user_id = person.id"
        f" AND it.kind = '{Restraint.Kind.SUSPEND.value}' AND it.lifted_at IS NULL"
        f" AND (it.until IS NULL OR it.until > {now}))"
    )


def check_may_use(user: User) -> None:
    """Refuse one whose policy does not let them use the API, who is suspended, or whose second factor is missing."""
    if not limits_of(user.pk).may_use_api:
        raise KeyRefused("may_not_use_api", _("You may not use the API here. Ask an administrator."))
    if any(one.kind == Restraint.Kind.SUSPEND for one in restraints.now_on(user.pk)):
        raise KeyRefused("suspended", _("You cannot create a key at present: your account is suspended."))
    if second_factor.is_due(user):
        raise KeyRefused("second_factor", _("Set up a second factor first."))


@transaction.atomic
def revoke(keys: ApiKeyQuerySet, *, by: User | None) -> int:
    """These open nothing from now on, for ever; how many were not revoked before. ``by`` None: the command line."""
    rows = keys.filter(revoked_at=None).select_related("user").order_by("pk")
    ended = list(rows.select_for_update(no_key=True, of=("self",)))
    ApiKey.objects.filter(pk__in=[key.pk for key in ended]).update(revoked_at=Now())
    for key in ended:  # when all are locked: the first entry holds the audit log
        record("api_key.revoked", actor=by, subject=key, details=_whose(key))
    return len(ended)


def forget() -> int:
    """Remove keys that have been over for a month; how many there were."""
    long_ago = timezone.now() - KEPT_AFTER
    removed, _of_what = ApiKey.objects.filter(Q(revoked_at__lt=long_ago) | Q(expires_at__lt=long_ago)).delete()
    return removed


def _check(user: User, name: str, scopes: Sequence[str], models: Sequence[str], expires_at: datetime | None) -> None:
    """Raises KeyRefused, which says what is wrong and what is allowed."""
    if not 1 <= len(name.strip()) <= LONGEST_NAME or "\x00" in name:
        raise KeyRefused("name", _("A name has 1 to %(most)d characters.") % {"most": LONGEST_NAME})
    if not scopes or set(scopes) - set(ApiKey.Scope.values):
        allowed = {"allowed": ", ".join(ApiKey.Scope.values)}
        raise KeyRefused("scopes", _("Choose at least one scope; there are: %(allowed)s.") % allowed)
    if len(models) > MOST_MODELS or any(not 1 <= len(one) <= LONGEST_MODEL for one in models):
        raise KeyRefused("models", _("A key names at most %(most)d models.") % {"most": MOST_MODELS})
    limits = limits_of(user.pk)
    if denied := sorted(one for one in models if not limits.allows_model(one)):
        detail = _("The policy does not allow: %(models)s.") % {"models": ", ".join(denied)}
        raise KeyRefused("models", detail)
    if expires_at is not None and expires_at <= timezone.now():
        raise KeyRefused("expires_at", _("A key must expire in the future."))


def _note_use(key: ApiKey) -> None:
    long_ago = timezone.now() - NOTED_EVERY
    if key.last_used_at is None or key.last_used_at < long_ago:
        row = ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=long_ago), pk=key.pk)
        row.update(last_used_at=Now())


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _whose(key: ApiKey) -> dict[str, object]:
    return {"owner": key.user.get_username(), "owner_id": key.user_id}

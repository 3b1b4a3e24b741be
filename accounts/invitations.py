"""Invitations: whoever has the link of one makes themselves an account, once, until it ends or is revoked.

As of API keys only the SHA-256 of the secret is kept: it is 256 random bits.
"""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Invitation, User
from audit.log import record

RANDOM_BYTES = 32


class InvitationOverError(Exception):
    """It was used, revoked, or its time is over."""


def invite(*, by: User | None, email: str = "", group: Group | None = None, days: int = 7) -> tuple[Invitation, str]:
    """A new invitation and its secret, which cannot be had again. ``by`` None: who signs up by their address alone."""
    secret = secrets.token_urlsafe(RANDOM_BYTES)
    with transaction.atomic():
        ends = timezone.now() + timedelta(days=days)
        invitation = Invitation.objects.create(email=email, group=group, by=by, digest=_digest(secret), expires_at=ends)
        told = {"email": email, "group": group.name if group else "", "expires": ends}
        record("invitation.created", actor=by, subject=invitation, details=told)
    return invitation, secret


def find(secret: str) -> Invitation | None:
    """The one of this secret, while it is open."""
    return Invitation.objects.open().select_related("group").filter(digest=_digest(secret)).first()


def accept(invitation: Invitation, *, username: str, email: str, password: str) -> User:
    """The account of who was invited. Raises InvitationOverError: of two at once, one gets it."""
    with transaction.atomic():
        if not Invitation.objects.open().filter(pk=invitation.pk).update(accepted_at=Now()):
            raise InvitationOverError
        person = User.objects.create_user(username, invitation.email or email, password)
        Invitation.objects.filter(pk=invitation.pk).update(accepted_by=person)
        if invitation.group:
            person.groups.add(invitation.group)
        record("person.signed_up", actor=person, subject=person, details={"invitation": invitation.pk})
    return person


@transaction.atomic
def revoke(rows: QuerySet[Invitation], *, by: User) -> int:
    """These make no account any more; how many could have."""
    chosen = list(rows.select_for_update(of=("self",)).order_by("pk"))
    ended = [one for one in chosen if not one.is_over]
    Invitation.objects.filter(pk__in=[one.pk for one in ended]).update(revoked_at=Now())
    for one in ended:
        record("invitation.revoked", actor=by, subject=one)
    return len(ended)


def vouched_for(person: User) -> bool:
    """Whether somebody else than the person gave them their address: an administrator, or a letter that reached it."""
    return not Invitation.objects.filter(accepted_by=person, email="").exists()


def vouch(person: User) -> None:
    """Their address is from now on one that somebody else gave them."""
    Invitation.objects.filter(accepted_by=person, email="").update(email=person.email)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

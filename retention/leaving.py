"""Leaving: a person asks for the deletion of their account; it is done after some days unless they sign in before."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import api_keys
from accounts.models import ApiKey, User
from audit import holds
from audit.log import record
from retention import erasing
from retention.models import Leaving

log = logging.getLogger(__name__)


def connect() -> None:
    user_logged_in.connect(_came_back, dispatch_uid="retention.leaving")


@transaction.atomic
def ask(user: User) -> Leaving:
    """From now on it waits to be done. Their programs stop at once. Raises Stays for the last owner.

    A legal hold is not told of: the account is then switched off when the time is up, and goes when the hold is lifted.
    """
    if erasing.is_last_owner(user):
        erasing.check(user)
    due = timezone.now() + timedelta(days=settings.LEAVING_DAYS)
    leaving, _made = Leaving.objects.get_or_create(user=user, defaults={"due_at": due})
    api_keys.revoke(ApiKey.objects.visible_to(user).active(), by=user)
    record("person.leaving", actor=user, subject=user, details={"due": leaving.due_at})
    return leaving


def let_go() -> int:
    """Delete the accounts whose time is up; how many."""
    done = 0
    for leaving in Leaving.objects.filter(due_at__lte=timezone.now()).select_related("user"):
        try:
            done += _go(leaving)
        except erasing.Stays as why:
            log.warning("An account that was to be deleted stays for now: %s", why)
    return done


def _go(leaving: Leaving) -> bool:
    """Whether it is gone. Whoever came back while others were deleted stays. Raises Stays."""
    user = leaving.user
    is_held = holds.on(user.pk)
    if not is_held:
        erasing.check(user)
    if not User.objects.filter(pk=user.pk, leaving=leaving.pk).update(is_active=False) or is_held:
        return False
    erasing.erase(user, by=None, receipt=leaving.receipt)
    return True


def _came_back(request: HttpRequest | None, user: Any, **more: Any) -> None:
    """Signing in keeps the account, unless it is being deleted by now."""
    with transaction.atomic():
        kept, _what = Leaving.objects.filter(user=user, user__is_active=True).delete()
        if kept:
            record("person.stays", actor=user, subject=user)
    if kept and request:
        messages.info(request, _("Welcome back. Your account is no longer to be deleted."))


def asked(receipt: UUID) -> Leaving | None:
    """What will have this receipt."""
    return Leaving.objects.filter(receipt=receipt).first()

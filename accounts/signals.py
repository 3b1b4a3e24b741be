"""Sign-ins in the audit log: who came in, who tried to, who left, who has a new password, and from where.

A person whose sign-in cannot be written down comes in all the same. The session lies in the same database, so an outage
keeps everybody out anyway; what is left are faults of the log itself, which only somebody who is signed in can see to,
and they must not be a way to lock everyone out. It is no silent way in either: the process's log then says what the
audit log could not, as an error. What administrators do is the other way round: without its entry it is not done.
"""

import logging
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import Error as DatabaseFault
from django.http import HttpRequest

from accounts import sessions
from accounts.addresses import address
from audit.log import record
from limits.restraints import suspended

log = logging.getLogger(__name__)


def connect() -> None:
    """Listen, from when the app is ready."""
    user_logged_in.connect(_signed_in, dispatch_uid="audit")
    user_login_failed.connect(_failed, dispatch_uid="audit")
    user_logged_out.connect(_signed_out, dispatch_uid="audit")
    password_changed.connect(_password_changed, dispatch_uid="audit")
    password_set.connect(_password_changed, dispatch_uid="audit")
    password_reset.connect(_password_reset, dispatch_uid="audit")
    mfa.authenticator_added.connect(_factor("second_factor.added"), weak=False, dispatch_uid="audit")
    mfa.authenticator_removed.connect(_factor("second_factor.removed"), weak=False, dispatch_uid="audit")
    mfa.authenticator_reset.connect(_factor("second_factor.renewed"), weak=False, dispatch_uid="audit")
    mfa.authentication_failed.connect(_factor("second_factor.failed"), weak=False, dispatch_uid="audit")
    suspended.connect(sessions.on_suspended, dispatch_uid="accounts.sessions")


def _signed_in(request: HttpRequest | None, user: AbstractBaseUser, **more: Any) -> None:
    _note("sign_in.succeeded", request, user)


def _failed(credentials: dict[str, Any], request: HttpRequest | None = None, **more: Any) -> None:
    """With the name that was tried. Never the password, not even the mask that Django puts in its place."""
    _note("sign_in.failed", request, None, str(credentials.get("email") or credentials.get("username") or ""))


def _signed_out(request: HttpRequest | None, user: AbstractBaseUser | None, **more: Any) -> None:
    if user:
        _note("sign_in.ended", request, user)


def _password_changed(request: HttpRequest | None, user: AbstractBaseUser, **more: Any) -> None:
    _note("password.changed", request, user)


def _password_reset(request: HttpRequest | None, user: AbstractBaseUser, **more: Any) -> None:
    _note("password.reset", request, user)


def _factor(action: str) -> Any:
    """What happened to a second factor, by its kind."""

    def note(request: HttpRequest, user: AbstractBaseUser, authenticator: Authenticator, **more: Any) -> None:
        _note(action, request, user, kind=authenticator.type)

    return note


def _note(
    action: str, request: HttpRequest | None, user: AbstractBaseUser | None, name: str = "", **more: object
) -> None:
    where = address(request)
    try:
        record(action, actor=user, subject=user or name, details={"address": where, **more})
    except DatabaseFault:
        log.exception("Not in the audit log: %s of person %s from %s", action, user.pk if user else "-", where)

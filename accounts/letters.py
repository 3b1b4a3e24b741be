"""What the site sends by e-mail. Written and sent in the background.

So the answer to whoever asks for a letter takes as long, and reads the same, whether or not there is such an account.
"""

import hashlib
import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.cache import cache
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.models import Invitation, User
from accounts.people import with_address

PAUSE_S = 300  # between two letters of a kind to one address: nobody floods a colleague

log = logging.getLogger(__name__)


def lost_password(address: str, site: str) -> None:
    """A link to whoever has this address and may sign in; to others nothing."""
    person = with_address(address)
    if person and person.is_active and _is_time("lost_password", address):
        link = site + password_path(person)
        _send(person.email, _("A new password"), "lost_password", link=link, name=person.username)


def sign_up(address: str, site: str) -> None:
    """An invitation to whoever has this address; whoever has an account already is told so."""
    if not domain_is_open(address) or not _is_time("sign_up", address):
        return
    if person := with_address(address):
        _send(person.email, _("You have an account already"), "has_account", link=site, name=person.username)
        return
    _invitation, secret = invitations.invite(by=None, email=address, days=1)
    _send(address, _("Your account"), "invitation", link=site + invitation_path(secret), by="")


def invitation(pk: int, secret: str, site: str) -> None:
    """The link of an invitation to the address it is for."""
    row = Invitation.objects.open().filter(pk=pk).select_related("by").first()
    if row and row.email:
        by = row.by.get_full_name() or row.by.username if row.by else ""
        _send(row.email, _("An invitation"), "invitation", link=site + invitation_path(secret), by=by)


def domain_is_open(address: str) -> bool:
    return address.rpartition("@")[2].lower() in settings.SIGN_UP_DOMAINS


def password_path(person: User) -> str:
    """Where this person, or whoever has the link, gives the account a new password; it works once, for a day."""
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return reverse("account_reset_password_from_key", kwargs=key)


def invitation_path(secret: str) -> str:
    return reverse("account_invitation", args=[secret])


def _is_time(kind: str, address: str) -> bool:
    known = hashlib.sha256(address.lower().encode()).hexdigest()
    return cache.add(f"letter:{kind}:{known}", 1, PAUSE_S)


def _send(address: str, subject: str, template: str, **context: Any) -> None:
    words = render_to_string(f"letters/{template}.txt", context | {"language": translation.get_language()})
    try:
        send_mail(f"Chatsite: {subject}", words, settings.DEFAULT_FROM_EMAIL, [address])
    except (SMTPException, OSError) as error:
        log.warning("A letter of the kind %s was not sent: %s", template, type(error).__name__)

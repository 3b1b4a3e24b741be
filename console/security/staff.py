"""Who looks after the site, and how well their accounts are closed."""

from collections.abc import Iterator

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import second_factor
from accounts.models import User
from console.security.found import Finding, right

MOST_NAMED = 10


def findings() -> Iterator[Finding]:
    yield _second_factors()


def _second_factors() -> Finding:
    subject = _("Second factors of the staff")
    without = second_factor.without_one(User.objects.filter(is_staff=True, is_active=True)).order_by("username")
    names = list(without.values_list("username", flat=True))
    if not names:
        return right(subject, _("Each of the staff has one."))
    named = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    seen = ngettext(
        "%(count)d person of the staff has none: %(names)s.", "%(count)d of the staff have none: %(names)s.", len(names)
    )
    to_do = _("Let them set one up under Sign-in and security.")
    if settings.SECOND_FACTOR == "groups":
        to_do = _("Let them set one up under Sign-in and security, or ask for it: CHATSITE_SECOND_FACTOR=staff.")
    return Finding(subject, "attention", seen % {"count": len(names), "names": named}, to_do)

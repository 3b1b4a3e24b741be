"""Why an export came to nothing, in words for the person who asked for it."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

INTERRUPTED, DISK, RIGHTS, POLICY = "interrupted", "disk", "rights", "policy"
FAULT, DELIVERY = "fault", "delivery"

_SENTENCES: "dict[str, StrPromise]" = {
    INTERRUPTED: _("It was interrupted several times. Ask for it again later."),
    DISK: _("The site has no room to write it, or may not. An administrator finds the reason in the log."),
    RIGHTS: _("You may no longer export what others wrote."),
    POLICY: _("You may not export conversations here. Ask an administrator."),
    FAULT: _("Something went wrong. An administrator finds the reason in the log."),
    DELIVERY: _("It is ready here, but could not be put where the site keeps exports. The log has the reason."),
}


def sentence(problem: str) -> str:
    """In the active language; empty for none."""
    return str(_SENTENCES.get(problem, ""))

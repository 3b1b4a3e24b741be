"""A receipt in words."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.models import Receipt

KINDS: dict[str, str | Promise] = {
    "account": _("accounts"),
    "apikey": _("API keys"),
    "conversation": _("conversations"),
    "datacopy": _("copies of the data"),
    "draft": _("drafts"),
    "emailaddress": _("e-mail addresses"),
    "folder": _("folders"),
    "incident": _("incidents"),
    "indexentry": _("entries of the search"),
    "invitation": _("invitations"),
    "message": _("messages"),
    "name in the ledger": _("names in the ledger"),
    "note": _("notes"),
    "policy": _("policies"),
    "preset": _("presets"),
    "rating": _("ratings"),
    "restraint": _("restraints"),
    "rule": _("retention rules"),
    "savedprompt": _("saved prompts"),
    "share": _("shared snapshots"),
    "tag": _("tags"),
    "timing": _("timings"),
    "words of an incident": _("words of incidents"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A receipt and its counts by what they are called."""

    receipt: Receipt

    @property
    def counts(self) -> list[tuple[str, int]]:
        return [(str(KINDS.get(kind, kind)), number) for kind, number in self.receipt.counts.items()]

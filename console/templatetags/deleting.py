"""What goes with a thing that is deleted in the console, and what of it stays: the page that asks says so."""

from typing import Any

from django import template
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from console.retention_rules import sentence
from retention.models import Rule

register = template.Library()

FOLLOWS: dict[str, Promise] = {
    "accounts.User": _(
        "All that is theirs goes at once: conversations, prompts, presets, keys, and the policies and rules for them"
        " alone. What stays: usage and incidents without a name, what they made for the team, the audit log, and a"
        " receipt of what was deleted."
    ),
    "auth.Group": _(
        "Its policies and retention rules go with it, and what they allowed; moderation rules for it alone are switched"
        " off. Its members stay, and all that is theirs."
    ),
    "console.Banner": _("Nobody is shown it any more. The audit log keeps that it was there."),
    "conversations.Preset": _("Nobody in the team finds it any more. Conversations that were begun with it stay."),
    "conversations.SavedPrompt": _("Nobody in the team finds it any more. Messages that were written with it stay."),
    "limits.Policy": _("What else holds for these people counts then. What they used stays counted."),
    "moderation.Rule": _("Nothing is looked for by it any more. Incidents stay, with its name and what was decided."),
    "retention.Rule": _("Nothing is deleted by it any more. What it deleted does not come back; the receipts stay."),
}


@register.simple_tag
def follows(opts: Any) -> Promise:
    """Of the rows of a model."""
    return FOLLOWS[opts.label]


@register.filter
def called(row: Model) -> str:
    """What people call it, where ``str()``, which the audit log gets, has only a number. Else nothing."""
    return sentence(row) if isinstance(row, Rule) else str(getattr(row, "name", ""))

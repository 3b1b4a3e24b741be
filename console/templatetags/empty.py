"""What a list without rows says: what will stand there, and the way to make the first where that is done by hand."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

register = template.Library()

NOTHING_FOUND = _("Nothing was found.")
WILL_STAND: dict[str, Promise] = {
    "accounts.ApiKey": _(
        "Keys with which people's programs sign in. Everybody makes their own, in the menu under their name."
    ),
    "accounts.Invitation": _("Who was invited, until when the invitation holds, and who came."),
    "audit.Entry": _("What was done that matters, by whom and when. Nobody can change it."),
    "audit.Hold": _("People of whom nothing may be deleted, and why. A hold is put on on a person's page."),
    "audit.Receipt": _("What was deleted for ever, in numbers: when, why, and whose it was."),
    "auth.Group": _("People who are allowed the same: a policy, a rule or a retention rule can be for a group."),
    "console.Banner": _("Announcements above everybody's pages, or above those of one group."),
    "conversations.Conversation": _("Whose conversations there are, how long and since when; not a word of them."),
    "conversations.Message": _("Messages and replies with their states, times and tokens; not a word of them."),
    "conversations.Preset": _("Instructions and parameters with which everybody may begin a conversation."),
    "conversations.SavedPrompt": _("Prompts that everybody finds with / in an empty message field."),
    "conversations.Share": _("What people show to others, to whom and until when; not a word of it."),
    "limits.Policy": _(
        "How much people may use, and which models. Without a policy the settings of the site hold for everyone."
    ),
    "limits.Restraint": _("Who is slowed or suspended, and why. That is done on a person's page."),
    "moderation.Incident": _("What rules find and people report, until somebody decides it."),
    "moderation.Rule": _(
        "Words and patterns to look for in messages and replies. Without a rule nothing is looked for."
    ),
    "retention.Rule": _(
        "What is deleted at which age. Without a rule only the trash is emptied; all else stays until people delete it."
    ),
}
WAYS: dict[str, tuple[str, str, Promise]] = {  # where not by a form of its own: the permission, the page, its name
    "accounts.Invitation": ("accounts.add_invitation", "accounts_invitation_invite", _("Invite somebody")),
    "audit.Hold": ("audit.add_hold", "accounts_user_changelist", _("People")),
    "limits.Restraint": ("limits.add_restraint", "accounts_user_changelist", _("People")),
}


@register.inclusion_tag("console/empty.html", takes_context=True)
def empty(context: Any) -> dict[str, Any]:
    """Of a list of the admin's; of one that a search or a filter left nothing of, only that."""
    rows = context["cl"]
    if rows.query or rows.has_active_filters or rows.opts.label not in WILL_STAND:
        return {"words": NOTHING_FOUND}
    page, name, may = _way(context, rows.opts)
    return {"words": WILL_STAND[rows.opts.label], "way": reverse(f"admin:{page}") if may else "", "name": name}


def _way(context: Any, opts: Any) -> tuple[str, Promise | str, bool]:
    """The page on which one is made, how it is called, and whether the person may."""
    if opts.label in WAYS:
        permission, page, name = WAYS[opts.label]
        return page, name, context["request"].user.has_perm(permission)
    words = _("Add %(name)s") % {"name": opts.verbose_name}
    return f"{opts.app_label}_{opts.model_name}_add", words, context["has_add_permission"]

"""What the page's scripts say to a person, translated: views hand this to the page beside its data, as ``strings``."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext


def phrases() -> dict[str, str]:
    """Every sentence the scripts use, by key, in the active language. ``{name}`` in braces is filled in by the page."""
    return {**_of_the_page(), **_of_replies(), **_of_the_composer(), **_of_limits()}


def _of_the_page() -> dict[str, str]:
    return {
        "connecting": _("Connecting…"),
        "reconnecting": _("Reconnecting…"),
        "offline": _("You are offline. What you write is kept."),
        "signed_out": _("You are signed out. What you wrote is kept."),
        "too_fast": _("Too many requests. Waiting a moment…"),
        "simpler_connection": _("Connected another way: this network blocks live connections."),
        "thank_you": _("Thank you. Somebody will look at it."),
        "not_reached": _("That did not reach the site. Try again."),
        "copied": _("Copied"),
        "nothing_there": _("There is nothing for that key here."),
        "not_copied": _("The browser did not allow copying."),
        "last_week": _("Previous 7 days"),
        "older_failed": _("Older conversations could not be loaded. Try again."),
    }


def _of_replies() -> dict[str, str]:
    return {
        "queued": _("Waiting to start…"),
        "ahead_one": ngettext("{n} reply is ahead of this one", "{n} replies are ahead of this one", 1),
        "ahead_other": ngettext("{n} reply is ahead of this one", "{n} replies are ahead of this one", 2),
        "about_seconds": _("about {n} s"),
        "about_minutes": _("about {n} min"),
        "engine_starting": _("The model is starting…"),
        "engine_away": _("No model is running. Your message is saved and will be answered when one is."),
        "writing": pgettext("state of a reply", "Thinking…"),
        "thinking_for": _("Thinking… {n} s"),
        "thought_for": _("Thought for {n} s"),
        "thought_for_minutes": _("Thought for {m} min {n} s"),
        "continuing": _("Interrupted; going on from here…"),
        "restarted": _("Starting over…"),
        "stopping": _("Stopping…"),
        "tokens_one": ngettext("{n} token", "{n} tokens", 1),
        "tokens_other": ngettext("{n} token", "{n} tokens", 2),
        "earlier_failed": _("Earlier messages could not be loaded. Try again."),
        "announce_started": _("The reply begins."),
        "announce_code": _("Code block."),
        "announce_code_in": _("Code block: {language}."),
        "announce_table": _("Table."),
        "announce_formula": _("Formula."),
        "announce_done": _("The reply is complete."),
    }


def _of_the_composer() -> dict[str, str]:
    return {
        "not_sent": _("The message was not sent. It is back in the field."),
        "too_long_one": ngettext(
            "{n} character too many; {allowed} are allowed.", "{n} characters too many; {allowed} are allowed.", 1
        ),
        "too_long_other": ngettext(
            "{n} character too many; {allowed} are allowed.", "{n} characters too many; {allowed} are allowed.", 2
        ),
        "characters_left": _("{n} left"),
        "short_is_fast": _("Short messages are answered fastest"),
        "about_tokens": _("~{n} tokens"),
        "tokens_of": _("~{n} of {allowed} tokens"),
        "may_not_fit": _("~{n} tokens; about {allowed} fit"),
    }


def _of_limits() -> dict[str, str]:
    return {
        "left_today": _("{n} tokens left today"),
        "left_this_month": _("{n} tokens left this month"),
        "left_of": _("{left} of {limit} tokens left"),
        "left_of_group": _("{left} of {limit} tokens left for your group"),
        "resets": _("resets {when}"),
        "too_few_today": _(
            "{left} of {allowed} tokens are left today, too few for this. There will be more at {when}."
        ),
        "too_few_this_month": _(
            "{left} of {allowed} tokens are left this month, too few for this. More come at {when}."
        ),
        "again_at": _("It works again at {when}."),
        "again_in": _("It works again in about {n} s."),
        "used_up_today": _("Today's tokens are used up. New ones come at {when}; what you write is kept."),
        "used_up_this_month": _(
            "This month's tokens are used up. There will be new ones at {when}; what you write is kept."
        ),
        "suspended": _("You cannot send messages at present: your account is suspended."),
        "slowed": _("Your messages are slowed down at present."),
        "until": pgettext("how long a restraint holds", "Until {when}."),
    }

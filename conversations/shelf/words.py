"""What the menus of the shelf say to a person beside what their templates say: it comes with the menus."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def words() -> dict[str, str]:
    """By key, in the active language. ``{n}`` and ``{name}`` are filled in by the page."""
    return {
        "no_folder": _("No folder"),
        "all_shown": _("Select all shown"),
        "at_most": _("At most {n} at once."),
        "new_folder": _("New folder"),
        "rename_folder": _("Rename folder"),
        "new_tag": _("New tag"),
        "rename_tag": _("Rename tag"),
        "delete_conversation": _("Delete the conversation “{name}”?"),
        "delete_folder": _("Delete the folder “{name}”?"),
        "delete_tag": _("Delete the tag “{name}”?"),
        "stays": _("The conversations in it stay."),
        "for_ever": _("All that was said there goes, and links to it open nothing. This cannot be undone."),
        "saved": _("Saved."),
        "pin": _("Pinned."),
        "unpin": _("No longer pinned."),
        **_counted("selected", lambda n: ngettext("{n} selected", "{n} selected", n)),
        **_counted("sure", lambda n: ngettext("Delete this conversation?", "Delete {n} conversations?", n)),
        **_counted("archive", lambda n: ngettext("Archived.", "{n} conversations archived.", n)),
        **_counted("unarchive", lambda n: ngettext("Taken out of the archive.", "{n} taken out of the archive.", n)),
        **_counted("trash", lambda n: ngettext("Moved to the trash.", "{n} conversations moved to the trash.", n)),
        **_counted("restore", lambda n: ngettext("Restored.", "{n} conversations restored.", n)),
        **_counted("delete", lambda n: ngettext("Deleted for ever.", "{n} conversations deleted for ever.", n)),
        **_counted("move", lambda n: ngettext("Moved.", "{n} conversations moved.", n)),
        **_counted("tag", lambda n: ngettext("Tags saved.", "{n} conversations tagged.", n)),
    }


def _counted(key: str, of: Callable[[int], str]) -> dict[str, str]:
    """What is said of one conversation, and of several."""
    return {f"{key}_one": of(1), f"{key}_other": of(2)}

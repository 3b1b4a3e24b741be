"""What the formats that people read say around a text: who, when, and whether it came to its end."""

from datetime import UTC

from django.utils.translation import gettext as _

from conversations.problems import sentence
from exports.records import Item, Record


def speaker(item: Item, record: Record) -> str:
    """The person, or the model."""
    return (record.owner or _("You")) if item.role == "user" else (item.model or _("Reply"))


def moment(item: Item) -> str:
    """To the minute, as everybody reads it."""
    return f"{item.created_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if item.created_at else ""


def byline(item: Item, record: Record) -> str:
    """Both."""
    return " · ".join(filter(None, (speaker(item, record), moment(item))))


def ending(item: Item) -> str:
    """A sentence where it was not said to its end."""
    return str(sentence(item.state, item.problem))


def summary(record: Record) -> str:
    """Whose it is, when it began, and where it was kept."""
    began = f"{record.created_at.astimezone(UTC):%Y-%m-%d}" if record.created_at else ""
    return " · ".join(filter(None, (record.owner, began, record.folder, *(f"#{tag}" for tag in record.tags))))

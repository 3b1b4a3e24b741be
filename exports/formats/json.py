"""All that is known of a conversation, as a program reads it."""

from exports import canonical
from exports.formats import View
from exports.records import Record


class Json:
    """``chatsite/conversation``."""

    name = "json"
    suffix = ".json"
    content_type = "application/json"

    def write(self, record: Record, view: View) -> bytes:
        return canonical.page(view.cut(record)).encode()

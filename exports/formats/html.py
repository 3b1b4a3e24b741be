"""One page that needs nothing else: its styles are in it, there is no script, and nothing is loaded from anywhere."""

from functools import cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from conversations.markdown import finished, render
from exports.formats import View
from exports.formats.telling import byline, ending, summary
from exports.records import Item, Record

SHEETS = ("colours", "prose", "exported")


class Html:
    """As the page shows it: in the light, in the dark, and on paper."""

    name = "html"
    suffix = ".html"
    content_type = "text/html; charset=utf-8"

    def write(self, record: Record, view: View) -> bytes:
        record = view.cut(record)
        context = {
            "title": record.title,
            "summary": summary(record),
            "styles": _styles(),
            "messages": [_message(item, record) for item in record.messages],
        }
        return render_to_string("exports/page.html", context).encode()


def _message(item: Item, record: Record) -> dict[str, Any]:
    is_reply = item.role == "assistant"
    return {
        "id": item.id,
        "role": item.role,
        "byline": byline(item, record),
        "text": render(item.text, item.id.hex) if is_reply else item.text,
        "reasoning": render(item.reasoning, item.id.hex + finished.REASONING) if item.reasoning else "",
        "ending": ending(item),
        "sha256": item.sha256,
        "engine": item.engine,
    }


@cache
def _styles() -> SafeString:
    sheets = [(settings.BASE_DIR / "static" / "css" / f"{name}.css").read_text() for name in SHEETS]
    return mark_safe("\n".join(sheets))  # noqa: S308 - our own files

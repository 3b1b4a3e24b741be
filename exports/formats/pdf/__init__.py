"""On paper: what is said, with Chinese, code and tables, and the fonts for them inside the file."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from exports.formats import View
from exports.formats.pdf import blocks
from exports.formats.pdf.lines import FAINT, SOFT, Run, Style
from exports.formats.pdf.sheet import Sheet
from exports.formats.telling import byline, ending, summary
from exports.records import Item, Record

TITLE = Style(17, bold=True)
PLAIN = Style()
BYLINE = Style(8.5, colour=FAINT)
ENDING = Style(9, colour=(166, 51, 37))


class Pdf:
    """A4."""

    name = "pdf"
    suffix = ".pdf"
    content_type = "application/pdf"

    def write(self, record: Record, view: View) -> bytes:
        record = view.cut(record)
        sheet = Sheet(" ".join(record.title.split()), get_language() or "en", record.updated_at)
        sheet.paragraph([Run(record.title, TITLE)])
        sheet.paragraph([Run(summary(record), BYLINE)])
        sheet.rule()
        for item in record.messages:
            _say(sheet, item, record)
        return sheet.output()


def _say(sheet: Sheet, item: Item, record: Record) -> None:
    sheet.keep_together(3)
    sheet.gap(2)
    sheet.paragraph([Run(byline(item, record), BYLINE)])
    if item.reasoning:
        with sheet.quoted():
            sheet.paragraph([Run(_("Reasoning"), BYLINE)])
            blocks.put(sheet, item.reasoning, Style(9, colour=SOFT))
        sheet.gap(2)
    if item.role == "user":
        with sheet.tinted():
            sheet.gap(1.5)
            sheet.paragraph([Run(item.text, PLAIN)], after=1.5)
        sheet.gap(2)
    else:
        blocks.put(sheet, item.text, PLAIN)
    if said := ending(item):
        sheet.paragraph([Run(said, ENDING)])

"""One file, imported for one person, or for all the people in it."""

from collections.abc import Callable
from typing import BinaryIO, cast

from accounts.models import User
from exports.imports import AUTO, Found, read
from exports.imports.bounds import Bounds
from exports.imports.refusals import Bad, Unfit, Unreadable
from exports.imports.reports import Report
from exports.imports.saving import Saver
from exports.imports.screening import Screen
from limits.policies import limits_of


def bring_in(
    owner: User,
    file: BinaryIO,
    *,
    source: str = AUTO,
    dry: bool = False,
    progress: Callable[[Report], None] = lambda _report: None,
) -> Report:
    """Import a file for this person, within their limits and the rules that hold for them."""
    bounds = Bounds.of_site(limits_of(owner.pk).conversation_turns)
    saver = Saver(owner, bounds, dry=dry, screen=Screen(owner.pk))
    return run(file, bounds, source, lambda found, _report: saver, progress)


def run(
    file: BinaryIO,
    bounds: Bounds,
    source: str,
    saver_of: Callable[[Found, Report], Saver],
    progress: Callable[[Report], None],
) -> Report:
    """Import a file; ``saver_of`` says for whom each conversation is, or raises Unfit.

    What was read before something unreadable stays imported: the report says where it ended. ``progress`` is told with
    every conversation and every part of the file, and may raise what ends it earlier.
    """
    report = Report()
    savers: set[Saver] = set()
    try:
        for found in read(cast("BinaryIO", _Watched(file, lambda: progress(report))), bounds, source):
            if isinstance(found, Bad):
                report.skip(found)
            else:
                _bring_in(found, report, saver_of, savers)
            progress(report)
    except Unreadable as trouble:
        report.end(trouble)
    report.left_out = sorted(set().union(*(saver.shelves.left_out for saver in savers)))
    return report


def _bring_in(found: Found, report: Report, saver_of: Callable[[Found, Report], Saver], savers: set[Saver]) -> None:
    try:
        saver = saver_of(found, report)
        savers.add(saver)
        report.add(found, saver.bring_in(found))
    except Unfit as unfit:
        report.refuse(found, unfit)


class _Watched:
    """A file that tells when it is read: there may be nothing in it for a long time."""

    def __init__(self, file: BinaryIO, tell: Callable[[], None]) -> None:
        self._file, self._tell = file, tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        self._tell()
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

"""The stream filter lets out what the definitions say, whatever the rules, the text and the cuts.

``CHATSITE_FILTER_CASES=100000`` is the long form.
"""

import os

from hypothesis import HealthCheck, given, settings

from moderation.matcher import Finding, Matcher
from moderation.stream import Released, StreamFilter
from tests.moderation.cases import Case, card_cases, cases
from tests.moderation.oracle import judge, may_begin, search

CASES = int(os.environ.get("CHATSITE_FILTER_CASES", "1500"))
many = settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
fewer = settings(many, max_examples=CASES // 5)


def run(case: Case) -> list[Released]:
    """Everything the filter says, to the end of the text or to what blocks it."""
    stream = StreamFilter(Matcher(case.rules))
    said: list[Released] = []
    for piece in case.pieces:
        said.append(stream.feed(piece))
        if said[-1].blocked:
            return said
    return [*said, stream.finish()]


def triple(finding: Finding) -> tuple[int, int, int]:
    return finding.rule, finding.start, finding.end


def check(case: Case) -> None:
    """Also at each moment: what was let out by then is a beginning of what may be shown, so of a blocked match nothing."""
    expected = judge(case.rules, case.text)
    said = run(case)
    shown = ""
    for one in said:
        shown += one.text
        assert expected.shown.startswith(shown)
    assert shown == expected.shown
    assert sorted(triple(one) for each in said for one in each.findings) == sorted(expected.findings)
    blocked = said[-1].blocked
    assert (triple(blocked) if blocked else None) == expected.blocked


@many
@given(cases())
def test_the_stream_equals_the_whole_text(case: Case) -> None:
    check(case)


@fewer
@given(card_cases())
def test_so_it_does_with_check_digits(case: Case) -> None:
    check(case)


@many
@given(cases())
def test_the_matcher_equals_the_definitions(case: Case) -> None:
    expected = judge(case.rules, case.text)
    screened = Matcher(case.rules).screen(case.text)
    assert screened.text == expected.shown
    blocked = screened.blocked
    assert (blocked and (blocked.rule, blocked.start, blocked.end)) == expected.blocked
    found = [(match.rule, match.start, match.end) for match in screened.matches if match != blocked]
    assert sorted(found) == sorted(expected.findings)

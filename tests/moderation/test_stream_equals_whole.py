"""The stream filter lets out what the definitions say, whatever the rules, the text and the cuts.

``CHATSITE_FILTER_CASES=100000`` is the long form.
"""

import os
from dataclasses import replace

from hypothesis import HealthCheck, given, settings

from moderation.matcher import Finding, Matcher
from moderation.stream import Released, StreamFilter
from tests.moderation.cases import Case, card_cases, cases
from tests.moderation.oracle import judge, may_begin, search

CASES = int(os.environ.get("CHATSITE_FILTER_CASES", "300"))
many = settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
fewer = settings(many, max_examples=CASES // 3)


def run(case: Case, before: str = "", ends: bool = True) -> list[Released]:
    """Everything the filter says, to the end of the text or to what blocks it."""
    stream = StreamFilter(Matcher(case.rules), before)
    said: list[Released] = []
    for piece in case.pieces:
        said.append(stream.feed(piece))
        if said[-1].blocked:
            return said
    return [*said, stream.finish()] if ends else said


def triple(finding: Finding) -> tuple[int, int, int]:
    return finding.rule, finding.start, finding.end


def check(case: Case) -> None:
    """Also at each moment: what is out by then is a beginning of what may be shown, so of a blocked match nothing."""
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


@fewer
@given(cases())
def test_nothing_is_held_without_need(case: Case) -> None:
    """With words alone: the first character that is held begins something which more text may make a match."""
    rules = tuple(replace(one, pattern="", words=one.words or ("ab",), exceptions=()) for one in case.rules)
    stream = StreamFilter(Matcher(rules))
    fed = shown = ""
    for piece in case.pieces:
        said = stream.feed(piece)
        fed, shown = fed + piece, shown + said.text
        searched = search(fed)
        if said.blocked or not stream.held or judge(rules, fed).blocked:
            return
        first = next((place for place, origin in enumerate(searched.origins) if origin >= len(shown)), None)
        assert first is not None
        assert may_begin(rules, searched.text, first)


@fewer
@given(cases())
def test_who_goes_on_after_another_filter_finds_the_rest(case: Case) -> None:
    """A worker dies; what it held back is generated again, and the next filter gets the end of what was shown.

    Of overlapping candidates some may have been found by the one and some by the other: each lies in the whole match.
    """
    expected = judge(case.rules, case.text)
    half = len(case.pieces) // 2
    first = run(replace(case, pieces=case.pieces[:half]), ends=False)
    shown = "".join(said.text for said in first)
    if any(said.blocked for said in first) or shown != case.text[: len(shown)]:
        return  # what is masked is no longer what the model said
    rest = run(replace(case, pieces=(case.text[len(shown) :],)), before=shown)
    assert shown + "".join(one.text for one in rest) == expected.shown
    for one in (finding for said in rest for finding in said.findings):
        start, end = one.start + len(shown), one.end + len(shown)
        assert any(rule == one.rule and first <= start and end <= last for rule, first, last in expected.findings)
    blocked = rest[-1].blocked
    assert (blocked and (blocked.rule, blocked.start + len(shown), blocked.end + len(shown))) == expected.blocked

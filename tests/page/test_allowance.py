"""What the page reckons from its person's limits, alone: ``allowance.js`` and ``figures.js`` in a browser."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

NOW = datetime.now(UTC)
TOMORROW, LATER = ((NOW + age).isoformat() for age in (timedelta(hours=20), timedelta(days=9)))
PAST = (NOW - timedelta(minutes=1)).isoformat()
ASK = """async ([limits, text]) => {
    const { Allowance } = await import("/static/js/allowance.js");
    const one = new Allowance(limits);
    const { isRefused, isCounted, notice, low } = one;
    return { isRefused, isCounted, notice, low, tokens: one.estimate(text) };
}"""
REFUSE = """async (frames) => {
    const { refusal } = await import("/static/js/allowance.js");
    return frames.map(refusal);
}"""
WHEN = """async (times) => {
    const { when } = await import("/static/js/figures.js");
    return times.map(when);
}"""


def limits(**more: Any) -> dict[str, Any]:
    usual = {"prompt_chars": 32_000, "prompt_tokens": 8_000, "chars_per_token": {"narrow": 4, "wide": 0.5}}
    return {**usual, "standing": {"day": None, "month": None}, "restraint": None, **more}


def quota(left: int, of: int = 1000, resets_at: str = TOMORROW, *, shared: bool = False) -> dict[str, Any]:
    return {"limit": of, "used": of - left, "left": left, "resets_at": resets_at, "shared": shared}


def standing(day: dict[str, Any] | None = None, month: dict[str, Any] | None = None) -> dict[str, Any]:
    return limits(standing={"day": day, "month": month})


def restrained(kind: str, until: str | None) -> dict[str, Any]:
    return limits(restraint={"kind": kind, "until": until})


def ask(page: Page, limits: dict[str, Any], text: str = "") -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(ASK, [limits, text])
    return found


def test_nothing_is_said_to_who_has_no_quota(alice_page: Page) -> None:
    assert ask(alice_page, limits()) == {"isRefused": False, "isCounted": False, "notice": "", "low": "", "tokens": 0}


def test_what_is_left_is_said_below_a_fifth_and_the_lesser_of_two(alice_page: Page) -> None:
    for told, low in (
        (standing(quota(200)), ""),
        (standing(quota(199)), "199 tokens left today"),
        (standing(month=quota(1500, 10_000)), "1,500 tokens left this month"),
        (standing(quota(150), quota(100, 10_000)), "100 tokens left this month"),
        (standing(quota(0), quota(5000, 10_000)), ""),  # that is said above the field
    ):
        found = ask(alice_page, told)
        assert (found["low"], found["isCounted"]) == (low, True)


def test_who_has_nothing_left_is_refused_until_there_is_more(alice_page: Page) -> None:
    day, month, both = standing(quota(0)), standing(month=quota(0)), standing(quota(0), quota(0))
    assert ask(alice_page, day)["notice"].startswith("Today's tokens are used up.")
    for told in (month, both):
        assert ask(alice_page, told)["notice"].startswith("This month's tokens are used up.")
    assert all(ask(alice_page, told)["isRefused"] for told in (day, month, both))
    over = ask(alice_page, standing(quota(0, resets_at=PAST)))
    assert (over["isRefused"], over["notice"]) == (False, "")


def test_a_suspension_refuses_and_slowing_only_says_so(alice_page: Page) -> None:
    for until, words in ((LATER, "Until"), (None, "suspended.")):
        found = ask(alice_page, restrained("suspend", until))
        assert found["isRefused"]
        assert words in found["notice"]
    slow = ask(alice_page, restrained("slow", None))
    assert (slow["isRefused"], slow["notice"]) == (False, "Your messages are slowed down at present.")
    assert ask(alice_page, restrained("suspend", PAST))["notice"] == ""


def test_tokens_are_reckoned_by_script(alice_page: Page) -> None:
    for text, tokens in (
        ("", 0),
        ("abcd", 1),
        ("abcde", 2),
        ("naïve", 2),
        ("你好", 4),
        ("ab你", 3),
        ("🚀🚀", 4),
        ("한글", 4),
        ("ｆｕｌｌ", 8),
    ):
        assert ask(alice_page, limits(), text)["tokens"] == tokens, text


def test_a_refusal_says_times_as_the_reader_has_them(alice_page: Page) -> None:
    soon_over = (datetime.now(UTC) + timedelta(seconds=80)).isoformat()
    frames = [
        {"code": "too_long", "detail": "Too long.", "allowed": 5},
        {"code": "quota_day", "detail": "In UTC.", "allowed": 1000, "left": 12, "resets_at": TOMORROW},
        {"code": "quota_month", "detail": "In UTC.", "allowed": 10_000, "left": 0, "resets_at": LATER},
        {"code": "suspended", "detail": "In UTC.", "allowed": 0, "left": 0, "resets_at": LATER},
        {"code": "suspended", "detail": "For good.", "allowed": 0, "left": 0, "resets_at": None},
        {"code": "too_many", "detail": "Wait.", "allowed": 5, "left": 0, "resets_at": soon_over},
        {"code": "too_many", "detail": "Wait.", "allowed": 5, "left": 0, "resets_at": TOMORROW},
        {"code": "too_many", "detail": "Wait.", "allowed": 5, "left": 0, "resets_at": PAST},
    ]
    plain, day, month, held, ever, soon, late, over = alice_page.evaluate(REFUSE, frames)
    tomorrow, later = alice_page.evaluate(WHEN, [TOMORROW, LATER])
    assert (plain, ever, over) == ("Too long.", "For good.", "Wait.")
    assert day.startswith("12 of 1,000 tokens are left today")
    assert month.startswith("0 of 10,000 tokens are left this month")
    assert [tomorrow in day, later in month, later in held, tomorrow in late] == [True] * 4
    assert soon.startswith("Wait. It works again in about ")
    assert "UTC" not in day + month + held


def test_a_time_of_the_next_day_has_no_date(alice_page: Page) -> None:
    near, far = alice_page.evaluate(WHEN, [TOMORROW, LATER])
    month = alice_page.evaluate("iso => new Date(iso).toString().split(' ')[1]", LATER)
    assert month in far
    assert month not in near

"""What headers say of a person's rate is what the next request meets."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from accounts.models import User
from limits import restraints
from limits.models import Usage
from tests.api.programs import Answer, NewProgram, question
from tests.limits.stories import policy
from tests.workers import Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]


def rate(answer: Answer) -> list[str]:
    """Limit and what is left, of an answer that says when to come again as its headers do."""
    reset = int(answer.headers["X-RateLimit-Reset-Requests"].removesuffix("s"))
    assert abs(reset - int(answer.headers["Retry-After"])) <= 1
    return [answer.headers[f"X-RateLimit-{what}-Requests"] for what in ("Limit", "Remaining")]


@pytest.mark.parametrize("allowed", [None, 100])
def test_who_is_slowed_is_told_the_rate_that_holds(
    alice: User, program: NewProgram, at_work: AtWork, allowed: int | None
) -> None:
    at_work(text="Good morning.")
    policy(alice, requests_per_minute=allowed)
    hers = program(alice)
    hers.ask(question())
    restraints.slow(alice, None, "For now")
    answer = hers.ask(question())
    assert (answer.status, answer.error["code"]) == (429, "rate_limit_exceeded")
    assert rate(answer) == ["1", "0"]


def test_a_rate_that_was_lowered_is_told_as_it_holds(alice: User, program: NewProgram, at_work: AtWork) -> None:
    """There is room when the last of them is a minute old, not the first."""
    at_work(text="Good morning.")
    hers = program(alice)
    for _ in range(3):
        hers.ask(question())
    first = Usage.objects.order_by("reserved_at").first()
    assert first
    Usage.objects.filter(pk=first.pk).update(reserved_at=first.reserved_at - timedelta(seconds=30))
    policy(alice, requests_per_minute=1)
    assert rate(hers.ask(question())) == ["1", "0"]

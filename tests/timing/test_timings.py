"""What a page tells of a reply's time: once, of one's own, soon after its end, and only what a clock can have said."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from accounts.models import User
from conversations import frames, timings
from conversations.models import Message, Timing
from conversations.tasks import forget
from tests.conversations.browsing import Browse
from tests.limits.stories import policy
from tests.tabs import OpenTab
from tests.timing.stories import answered, kept, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

SERIES = ("chatsite_browser_first_text_seconds", "chatsite_browser_complete_seconds")


def counted() -> list[float]:
    return [REGISTRY.get_sample_value(f"{name}_sum") or 0.0 for name in SERIES]


def test_a_reply_is_timed_once(alice: User) -> None:
    reply, before = answered(alice), counted()
    assert told(alice, reply, 400, 1500)
    assert not told(alice, reply, 1, 2)
    assert kept() == [(400, 1500)]
    assert [after - had for after, had in zip(counted(), before, strict=True)] == pytest.approx([0.4, 1.5])


@pytest.mark.parametrize("state", ["queued", "writing", "stopped", "blocked", "failed"])
def test_only_replies_that_came_to_their_own_end_are(alice: User, state: str) -> None:
    reply = answered(alice, state=state)
    assert not told(alice, reply)
    Message.objects.filter(pk=reply).update(state="cut")
    assert told(alice, reply)


def test_a_page_tells_soon_or_not_at_all(alice: User) -> None:
    assert not told(alice, answered(alice, ago_s=timings.RECENT.total_seconds() + 1))
    assert not told(alice, answered(alice, finished_at=None))
    assert told(alice, answered(alice, ago_s=timings.RECENT.total_seconds() - 10))


def test_nobody_times_the_replies_of_others(alice: User, mallory: User) -> None:
    reply = answered(alice)
    for user, one in ((mallory, reply), (alice, uuid4()), (alice, Message.objects.get(pk=reply).parent_id)):
        assert one
        with pytest.raises(Message.DoesNotExist):
            told(user, one)
    assert kept() == []


def test_what_is_a_month_old_is_forgotten(alice: User) -> None:
    old, new = answered(alice), answered(alice)
    for reply in (old, new):
        told(alice, reply)
    Timing.objects.filter(reply=old).update(at=Now() - timings.KEPT - timedelta(hours=1))
    forget()
    assert list(Timing.objects.values_list("reply", flat=True)) == [new]
    assert timings.forget() == 0


# --- The doors --------------------------------------------------------------------------------------------------------


def test_the_socket_takes_it_without_a_word(alice: User, open_tab: OpenTab) -> None:
    reply = answered(alice)
    tab = open_tab(alice)
    for _ in range(2):
        tab.say(type="timing", reply=reply, first_ms=321, complete_ms=1400)
    tab.say(type="ping")
    tab.next("pong")
    assert kept() == [(321, 1400)]
    assert [frame["type"] for frame in tab.frames] == ["hello", "pong"]


def test_the_socket_says_not_found_to_others(alice: User, mallory: User, open_tab: OpenTab) -> None:
    tab = open_tab(mallory)
    tab.say(type="timing", reply=answered(alice), first_ms=1, complete_ms=2)
    error = tab.next("error")
    assert (error["code"], error["about"]) == ("not_found", "timing")
    assert kept() == []


def test_the_same_over_plain_http(alice: User, mallory: User, browse: Browse) -> None:
    reply = answered(alice)
    path = f"/replies/{reply}/timing/"
    said = {"type": "anything", "reply": str(uuid4()), "first_ms": 5, "complete_ms": 7}
    assert browse(mallory).post(path, said).status_code == 404
    assert browse(None).post(path, said).status_code == 401
    assert browse(alice).post(path, {"first_ms": 5}).status_code == 400
    assert browse(alice).post(path, said).status_code == 202
    assert kept() == [(5, 7)]


WRONG = [-1, 1.5, "1", None, True, [1], timings.LONGEST_MS + 1, 2**70]


@pytest.mark.parametrize("field", ["first_ms", "complete_ms"])
@pytest.mark.parametrize("value", WRONG)
def test_no_clock_says_that(field: str, value: Any) -> None:
    said = {"type": "timing", "reply": str(uuid4()), "first_ms": 0, "complete_ms": 10, field: value}
    with pytest.raises(frames.Malformed, match="from 0 to 3600000") as malformed:
        frames.command(said)
    assert malformed.value.about == "timing"


@given(st.integers(-5, timings.LONGEST_MS + 5), st.integers(-5, timings.LONGEST_MS + 5))
def test_the_first_text_is_not_after_the_last(first: int, complete: int) -> None:
    said = {"type": "timing", "reply": str(uuid4()), "first_ms": first, "complete_ms": complete}
    if 0 <= first <= complete <= timings.LONGEST_MS:
        command = frames.command(said)
        assert isinstance(command, frames.Timing)
        assert (command.seen.first_ms, command.seen.complete_ms) == (first, complete)
    else:
        with pytest.raises(frames.Malformed):
            frames.command(said)


def test_a_person_who_may_send_nothing_may_tell(alice: User) -> None:
    reply = answered(alice)
    policy(alice, requests_per_minute=0)
    assert told(alice, reply)

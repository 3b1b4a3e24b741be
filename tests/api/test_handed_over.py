"""A worker's death in the middle of an answer: no seam where another goes on, an error where it has to begin again."""

from collections.abc import Callable

import pytest

from accounts.models import User
from conversations.models import Message
from tests.api.programs import CHAT, NewProgram, question
from tests.waiting import until
from tests.workers import STORY, Hire, Hired

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

AtWork = Callable[..., Hired]


def leave_in_the_middle(first: Hired) -> None:
    until(lambda: any(len(live.text) > 50 for live in first.worker.live.values()))
    first.leave()
    until(lambda: Message.objects.filter(role="assistant", attempt=1, lease_until=None).exists())


@pytest.mark.parametrize("stream", [False, True])
def test_another_goes_on_without_a_seam(
    alice: User, program: NewProgram, at_work: AtWork, hire: Hire, stream: bool
) -> None:
    asking = program(alice)
    first = at_work(text=STORY, rate=100)
    answer = asking.begin(CHAT, question(stream=stream))
    leave_in_the_middle(first)
    hire(text=STORY).ticket()
    whole = answer.result(20)
    assert (whole.told() if stream else whole.said) == STORY
    assert not stream or whole.is_done


def test_what_was_told_cannot_be_taken_back(alice: User, program: NewProgram, at_work: AtWork, hire: Hire) -> None:
    first = at_work(text=STORY, rate=100, continues_prefix=False)
    answer = program(alice).begin(CHAT, question(stream=True))
    leave_in_the_middle(first)
    hire(text=STORY, rate=100, continues_prefix=False).ticket()
    stream = answer.result(20)
    assert STORY.startswith(stream.told())
    assert stream.events[-1]["error"]["code"] == "begun_again"
    assert not stream.is_done
    assert until(lambda: Message.objects.filter(role="assistant", state="stopped").exists())


def test_who_was_told_nothing_yet_just_waits(alice: User, program: NewProgram, at_work: AtWork, hire: Hire) -> None:
    first = at_work(text=STORY, rate=100, continues_prefix=False)
    answer = program(alice).begin(CHAT, question())
    leave_in_the_middle(first)
    hire(text=STORY, continues_prefix=False).ticket()
    assert answer.result(20).said == STORY

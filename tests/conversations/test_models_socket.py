"""Two models over the socket: what a page is told of them, picking one, and waiting for one that has no worker."""

from dataclasses import replace
from uuid import uuid4

import pytest

from accounts.models import User
from conversations.models import Conversation
from conversations.replies.places import _look
from inference import presence, serving
from inference.events.client import blocking_client
from inference.model import Model
from limits.models import Policy
from tests.conversations.talk import reply_of
from tests.tabs import OpenTab
from tests.waiting import until
from tests.workers import Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("two", "web")]

OTHER = "second"


@pytest.fixture
def two(model: Model, monkeypatch: pytest.MonkeyPatch) -> tuple[Model, Model]:
    second = replace(model, name=OTHER, label="Second", context_window=1024)
    monkeypatch.setattr(serving, "models", lambda: (model, second))
    _look.cache_clear()
    return model, second


def test_a_page_is_told_of_each_model(alice: User, open_tab: OpenTab) -> None:
    tab = open_tab(alice)
    tab.say(type="limits")
    told = tab.next("limits")["limits"]
    assert list(told["models"]) == ["scripted", OTHER]
    assert told["models"][OTHER]["prompt_tokens"] < told["prompt_tokens"]


def test_the_first_message_brings_the_model_and_a_later_one_another(
    alice: User, open_tab: OpenTab, hire: Hire, two: tuple[Model, Model]
) -> None:
    first, second = hire(text="I am the first."), hire(model=two[1], text="I am the second.")
    tab = open_tab(alice)
    tab.say(type="send", client_id=str(uuid4()), text="Who?", parameters={"model": OTHER})
    sent = tab.next("sent")
    second.ticket().result(15)
    done = tab.until(lambda frame: frame["type"] == "done")
    assert done["reply"] == sent["reply"]
    talk = Conversation.objects.get()
    assert talk.model == OTHER
    tab.say(type="again", client_id=str(uuid4()), reply=sent["reply"], model="scripted")
    beside = tab.next("sent")
    assert beside["beside"] == sent["reply"]
    first.ticket().result(15)
    started = tab.until(lambda frame: frame["type"] == "started" and frame["reply"] == beside["reply"])
    assert (started["model"], started["label"]) == ("scripted", "Scripted")
    tab.until(lambda frame: frame["type"] == "done" and frame["reply"] == beside["reply"])
    assert reply_of(beside["reply"]).text == "I am the first."
    assert Conversation.objects.get().model == OTHER


def test_a_model_that_may_not_be_used_is_refused(alice: User, open_tab: OpenTab) -> None:
    Policy.objects.create(user=alice, models=["scripted"])
    tab = open_tab(alice)
    for more in ({"parameters": {"model": OTHER}}, {"model": OTHER}):
        tab.say(type="send", client_id=str(uuid4()), text="Who?", **more)
        assert tab.next("refused")["code"] == "model"
    tab.say(type="send", client_id=str(uuid4()), text="Who?", model="third")
    refused = tab.next("refused")
    assert (refused["code"], refused["allowed"]) == ("unknown_model", "scripted")
    assert not Conversation.objects.exists()


def test_who_waits_is_told_of_the_queue_and_the_engine_of_that_model(
    alice: User, bob: User, open_tab: OpenTab, hire: Hire
) -> None:
    """One model is dead: those who wait for it hear so, those who use the other hear nothing of it."""
    hire(ttft=0.05)
    until(lambda: presence.state_of(blocking_client(), "scripted") == "ready")
    tab, beside = open_tab(alice), open_tab(bob)
    tab.say(type="send", client_id=str(uuid4()), text="Who?", parameters={"model": OTHER})
    waits = tab.next("sent")["reply"]
    beside.say(type="send", client_id=str(uuid4()), text="Who?")
    other = beside.next("sent")["reply"]
    for page, reply in ((tab, waits), (beside, other)):
        page.say(type="follow", reply=reply)
    assert tab.until(lambda frame: frame["type"] == "queued")["engine"] == "away"
    queued = beside.until(lambda frame: frame["type"] == "queued")
    assert (queued["engine"], queued["ahead"]) == ("ready", 0)

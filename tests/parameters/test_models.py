"""What the page and the forms say of several models: the list, the button, limits of each, presets, what is gone."""

import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from conversations.allowance import allowance
from conversations.models import Conversation, Preset
from inference import serving
from inference.model import Model
from inference.protocol import REPLY_ROOM
from limits.models import Policy
from tests.console.test_engines import speaks
from tests.conversations.talk import say, settle
from tests.stores import OwnRedis

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("two", "web")]

OTHER = "second"


@pytest.fixture
def two(model: Model, monkeypatch: pytest.MonkeyPatch) -> tuple[Model, Model]:
    second = replace(
        model,
        name=OTHER,
        label="Second <one>",
        description="Thinks & takes its time.",
        context_window=1024,
        reasoning=True,
    )
    monkeypatch.setattr(serving, "models", lambda: (model, second))
    return model, second


@pytest.fixture
def signed_in(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def page(client: Client, path: str = "/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def set_(client: Client, talk: Conversation, **said: Any) -> Any:
    return client.post(f"/c/{talk.pk}/parameters/", said, content_type="application/json")


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_how_each_stands(signed_in: Client, empty_redis: Any) -> None:
    speaks()
    speaks(name="worker-8@host", model=OTHER, state="starting")
    speaks(name="worker-9@host", model="third")
    found = page(signed_in, "/models/")
    options = re.findall(r'<li role="option".*?</li>', found, re.S)
    assert len(options) == 2
    assert "Scripted" in options[0]
    assert 'data-state="ready"' in options[0]
    assert 'data-chosen=""' in options[0], "the first stands for the default"
    assert "8,192 tokens" in options[0]
    assert "Second &lt;one&gt;" in options[1]
    assert "Thinks &amp; takes its time." in options[1]
    assert 'data-chosen="second"' in options[1]
    assert 'data-state="starting"' in options[1]
    assert "1,024 tokens" in options[1]


def test_a_model_without_workers_is_said_to_be_away(signed_in: Client, empty_redis: Any) -> None:
    assert page(signed_in, "/models/").count("not running") == 2


def test_without_redis_the_list_says_nothing_of_how_they_stand(own_redis: OwnRedis, signed_in: Client) -> None:
    own_redis.kill()
    found = page(signed_in, "/models/")
    assert found.count('data-state=""') == 2
    assert "not running" not in found
    own_redis.start()


def test_the_list_has_what_the_policy_allows(signed_in: Client, alice: User) -> None:
    Policy.objects.create(user=alice, models=[OTHER])
    found = page(signed_in, "/models/")
    assert found.count('role="option"') == 1
    assert "Second" in found
    Policy.objects.update(models=[])
    assert 'role="option"' not in page(signed_in, "/models/")


# --- The page ---------------------------------------------------------------------------------------------------------


def test_the_button_is_there_for_those_who_may_choose(signed_in: Client, alice: User) -> None:
    found = page(signed_in)
    assert re.search(r'id="model"[^>]* value="".*?Scripted', found, re.S)
    assert "data-models" in found
    Policy.objects.create(user=alice, models=["scripted"])
    found = page(signed_in)
    assert 'id="model"' not in found
    assert "data-models" not in found


def test_a_conversation_shows_its_model_and_its_effort(signed_in: Client, alice: User) -> None:
    talk = say(alice).conversation
    path = f"/c/{talk.pk}/"
    assert re.search(r'class="effort" hidden', page(signed_in, path))
    assert set_(signed_in, talk, model=OTHER).json()["parameters"]["model"] == OTHER
    found = page(signed_in, path)
    assert re.search(r'id="model"[^>]* value="second".*?Second &lt;one&gt;', found, re.S)
    assert not re.search(r'class="effort" hidden', found)


def test_a_name_that_is_not_served_is_refused(signed_in: Client, alice: User) -> None:
    talk = say(alice).conversation
    answer = set_(signed_in, talk, model="third")
    assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (
        422,
        "unknown_model",
        "scripted, second",
    )
    assert set_(signed_in, talk, model=["third"]).status_code == 400


def test_an_effort_may_come_with_the_model_that_takes_it(signed_in: Client, alice: User) -> None:
    talk = say(alice).conversation
    assert set_(signed_in, talk, effort="high").json()["code"] == "effort"
    assert set_(signed_in, talk, effort="high", model=OTHER).status_code == 200
    assert set_(signed_in, talk, model="").status_code == 200, "it is kept for when that model is back"
    assert Conversation.objects.get().effort == "high"


def test_the_dialog_is_that_of_the_model_that_was_picked(signed_in: Client) -> None:
    assert 'name="effort"' not in page(signed_in, "/parameters/")
    assert 'name="effort"' in page(signed_in, "/parameters/?model=second")
    assert 'name="effort"' not in page(signed_in, "/parameters/?model=third")


def test_what_is_gone_is_said_until_another_has_answered(
    signed_in: Client, alice: User, two: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = say(alice, model=OTHER)
    settle(sent)
    path = f"/c/{sent.conversation.pk}/"
    set_(signed_in, sent.conversation, model=OTHER)
    assert "is not available now" not in page(signed_in, path)
    Policy.objects.create(user=alice, models=["scripted"])
    assert "Second &lt;one&gt;, the model of this conversation, is not available now. Scripted answers." in page(
        signed_in, path
    )
    monkeypatch.setattr(serving, "models", lambda: two[:1])
    assert "second, the model of this conversation, is not available now." in page(signed_in, path)
    settle(say(alice, "And now?", sent.conversation))
    assert "is not available now" not in page(signed_in, path)


def test_a_reply_has_the_models_label_wherever_it_stands(
    signed_in: Client, alice: User, two: tuple[Model, Model]
) -> None:
    sent = say(alice, model=OTHER)
    settle(sent)
    html = page(signed_in, f"/c/{sent.conversation.pk}/")
    assert 'data-model="second" data-by="Second &lt;one&gt;"' in html
    assert "data-facts>Second &lt;one&gt;" in html
    assert "<dd>Second &lt;one&gt;</dd>" in page(signed_in, f"/replies/{sent.reply}/details/")


def test_each_models_limits_are_told_where_there_is_a_choice(alice: User, two: tuple[Model, Model]) -> None:
    told = allowance(alice.pk)
    assert list(told["models"]) == ["scripted", OTHER]
    second = told["models"][OTHER]
    assert (second["label"], second["reasoning"], second["prompt_tokens"]) == ("Second <one>", True, 1024 - REPLY_ROOM)
    assert told["prompt_tokens"] == 8192 - REPLY_ROOM
    assert set(second["chars_per_token"]) == {"narrow", "wide"}
    Policy.objects.create(user=alice, models=[OTHER])
    told = allowance(alice.pk)
    assert "models" not in told
    assert told["prompt_tokens"] == 1024 - REPLY_ROOM


# --- Presets ----------------------------------------------------------------------------------------------------------


def test_a_preset_keeps_its_model_as_long_as_it_is_there(
    signed_in: Client, alice: User, two: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"name": "Deep", "parameters": {"model": OTHER, "effort": "high"}}
    pk = signed_in.post("/presets/", said, content_type="application/json").json()["id"]

    def values() -> tuple[str, str]:
        found = signed_in.get(f"/presets/{pk}/values/").json()["parameters"]
        return found["model"], found["effort"]

    assert values() == (OTHER, "high")
    Policy.objects.create(user=alice, models=["scripted"])
    assert values() == ("", "")
    answer = signed_in.post("/presets/", {**said, "name": "More"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "model")
    Policy.objects.all().delete()
    monkeypatch.setattr(serving, "models", lambda: two[:1])
    assert values() == ("", "")


def test_the_form_of_a_preset_offers_the_models(
    signed_in: Client, alice: User, two: tuple[Model, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    fields: dict[str, Any] = {"name": "Deep", "instructions": "", "temperature": "", "top_p": "", "max_tokens": ""}
    assert "the default: Scripted" in page(signed_in, "/presets/new/")
    assert signed_in.post("/presets/new/", {**fields, "model": OTHER, "effort": "low"}).status_code == 302
    preset = Preset.objects.get()
    assert (preset.model, preset.effort) == (OTHER, "low")
    assert signed_in.post("/presets/new/", {**fields, "name": "x", "model": "third"}).status_code == 422
    assert signed_in.post("/presets/new/", {**fields, "name": "x", "effort": "low"}).status_code == 422

    monkeypatch.setattr(serving, "models", lambda: two[:1])
    assert "second (not available)" in page(signed_in, f"/presets/{preset.pk}/")
    kept = {**fields, "name": "Still deep", "model": OTHER}
    assert signed_in.post(f"/presets/{preset.pk}/", kept).status_code == 302
    assert Preset.objects.get().model == OTHER
    Preset.objects.update(model="")
    assert 'name="model"' not in page(signed_in, "/presets/new/")
    assert 'name="model"' not in page(signed_in, f"/presets/{preset.pk}/")


def test_the_teams_presets_name_a_served_model(client: Client, grace: User) -> None:
    client.force_login(grace)
    fields = {"name": "Team", "instructions": "", "temperature": "", "top_p": "", "max_tokens": "", "effort": ""}
    add = "/admin/conversations/preset/add/"
    assert "Second &lt;one&gt;" in page(client, add)
    assert "model" in client.post(add, {**fields, "model": "third"}).context["adminform"].form.errors
    assert client.post(add, {**fields, "model": OTHER}).status_code == 302
    assert Preset.objects.get().model == OTHER

"""The ratings page: figures by model and reason, and not a word that anybody wrote."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from conversations.models import Message, Rating
from tests.conversations.talk import say, settle

PAGE = "/admin/ratings/"

pytestmark = pytest.mark.usefixtures("model")


def rated(user: User, value: int, *reasons: str, model: str = "small", age: int = 0) -> Rating:
    sent = say(user, "a secret question")
    settle(sent, text="a secret answer")
    Message.objects.filter(pk=sent.reply).update(model=model)
    at = timezone.now() - timedelta(days=age)
    return Rating.objects.create(
        reply_id=sent.reply, value=value, reasons=list(reasons), note="a secret note" if reasons else "", at=at
    )


def row(page: Any, model: str) -> tuple[int, int, int, list[int]]:
    one = next(one for one in page.context["models"] if one.model == model)
    return one.good, one.bad, round(one.share), one.faults


def test_figures_are_by_model_and_reason(client: Client, alice: User, bob: User, grace: User) -> None:
    for person in (alice, bob):
        rated(person, 1)
    rated(alice, 1)
    rated(bob, -1, "wrong", "long")
    rated(bob, -1, "wrong", model="large")
    client.force_login(grace)
    page = client.get(PAGE)
    assert [one.model for one in page.context["models"]] == ["small", "large"], "the one with most ratings is first"
    html = page.content.decode().replace("\n", "")
    assert '<th scope="row">small</th>' in html, "the catalog has it no more"
    assert row(page, "small") == (3, 1, 75, [1, 0, 0, 1, 0, 0])
    assert row(page, "large") == (0, 1, 0, [1, 0, 0, 0, 0, 0])


def test_nothing_that_anybody_wrote_is_shown(client: Client, alice: User, grace: User) -> None:
    rated(alice, -1, "other")
    client.force_login(grace)
    page = client.get(PAGE).content.decode()
    assert "Something else" in page
    assert "secret" not in page
    assert "alice" not in page


@pytest.mark.parametrize(
    ("asked", "days", "seen"), [("", 30, 1), ("7", 7, 1), ("90", 90, 2), ("5000", 30, 1), ("x", 30, 1)]
)
def test_a_period_may_be_chosen(client: Client, alice: User, grace: User, *, asked: str, days: int, seen: int) -> None:
    rated(alice, 1)
    rated(alice, 1, age=60)
    client.force_login(grace)
    page = client.get(PAGE, {"days": asked})
    assert page.context["days"] == days
    assert row(page, "small")[0] == seen


def test_it_says_when_there_is_nothing(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert "Nobody rated a reply in this time." in client.get(PAGE).content.decode()


def test_it_is_in_the_navigation_of_who_may_see_it(client: Client, alice: User, grace: User) -> None:
    client.force_login(grace)
    assert f'href="{PAGE}"' in client.get("/admin/").content.decode()
    assert client.post(PAGE).status_code == 405
    client.force_login(alice)
    assert client.get(PAGE, follow=True).status_code == 403

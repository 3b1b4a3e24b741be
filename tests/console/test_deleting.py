"""A page that asks whether something is to be deleted says what it is, what goes with it, and what stays."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.utils.html import escape

from accounts import api_keys
from accounts.models import User
from console.models import Banner
from console.templatetags.deleting import FOLLOWS
from conversations.models import Preset, SavedPrompt
from limits.models import Policy
from moderation.models import Rule
from retention.models import Rule as Retention

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


def rows(person: User) -> dict[str, tuple[models.Model, str]]:
    """One of each thing that can be deleted in the console, and what it is called there."""
    group = Group.objects.create(name="Harvesters")
    return {
        "accounts.User": (person, "alice"),
        "auth.Group": (group, "Harvesters"),
        "console.Banner": (Banner.objects.create(text="We move at six."), "We move at six."),
        "conversations.Preset": (Preset.objects.create(owner=person, name="Terse", is_team=True), "Terse"),
        "conversations.SavedPrompt": (SavedPrompt.objects.create(owner=person, name="Brief", is_team=True), "Brief"),
        "limits.Policy": (Policy.objects.create(group=group), "Harvesters"),
        "moderation.Rule": (Rule.objects.create(name="Tea", words="tea"), "Tea"),
        "retention.Rule": (Retention.objects.create(what="chat", days=30, group=group), "Harvesters"),
    }


def test_each_thing_that_can_be_deleted_says_it(owner: Client, alice: User, grace: User, rf: Any) -> None:
    request = rf.get("/")
    request.user = grace
    can_go = {one._meta.label for one, page in admin.site._registry.items() if page.has_delete_permission(request)}
    made = rows(alice)
    assert can_go == set(FOLLOWS) == set(made)
    for label, (row, name) in made.items():
        page = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
        said = escape(str(FOLLOWS[label]))
        for asked in (
            owner.get(f"{page}{row.pk}/delete/"),
            owner.post(page, {"action": "delete_selected", "_selected_action": row.pk}),
        ):
            html = asked.content.decode()
            assert asked.status_code == 200, label
            assert said in html, label
            assert name in html.partition('id="content"')[2], label


def test_second_factors_say_which_go(owner: Client, alice: User) -> None:
    html = owner.get(f"/admin/accounts/user/{alice.pk}/second-factor/").content.decode()
    assert "Remove the second factors of alice?" in html
    assert "every device is signed out" in html


def test_an_account_is_named_before_it_goes(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert "The account “alice” (alice@example.org)" in client.get("/accounts/data/").content.decode()


def test_a_key_is_named_before_it_is_revoked(client: Client, alice: User) -> None:
    for name in ("Notebook", "Lab"):
        key, _secret = api_keys.create(alice, name, scopes=["chat"])
    client.force_login(alice)
    html = client.get("/accounts/keys/").content.decode()
    assert f"No program can use “Lab” ({key.prefix}…) from now on." in html
    assert "No program can use any of these 2 keys" in html


@pytest.mark.parametrize(("is_team", "says"), [(False, 0), (True, 1)])
def test_a_prompt_is_named_before_it_goes(client: Client, grace: User, is_team: bool, says: int) -> None:
    prompt = SavedPrompt.objects.create(owner=grace, name="Brief", text="Be brief", is_team=is_team)
    client.force_login(grace)
    html = client.get(f"/prompts/{prompt.pk}/").content.decode()
    assert "“Brief” cannot be brought back." in html
    assert html.count("It goes for the whole team.") == says

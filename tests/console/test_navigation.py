"""The side navigation goes by purpose and shows each person only what they may view."""

import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from console.navigation import SECTIONS, Rows

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def heidi(db: None) -> User:
    """On the staff, without a single right."""
    return User.objects.create_user("heidi", "heidi@example.org", "heidi's password", is_staff=True)


def links(client: Client, page: str = "/admin/") -> list[str]:
    """Where the navigation leads, in its order."""
    html = client.get(page).content.decode()
    nav = html[html.index('id="console-navigation"') : html.index('class="signed-in"')]
    return re.findall(r'<li><a href="([^"]+)"', nav)


def test_every_kind_of_row_of_the_admin_has_its_place() -> None:
    named = {item.model for _, items in SECTIONS for item in items if isinstance(item, Rows)}
    registered = {model._meta.label for model in admin.site._registry}
    assert registered == named


def test_an_owner_sees_all_of_it_and_every_link_leads_somewhere(client: Client, grace: User) -> None:
    client.force_login(grace)
    found = links(client)
    assert len(found) == sum(len(items) for _, items in SECTIONS)
    for link in found:
        assert client.get(link).status_code == 200, link


def test_who_may_view_nothing_sees_only_what_all_staff_see(client: Client, heidi: User) -> None:
    client.force_login(heidi)
    assert links(client) == ["/admin/", "/admin/engine/", "/admin/models/"]


def test_a_right_to_view_brings_its_link_and_no_other(client: Client, heidi: User) -> None:
    heidi.user_permissions.add(Permission.objects.get(codename="view_conversation"))
    client.force_login(heidi)
    assert links(client)[3:] == [reverse("admin:conversations_conversation_changelist")]


@pytest.mark.parametrize("page", ["/admin/", "/admin/engine/", "/admin/accounts/user/", "/admin/accounts/user/add/"])
def test_it_says_where_one_is(client: Client, grace: User, page: str) -> None:
    client.force_login(grace)
    html = client.get(page).content.decode()
    current = re.findall(r'<a href="([^"]+)" aria-current="page"', html)
    assert current == [page.removesuffix("add/")]


def test_it_leads_back_to_the_chat_and_out(client: Client, grace: User) -> None:
    client.force_login(grace)
    html = client.get("/admin/").content.decode()
    assert '<a class="to-chat" href="/">' in html
    assert f'action="{reverse("account_logout")}"' in html


def test_people_who_are_not_signed_in_get_no_navigation(client: Client, db: None) -> None:
    assert "console-navigation" not in client.get("/admin/", follow=True).content.decode()


@pytest.mark.parametrize(
    "page",
    ["/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/", "/admin/auth/group/", "/admin/accounts/"],
)
def test_pages_have_nothing_in_them_that_the_policy_blocks(client: Client, grace: User, page: str) -> None:
    client.force_login(grace)
    answer = client.get(page)
    html = answer.content.decode()
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in html
    assert "style=" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html)
    assert not re.search(r"\son[a-z]+=", html)

"""A list without rows says what will stand in it, and leads to where the first is made."""

import pytest
from django.test import Client
from django.utils import translation
from django.utils.html import escape

from accounts.models import User
from console import roles
from console.navigation import SECTIONS, Rows
from console.templatetags.empty import WAYS, WILL_STAND
from limits.models import Policy

pytestmark = pytest.mark.django_db
MADE_BY_HAND = {
    "auth.Group",
    "console.Banner",
    "conversations.Preset",
    "conversations.SavedPrompt",
    "limits.Policy",
    "moderation.Rule",
    "retention.Rule",
}


def page_of(label: str) -> str:
    return f"/admin/{label.lower().replace('.', '/')}/"


def said(client: Client, page: str) -> str:
    """What stands in the place of the rows."""
    html = client.get(page).content.decode()
    _, found, rest = html.partition('<div class="empty">')
    return rest.partition("</div>")[0] if found else ""


def test_each_list_that_can_be_empty_has_its_words() -> None:
    lists = {item.model for _, items in SECTIONS for item in items if isinstance(item, Rows)}
    assert lists - set(WILL_STAND) == {"accounts.User"}, "who looks at it is there"
    assert set(WAYS) <= set(WILL_STAND) <= lists


@pytest.mark.parametrize("label", sorted(set(WILL_STAND) - {"audit.Entry"}))
def test_it_says_what_will_stand_there_and_who_may_is_led_on(client: Client, grace: User, label: str) -> None:
    client.force_login(grace)
    html = said(client, page_of(label))
    assert escape(str(WILL_STAND[label])) in html
    ways = {"accounts.Invitation": "/admin/accounts/invitation/invite/"} | dict.fromkeys(
        ("audit.Hold", "limits.Restraint"), "/admin/accounts/user/"
    )
    assert "Nothing here now." in html
    way = f"{page_of(label)}add/" if label in MADE_BY_HAND else ways.get(label, "")
    assert (f'href="{way}"' in html) if way else ("href" not in html)
    if way:
        assert client.get(way).status_code == 200


def test_who_may_only_look_is_led_nowhere(client: Client, bob: User) -> None:
    roles.give(bob, roles.Role.AUDITOR, by=None)
    client.force_login(bob)
    for label in sorted({*MADE_BY_HAND, *WAYS}):
        html = said(client, page_of(label))
        assert escape(str(WILL_STAND[label])) in html
        assert "href" not in html, label


def test_nothing_can_be_chosen_where_nothing_is(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert 'name="action"' not in client.get(page_of("moderation.Rule")).content.decode()
    assert 'name="action"' in client.get(page_of("accounts.User")).content.decode()


def test_what_is_searched_in_vain_says_only_that(client: Client, grace: User) -> None:
    Policy.objects.create(user=grace)
    client.force_login(grace)
    assert said(client, page_of("limits.Policy")) == ""
    assert said(client, f"{page_of('limits.Policy')}?q=nobody") == '<p class="none">Nothing was found.</p>'
    assert "Nothing was found." in said(client, f"{page_of('accounts.User')}?q=nobody")


def test_it_says_it_in_chinese(client: Client, grace: User) -> None:
    client.force_login(grace)
    client.cookies["django_language"] = "zh-hans"
    with translation.override("zh-hans"):
        words = str(WILL_STAND["retention.Rule"])
    assert words.startswith("什么内容")
    html = said(client, page_of("retention.Rule"))
    assert words in html
    assert "添加保留规则" in html

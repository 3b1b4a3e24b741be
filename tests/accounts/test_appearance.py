"""How the pages look to a person: kept by the account, copied to the browser, the same on each device."""

from typing import Any

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponse
from django.test import Client, RequestFactory

from accounts import appearance
from accounts.appearance import CHOICES, as_cookie, from_cookie, known
from accounts.models import User

pytestmark = pytest.mark.django_db
PAGE = "/accounts/appearance/"
LOGIN = "/accounts/login/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def html_of(client: Client, path: str = PAGE) -> str:
    """The page's html element."""
    return client.get(path).content.decode().split("<html", 1)[1].split(">", 1)[0]


def test_without_a_choice_everything_is_as_usual(alice: User) -> None:
    client = signed_in(alice)
    html = html_of(client)
    for name, there in CHOICES.items():
        assert f'data-{name}="{there[0]}"' in html
    assert "appearance" not in client.cookies, "nothing chosen, nothing kept"


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, there in CHOICES.items() for value in there])
def test_each_choice_is_kept_by_the_account_and_shown_on_every_device(alice: User, name: str, value: str) -> None:
    first, second = signed_in(alice), signed_in(alice)
    assert first.post(PAGE, {name: value}, headers={"accept": "application/json"}).status_code == 204
    assert f'data-{name}="{value}"' in html_of(first)
    assert f'data-{name}="{value}"' in html_of(second)
    alice.refresh_from_db()
    assert alice.appearance == ({} if value == CHOICES[name][0] else {name: value})


def test_choices_add_up_and_can_be_taken_back(alice: User) -> None:
    client = signed_in(alice)
    client.post(PAGE, {"theme": "dark", "text": "large"})
    client.post(PAGE, {"density": "compact"})
    assert client.cookies["appearance"].value == "theme:dark.density:compact.text:large"
    client.post(PAGE, {"theme": "system", "density": "comfortable", "text": "normal"})
    client.get(PAGE)
    assert client.cookies["appearance"].value == ""
    alice.refresh_from_db()
    assert alice.appearance == {}


def test_choices_of_two_requests_at_once_add_up(alice: User) -> None:
    first, second = (User.objects.get(pk=alice.pk) for _ in range(2))
    appearance.choose(first, {"theme": "dark"})
    appearance.choose_language(second, "zh-hans")
    appearance.choose(first, {"density": "compact"})
    alice.refresh_from_db()
    assert alice.appearance == first.appearance == {"theme": "dark", "density": "compact", "language": "zh-hans"}


def test_a_form_without_scripts_comes_back_to_the_page(alice: User) -> None:
    answer = signed_in(alice).post(PAGE, {"theme": "dark"}, headers={"accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_not_there_to_choose_is_refused_by_its_name(alice: User, name: str) -> None:
    answer = signed_in(alice).post(PAGE, {"theme": "dark", name: "'><script>"})
    assert answer.status_code == 400
    assert answer.content.decode() == f"{name} must be one of: {', '.join(CHOICES[name])}."
    alice.refresh_from_db()
    assert alice.appearance == {}


def test_what_is_no_choice_is_passed_over(alice: User) -> None:
    signed_in(alice).post(PAGE, {"theme": "dark", "language": "tlh", "is_staff": "1"})
    alice.refresh_from_db()
    assert (alice.appearance, alice.is_staff) == ({"theme": "dark"}, False)


def test_bob_sees_his_own(alice: User, bob: User) -> None:
    signed_in(alice).post(PAGE, {"theme": "dark"})
    assert 'data-theme="system"' in html_of(signed_in(bob))


def test_the_sign_in_page_looks_as_this_browser_last_did(alice: User) -> None:
    client = signed_in(alice)
    client.post(PAGE, {"theme": "dark", "text": "large"})
    client.post("/accounts/logout/")
    html = html_of(client, LOGIN)
    assert 'data-theme="dark"' in html
    assert 'data-text="large"' in html
    assert 'data-theme="system"' in html_of(Client(), LOGIN)


def test_whoever_signs_in_brings_their_own(alice: User, bob: User) -> None:
    alice.appearance = {"theme": "dark", "language": "zh-hans"}
    alice.save()
    client = Client()
    client.post(LOGIN, {"login": "alice", "password": "alice's password"})
    assert client.cookies["appearance"].value == "theme:dark"
    assert client.cookies["django_language"].value == "zh-hans"
    assert 'lang="zh-hans"' in html_of(client)
    client.post("/accounts/logout/")
    client.post(LOGIN, {"login": "bob", "password": "bob's password"})
    assert client.cookies["appearance"].value == ""
    assert 'data-theme="system"' in html_of(client)


def test_the_language_one_sets_is_kept_by_the_account(alice: User) -> None:
    client = signed_in(alice)
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"})
    alice.refresh_from_db()
    assert alice.appearance == {"language": "zh-hans"}
    assert 'lang="zh-hans"' in html_of(client)
    client.post(PAGE, {"theme": "dark"})
    alice.refresh_from_db()
    assert alice.appearance == {"theme": "dark", "language": "zh-hans"}


def test_a_language_set_elsewhere_comes_with_the_next_page(alice: User) -> None:
    here, elsewhere = signed_in(alice), signed_in(alice)
    here.get(PAGE)
    elsewhere.post("/i18n/setlang/", {"language": "zh-hans", "next": "/"})
    here.get(PAGE)
    assert 'lang="zh-hans"' in html_of(here)


@pytest.mark.parametrize("code", ["", "fr", "zh", "../../etc", "en-x-pirate"])
def test_a_language_that_is_not_ours_is_not_kept(alice: User, code: str) -> None:
    signed_in(alice).post("/i18n/setlang/", {"language": code, "next": "/"})
    alice.refresh_from_db()
    assert alice.appearance == {}


def test_a_stranger_sets_a_language_for_the_browser_alone(client: Client) -> None:
    client.post("/i18n/setlang/", {"language": "zh-hans", "next": LOGIN})
    assert 'lang="zh-hans"' in html_of(client, LOGIN)
    assert "appearance" not in client.cookies


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("theme:dark.text:large", {"theme": "dark", "text": "large"}),
        ("theme:system", {}),
        ("theme:dark.theme:pink", {}),
        ('theme:"><script>', {}),
        ("theme:dark&text:large", {}),
        ("shortcuts:off.nonsense:1.also.this:is:none", {"shortcuts": "off"}),
        ("", {}),
        (".:.:.", {}),
        ("theme:dark." + "x." * 3000, {"theme": "dark"}),
    ],
)
def test_a_cookie_is_read_with_care(text: str, read: dict[str, str]) -> None:
    assert from_cookie(text) == read


@pytest.mark.parametrize("values", [{"theme": ["dark"]}, {"theme": None}, {"theme": {"a": 1}}, {"theme": 3}])
def test_what_else_may_lie_in_the_column_is_passed_over(values: dict[str, Any]) -> None:
    assert known(values) == {}


def test_a_cookie_says_what_was_chosen_and_not_the_language() -> None:
    chosen = {"theme": "dark", "language": "zh-hans", "shortcuts": "off"}
    assert from_cookie(as_cookie(chosen)) == {"theme": "dark", "shortcuts": "off"}


def test_a_page_that_has_not_asked_who_it_is_for_does_not_begin_to(
    rf: RequestFactory, alice: User, django_assert_num_queries: Any
) -> None:
    """Pages of errors are drawn when the database may be away."""
    client = signed_in(alice)
    request = rf.get("/")
    request.session = SessionStore(client.session.session_key)
    request.COOKIES["appearance"] = "theme:light"
    AuthenticationMiddleware(lambda request: HttpResponse()).process_request(request)
    alice.appearance = {"theme": "dark"}
    alice.save()
    with django_assert_num_queries(0):
        assert appearance.shown(request)["theme"] == "light"
    assert request.user.is_authenticated
    with django_assert_num_queries(0):
        assert appearance.shown(request)["theme"] == "dark"
    request.user = AnonymousUser()
    assert appearance.shown(request)["theme"] == "light"


def test_signing_out_leaves_nothing_in_the_browser(alice: User) -> None:
    client = signed_in(alice)
    assert "Clear-Site-Data" not in client.get(PAGE).headers
    assert client.post("/accounts/logout/").headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "Clear-Site-Data" not in client.get(LOGIN).headers


@pytest.mark.parametrize("as_dialog", [True, False])
def test_the_form_shows_what_is_chosen(alice: User, as_dialog: bool) -> None:
    client = signed_in(alice)
    client.post(PAGE, {"theme": "dark"})
    page = client.get(PAGE, {"as": "dialog"} if as_dialog else {}).content.decode()
    assert 'value="dark" checked' in page
    assert 'value="light" checked' not in page
    assert ("<dialog" in page) is as_dialog
    assert ("<html" in page) is not as_dialog


def test_the_meta_elements_say_the_theme(alice: User) -> None:
    client = signed_in(alice)
    for theme, scheme, colours in [("system", "light dark", 2), ("light", "light", 1), ("dark", "dark", 1)]:
        client.post(PAGE, {"theme": theme})
        page = client.get(PAGE).content.decode()
        assert f'<meta name="color-scheme" content="{scheme}">' in page
        assert page.count('<meta name="theme-color"') == colours


def test_the_console_follows(grace: User) -> None:
    client = signed_in(grace)
    client.post(PAGE, {"theme": "dark"})
    assert '<meta name="color-scheme" content="dark">' in client.get("/admin/").content.decode()

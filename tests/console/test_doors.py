"""Who sees the engine page, and what it never shows."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from conversations.models import Message
from tests.conversations.talk import say

PAGES = ["/admin/engine/", "/admin/engine/live/", "/admin/engine/worker-0/drain/", "/admin/engine/worker-0/rebuild/"]
SECRET = "Marmalade"

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def staff(db: None) -> User:
    """On the staff, without a single right of the admin's own."""
    return User.objects.create_user("heidi", "heidi@example.org", "heidi's password", is_staff=True)


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_is_sent_to_sign_in(client: Client, db: None, page: str) -> None:
    answer = client.get(page, follow=True)
    assert answer.request["PATH_INFO"] == reverse("account_login")
    assert page in answer.request["QUERY_STRING"].replace("%2F", "/")


@pytest.mark.parametrize("page", PAGES)
def test_people_who_are_not_staff_are_refused(client: Client, alice: User, page: str) -> None:
    client.force_login(alice)
    assert client.get(page, follow=True).status_code == 403
    assert client.post(page, follow=True).status_code == 403


def test_staff_see_it(client: Client, staff: User, grace: User) -> None:
    for person in (staff, grace):
        client.force_login(person)
        page = client.get("/admin/engine/").content.decode()
        assert "No worker has spoken" in page
        assert "Nobody waits." in page
        assert "No reply is being written." in page


def test_it_is_found_from_the_index_and_the_sidebar(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert 'href="/admin/engine/"' in client.get("/admin/").content.decode()
    assert 'href="/admin/engine/"' in client.get("/admin/accounts/user/").content.decode()


def test_the_page_obeys_its_own_policy(client: Client, grace: User) -> None:
    client.force_login(grace)
    answer = client.get("/admin/engine/")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    page = answer.content.decode()
    ours = page[page.index('id="engine-live"') :]
    assert "style=" not in ours
    assert "<script>" not in page


def test_in_chinese_nothing_of_ours_stays_english(client: Client, grace: User, alice: User) -> None:
    say(alice)
    client.force_login(grace)
    page = client.get("/admin/engine/", headers={"accept-language": "zh-hans"}).content.decode()
    for english in ("Engine", "Waiting", "Workers", "The last hour", "replies ended", "now"):
        assert f">{english}<" not in page
    assert "工作进程" in page


# --- Accounts and conversations ---------------------------------------------------------------------------------------


def test_no_page_shows_what_people_wrote(client: Client, grace: User, alice: User) -> None:
    sent = say(alice, f"{SECRET} for breakfast?")
    Message.objects.filter(pk=sent.reply).update(text=f"{SECRET}!", reasoning=f"{SECRET}?")
    client.force_login(grace)
    for page in (
        "/admin/engine/",
        "/admin/conversations/conversation/",
        f"/admin/conversations/conversation/{sent.conversation.pk}/change/",
        "/admin/conversations/message/",
        f"/admin/conversations/message/{sent.message}/change/",
        f"/admin/conversations/message/{sent.reply}/change/",
        f"/admin/accounts/user/{alice.pk}/change/",
        f"/admin/accounts/user/{alice.pk}/delete/",
    ):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert SECRET not in answer.content.decode(), page


def test_rows_can_be_found_and_not_changed(client: Client, grace: User, alice: User, bob: User) -> None:
    sent, other = say(alice), say(bob)
    client.force_login(grace)
    for query in (str(sent.reply), str(sent.conversation.pk), "alice"):
        found = client.get("/admin/conversations/message/", {"q": query}).content.decode()
        assert str(sent.reply) in found
        assert str(other.reply) not in found
    page = f"/admin/conversations/message/{sent.reply}/"
    assert client.post(f"{page}change/", {"state": "complete"}).status_code == 403
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/conversations/message/add/").status_code == 403


def test_searching_reads_no_text(client: Client, grace: User, alice: User) -> None:
    say(alice, SECRET)
    client.force_login(grace)
    for rows in ("message", "conversation"):
        assert "0 results" in client.get(f"/admin/conversations/{rows}/", {"q": SECRET}).content.decode()


def test_an_account_is_made_with_an_address_and_goes_with_all_of_its_own(client: Client, grace: User) -> None:
    client.force_login(grace)
    password = "a long and 4ncommon one"
    form = {"username": "ivan", "email": "", "usable_password": "true", "password1": password, "password2": password}
    assert client.post("/admin/accounts/user/add/", form).status_code == 200  # asked for the address
    assert client.post("/admin/accounts/user/add/", {**form, "email": "ivan@example.org"}).status_code == 302
    ivan = User.objects.get(email="ivan@example.org")
    say(ivan)
    assert client.post(f"/admin/accounts/user/{ivan.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=ivan.pk).exists()
    assert not Message.objects.exists()

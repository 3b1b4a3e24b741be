"""Banners: who sees which and when, at the cost of one query in ten seconds."""

from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.template import RequestContext, Template
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.html import escape

from accounts.models import User
from audit.models import Entry
from console import banners
from console.banners import shown_to
from console.models import Banner

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("model")


class CountQueries(Protocol):
    def __call__(self, number: int) -> AbstractContextManager[None]: ...


def announce(text: str = "We move the engine at six.", **more: Any) -> Banner:
    return Banner.objects.create(text=text, **more)


def seen(person: Any) -> list[str]:
    banners.recent.forget()
    return [banner.text for banner in shown_to(person)]


def test_one_without_an_end_is_shown_until_it_is_deleted(alice: User) -> None:
    banner = announce()
    assert seen(alice) == [banner.text]
    banner.delete()
    assert seen(alice) == []


@pytest.mark.parametrize(
    ("starts", "ends", "is_shown"),
    [(-1, 1, True), (-1, None, True), (1, None, False), (-2, -1, False), (1, 2, False)],
)
def test_it_is_shown_from_its_start_until_its_end(alice: User, starts: int, ends: int | None, is_shown: bool) -> None:
    now = timezone.now()
    announce(starts=now + starts * HOUR, ends=None if ends is None else now + ends * HOUR)
    assert bool(seen(alice)) is is_shown


def test_one_that_starts_later_needs_no_new_look(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    announce(starts=timezone.now() + HOUR)
    assert seen(alice) == []
    later = timezone.now() + 2 * HOUR
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert len(shown_to(alice)) == 1


def test_some_are_for_administrators_only(alice: User, grace: User) -> None:
    announce("For all")
    announce("For staff", audience="staff")
    assert seen(alice) == ["For all"]
    assert set(seen(grace)) == {"For all", "For staff"}
    assert seen(AnonymousUser()) == []


def test_warnings_come_first(alice: User) -> None:
    announce("Please note")
    announce("The disk is full", level="warning")
    assert seen(alice) == ["The disk is full", "Please note"]


def test_one_look_serves_everyone(alice: User, bob: User, django_assert_num_queries: CountQueries) -> None:
    announce()
    banners.recent.forget()
    with django_assert_num_queries(1):
        for person in (alice, bob, alice):
            assert shown_to(person)


def test_a_page_that_does_not_show_them_asks_nothing(alice: User, django_assert_num_queries: CountQueries) -> None:
    request = RequestFactory().get("/")
    request.user = alice
    with django_assert_num_queries(0):
        assert Template("nothing").render(RequestContext(request)) == "nothing"


def render(person: User) -> str:
    request = RequestFactory().get("/")
    request.user = person
    banners.recent.forget()
    return Template('{% include "console/banners.html" %}').render(RequestContext(request))


def test_words_are_text_and_addresses_are_links(alice: User) -> None:
    announce("<b>Read</b> https://example.org/new")
    page = render(alice)
    assert "<b>" not in page
    assert "&lt;b&gt;Read" in page
    assert '<a href="https://example.org/new"' in page


@pytest.mark.parametrize("mark", ["。", "，", "）", "”", "！？", "。<b>"])
def test_an_address_ends_where_a_chinese_sentence_does(alice: User, mark: str) -> None:
    announce(f"请看（ https://example.org/new?a=1&b=2{mark}谢谢")
    page = render(alice)
    link = '<a href="https://example.org/new?a=1&amp;b=2" rel="nofollow">https://example.org/new?a=1&amp;b=2</a>'
    assert f"请看（ {link}{escape(mark)}谢谢</p>" in page


def test_an_address_right_after_a_chinese_mark_is_a_link(alice: User) -> None:
    announce("新地址：https://example.org/，（www.example.com）")
    page = render(alice)
    assert page.count("<a href=") == 2
    assert 'href="https://example.org/"' in page


def test_only_one_that_can_be_put_away_waits_for_the_script(alice: User) -> None:
    announce("stays", dismissible=False)
    page = render(alice)
    assert "data-dismiss" not in page
    assert " hidden" not in page
    announce("goes")
    assert render(alice).count("data-dismiss") == 1
    assert render(alice).count(" hidden") == 1


def test_without_banners_nothing_is_loaded(alice: User) -> None:
    assert render(alice).strip() == ""


def test_new_words_have_a_new_name_for_browsers(db: None) -> None:
    banner = announce()
    before = banner.revision
    banner.text = "We move it at seven."
    banner.save()
    assert banner.revision != before


def test_one_that_ends_before_it_starts_is_refused(db: None) -> None:
    now = timezone.now()
    with pytest.raises(ValidationError) as refused:
        Banner(text="x", starts=now, ends=now - HOUR).full_clean()
    assert "ends" in refused.value.message_dict
    with pytest.raises(IntegrityError), transaction.atomic():
        announce(starts=now, ends=now)


def form(**more: str) -> dict[str, str]:
    at = timezone.now() - HOUR
    start = {"starts_0": f"{at:%Y-%m-%d}", "starts_1": f"{at:%H:%M:%S}", "ends_0": "", "ends_1": ""}
    return {"text": "Hello", "level": "info", "audience": "everyone", "dismissible": "on", **start, **more}


def test_an_administrator_announces_changes_and_deletes(client: Client, grace: User, alice: User) -> None:
    client.force_login(grace)
    assert client.post("/admin/console/banner/add/", form()).status_code == 302
    assert [banner.text for banner in shown_to(alice)] == ["Hello"]  # at once, in this process
    page = f"/admin/console/banner/{Banner.objects.get().pk}"
    assert 'class="banner"' in client.get(f"{page}/change/").content.decode()
    assert client.post(f"{page}/change/", form(text="Good evening")).status_code == 302
    assert [banner.text for banner in shown_to(alice)] == ["Good evening"]
    assert client.post(f"{page}/delete/", {"post": "yes"}).status_code == 302
    assert shown_to(alice) == []
    assert [entry.action for entry in Entry.objects.filter(subject_kind="console.Banner").order_by("pk")] == [
        "banner.created",
        "banner.changed",
        "banner.deleted",
    ]


def test_several_go_at_once(client: Client, grace: User, alice: User) -> None:
    rows = [announce(), announce()]
    assert len(seen(alice)) == 2
    client.force_login(grace)
    ticked = {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"}
    assert client.post("/admin/console/banner/", ticked).status_code == 302
    assert shown_to(alice) == []


def test_the_list_says_which_are_shown(client: Client, grace: User) -> None:
    now = timezone.now()
    announce("now")
    announce("soon", starts=now + HOUR)
    announce("over", starts=now - 2 * HOUR, ends=now - HOUR)
    client.force_login(grace)
    page = client.get("/admin/console/banner/").content.decode()
    for state in ("active", "soon", "over"):
        assert page.count(f'data-state="{state}"') == 1


def test_people_who_are_not_staff_announce_nothing(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.post("/admin/console/banner/add/", form(), follow=True).status_code == 403
    assert not Banner.objects.exists()

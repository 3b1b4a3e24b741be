"""What administrators do on the admin's pages is in the log, with what was before and after, and never alone."""

from typing import Any

import pytest
from django import forms
from django.contrib.auth.models import Group
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from audit import chain
from audit.admin import AuditedAdmin
from audit.audited import changes
from audit.models import Entry
from audit.plain import plain
from console.models import Banner
from limits.models import Policy

pytestmark = pytest.mark.django_db
BANNER = "/admin/console/banner/"
PEOPLE = "/admin/accounts/user/"
FORM = {"level": "info", "audience": "everyone", "starts_0": "2026-01-01", "starts_1": "12:00", "dismissible": "on"}


@pytest.fixture
def page(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


def said(action: str) -> list[Entry]:
    """The entries of this action, all of them Grace's, in a chain that holds."""
    entries = [entry for entry in chain.checked(Entry.objects.order_by("pk")) if entry.action == action]
    assert {entry.actor_name for entry in entries} <= {"grace"}
    return entries


def test_what_is_made_changed_and_deleted_is_written_down(page: Client) -> None:
    assert page.post(f"{BANNER}add/", {**FORM, "text": "Soon"}).status_code == 302
    banner = Banner.objects.get()
    assert page.post(f"{BANNER}{banner.pk}/change/", {**FORM, "text": "Now", "level": "warning"}).status_code == 302
    assert page.post(f"{BANNER}{banner.pk}/delete/", {"post": "yes"}).status_code == 302
    (made,), (changed,), (gone,) = said("banner.created"), said("banner.changed"), said("banner.deleted")
    assert made.details["text"] == {"old": None, "new": "Soon"}
    assert changed.details == {"text": {"old": "Soon", "new": "Now"}, "level": {"old": "info", "new": "warning"}}
    assert (gone.subject_kind, gone.subject_id, gone.subject_name) == ("console.Banner", str(banner.pk), "Now")


def test_saving_what_did_not_change_is_no_entry(page: Client) -> None:
    page.post(f"{BANNER}add/", {**FORM, "text": "Soon"})
    page.post(f"{BANNER}{Banner.objects.get().pk}/change/", {**FORM, "text": "Soon"})
    assert said("banner.changed") == []


def test_a_refused_form_is_no_entry(page: Client) -> None:
    assert page.post(f"{BANNER}add/", {**FORM, "text": ""}).status_code == 200
    assert said("banner.created") == []


def test_several_deleted_at_once_are_as_many_entries(page: Client) -> None:
    names = ["one", "two", "three"]
    chosen = [Banner.objects.create(text=name).pk for name in names]
    several = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert page.post(BANNER, several).status_code == 302
    assert not Banner.objects.exists()
    assert sorted(entry.subject_name for entry in said("banner.deleted")) == sorted(names)
    assert {entry.subject_id for entry in said("banner.deleted")} == set(map(str, chosen))


def test_people_and_groups_are_named_in_what_changed(page: Client, alice: User) -> None:
    team, other = Group.objects.create(name="team"), Group.objects.create(name="other")
    alice.groups.add(team)
    form = {"username": "alice", "email": "new@example.org", "is_active": "on", "role": "", "groups": [other.pk]}
    assert page.post(f"{PEOPLE}{alice.pk}/change/", form).status_code == 302
    (entry,) = said("person.changed")
    assert entry.details == {
        "email": {"old": "alice@example.org", "new": "new@example.org"},
        "groups": {"old": ["team"], "new": ["other"]},
    }
    assert (entry.subject_kind, entry.subject_id) == ("accounts.User", str(alice.pk))


def test_a_password_that_is_set_is_an_entry_without_it(page: Client, alice: User) -> None:
    secret = "a long and 4ncommon one"
    form = {"usable_password": "true", "password1": secret, "password2": secret}
    assert page.post(f"{PEOPLE}{alice.pk}/password/", form).status_code == 302
    new = {"username": "ivan", "email": "ivan@example.org", **form}
    assert page.post(f"{PEOPLE}add/", new).status_code == 302
    (changed,), (made,) = said("person.changed"), said("person.created")
    assert (changed.subject_name, set(changed.details)) == ("alice", {"password"})
    assert made.details["username"] == {"old": None, "new": "ivan"}
    everything = str(list(Entry.objects.values()))
    assert secret not in everything
    assert "md5$" not in everything


def test_without_its_entry_nothing_is_done(page: Client, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    banner = Banner.objects.create(text="Soon")
    before = User.objects.filter(pk=alice.pk).values().get()

    def fail() -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr("audit.chain.end", fail)
    page.raise_request_exception = False
    password = {"usable_password": "true"} | dict.fromkeys(("password1", "password2"), "a long and 4ncommon one")
    tries: list[tuple[str, dict[str, Any]]] = [
        (f"{BANNER}add/", {**FORM, "text": "Other"}),
        (f"{BANNER}{banner.pk}/change/", {**FORM, "text": "Other"}),
        (f"{BANNER}{banner.pk}/delete/", {"post": "yes"}),
        (BANNER, {"action": "delete_selected", "_selected_action": [banner.pk], "post": "yes"}),
        (f"{PEOPLE}{alice.pk}/password/", password),
        (f"{PEOPLE}{alice.pk}/delete/", {"post": "yes"}),
    ]
    assert [page.post(door, form).status_code for door, form in tries] == [500] * len(tries)
    assert [one.text for one in Banner.objects.all()] == ["Soon"]
    assert User.objects.filter(pk=alice.pk).values().get() == before


def test_fields_that_are_not_to_be_logged_are_named_only(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AuditedAdmin, "unlogged", frozenset({"text"}))
    page.post(f"{BANNER}add/", {**FORM, "text": "Whisper"})
    assert said("banner.created")[0].details["text"] == {}
    assert "Whisper" not in str(said("banner.created")[0].details)


def test_what_a_row_points_to_is_named_before_and_after(db: None) -> None:
    team, other = Group.objects.create(name="team"), Group.objects.create(name="other")
    policy = Policy.objects.create(group=team)
    kind = forms.modelform_factory(Policy, fields=["group", "user"])
    form = kind({"group": other.pk}, instance=policy)
    assert form.is_valid()
    assert changes(form) == {"group": {"old": team, "new": other}}
    assert plain(changes(form)) == {"group": {"old": "team", "new": "other"}}
    emptied = kind({}, instance=Policy.objects.get(pk=policy.pk))
    assert emptied.is_valid()
    assert plain(changes(emptied)) == {"group": {"old": "team", "new": None}}

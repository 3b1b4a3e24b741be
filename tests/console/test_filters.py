"""What an address may ask of the lists in the console: what their own filters ask, and nothing else, on every one."""

from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import User
from audit.admin import OnlyItsFilters

pytestmark = pytest.mark.django_db
ALL = {model._meta.label: one for model, one in admin.site._registry.items()}
SLOW = r"(a+)+$"  # takes for ever on "aaaa…b", where Python matches it, as it does for SQLite
TEXTS = (models.CharField, models.TextField)


@pytest.fixture
def owner(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


def page(one: Any) -> str:
    return reverse(f"admin:{one.opts.app_label}_{one.opts.model_name}_changelist")


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_no_list_can_be_asked_what_its_page_does_not_ask(owner: Client, one: Any) -> None:
    assert isinstance(one, OnlyItsFilters)
    texts = [field.name for field in one.opts.fields if isinstance(field, TEXTS)]
    asked = {f"{name}__{how}": SLOW for name in texts for how in ("regex", "iregex", "startswith", "contains", "gte")}
    assert asked
    for name, value in {**asked, "pk__gte": "1", "password": "x", "user__password__startswith": "a"}.items():
        assert owner.get(page(one), {name: value}).status_code == 400, name


@pytest.mark.parametrize("one", ALL.values(), ids=ALL)
def test_every_link_of_every_filter_works(owner: Client, one: Any) -> None:
    listed = owner.get(page(one)).context["cl"]
    links = [choice["query_string"] for spec in listed.filter_specs for choice in spec.choices(listed)]
    assert bool(links) is bool(one.list_filter)
    for link in links:
        assert owner.get(page(one) + link).status_code == 200, link


@pytest.mark.parametrize("question", ["where__exact", "action", "at__gte", "rule", "state"])
def test_what_a_database_does_not_compare_is_refused(owner: Client, question: str) -> None:
    assert owner.get("/admin/moderation/incident/", {question: "a\0b"}).status_code == 400


@pytest.mark.parametrize("column", ["q", "o", "p"])
def test_searching_sorting_and_turning_pages_are_no_filters(owner: Client, column: str) -> None:
    assert owner.get("/admin/moderation/rule/", {column: "1"}).status_code == 200

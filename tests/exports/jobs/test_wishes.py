"""What is said of an export is checked, and what is wrong is named."""

from typing import Any

import pytest
from django.http import QueryDict

from accounts.models import User
from conversations.models import Folder
from exports.jobs.wishes import WishForm

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"form": "exe"}, "form"),
        ({"form": ""}, "form"),
        ({"since": "soon"}, "since"),
        ({"since": "2026-02-01", "until": "2026-01-01"}, "until"),
        ({"query": "x" * 201}, "query"),
        ({"query": "..."}, "query"),
        ({"rating": "7"}, "rating"),
        ({"cut": "letters"}, "cut"),
        ({"size": "1"}, "size"),
        ({"size": "99999"}, "size"),
        ({"size": "100", "overlap": "51"}, "overlap"),
        ({"overlap": "-1"}, "overlap"),
        ({"folder": "Bob's"}, "folder"),
        ({"tag": "nowhere"}, "tag"),
    ],
)
def test_what_is_wrong_is_named(alice: User, bob: User, said: dict[str, str], field: str) -> None:
    Folder.objects.create(owner=bob, name="Bob's")
    form = WishForm({"form": "jsonl", **said}, user=alice)
    assert not form.is_valid()
    assert form.errors.keys() == {field}


def test_what_is_said_is_what_is_asked_for(alice: User) -> None:
    folder = Folder.objects.create(owner=alice, name="Kitchen")
    said: dict[str, Any] = {
        "form": "chunks",
        "folder": "Kitchen",
        "since": "2026-01-31",
        "query": " tea ",
        "rating": "1",
    }
    form = WishForm({**said, "cut": "windows", "size": "100"}, user=alice)
    assert form.is_valid(), form.errors
    wish = form.wish()
    assert wish.selection == {"folder": folder.pk, "since": "2026-01-31", "query": "tea"}
    chosen = {name: wish.options[name] for name in ("cut", "size", "overlap", "rating", "whole")}
    assert chosen == {"cut": "windows", "size": 100, "overlap": 50, "rating": 1, "whole": False}


def test_json_lines_are_always_complete(alice: User) -> None:
    form = WishForm(QueryDict("form=jsonl"), user=alice)
    assert form.is_valid()
    assert form.wish().options["whole"]

"""What was done is said in words, in the list, in its filter and on the dashboard; whatever is recorded has them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from accounts.models import User
from audit.log import record
from audit.words import DONE, THINGS, words

PAGE = "/admin/audit/entry/"
CODE = re.compile(r"[a-z_]+\.[a-z_]+")
WRITERS = {"record", "_note", "_factor", "_switch", "_audit"}


def sources() -> Iterator[ast.Module]:
    """Of the packages that write to the log."""
    root = Path(settings.BASE_DIR)
    for package in ("accounts", "audit", "console", "conversations", "exports", "limits", "moderation", "retention"):
        yield from (ast.parse(path.read_text()) for path in (root / package).rglob("*.py"))


def texts(node: ast.AST) -> set[str]:
    constants = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
    return {one for one in constants if isinstance(one, str) and CODE.fullmatch(one)}


def recorded() -> Iterator[str]:
    """Actions that the product writes, but for those that it puts together."""
    for node in (one for source in sources() for one in ast.walk(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in WRITERS:
            yield from texts(node)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_ACTIONS":
            yield from texts(node.value)


def test_whatever_is_recorded_has_words() -> None:
    actions = set(recorded())
    assert len(actions) > 50
    assert {"sign_in.failed", "person.slowed", "incident.assigned", "nomination.declined"} <= actions
    assert sorted(action for action in actions if words(action) == action) == []
    things = ("person", "group", "policy", "rule", "retention_rule", "banner", "savedprompt", "preset")
    crud = [f"{thing}.{done}" for thing in things for done in ("created", "changed", "deleted")]
    assert [action for action in [*crud, "engine.drained", "engine.rebuilt"] if words(action) == action] == []


def test_no_word_is_there_in_vain() -> None:
    written = {part for action in recorded() for part in action.split(".")}
    apart = {"group", "policy", "banner", "savedprompt", "preset", "engine", "drained", "rebuilt"}
    assert (THINGS.keys() | DONE.keys()) - written == apart


def test_they_are_in_the_language_of_who_reads() -> None:
    assert words("policy.changed") == "Policy: changed"
    with translation.override("zh-hans"):
        assert words("policy.changed") == "策略：已更改"
    assert words("somebody.elses") == "somebody.elses"


@pytest.mark.django_db
def test_list_filter_and_dashboard_say_them(client: Client, grace: User) -> None:
    client.force_login(grace)
    record("person.slowed", actor=grace, subject=grace)
    listed = client.get(PAGE)
    assert '<td class="field-done">Person: slowed</td>' in listed.content.decode()
    assert ("person.slowed", "Person: slowed") in listed.context["cl"].filter_specs[0].lookup_choices
    assert "<td>Person: slowed</td>" in client.get("/admin/").content.decode()
    entry = listed.context["cl"].result_list[0]
    whole = client.get(f"{PAGE}{entry.pk}/change/").content.decode()
    assert entry.done in whole
    assert entry.action in whole, "the code stays where exports and the documents are compared with it"

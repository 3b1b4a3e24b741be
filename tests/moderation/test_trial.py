"""Trying a rule on what was written: honest about how much was looked at, and nobody's words are shown."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Entry
from console import trial as trials
from console.trial import Trial, trial
from conversations.calls import Call
from conversations.models import Message
from conversations.services import Draft, send
from inference.model import Model
from inference.protocol import Turn
from moderation.matcher import MASK, Action, Matcher, RuleSpec
from moderation.models import Incident, Rule
from tests.conversations.talk import say, settle

PAGE = "/admin/moderation/rule/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def ask(words: str = "marmalade", scope: str = "both", days: int = 7, **more: Any) -> Trial:
    return trial(Matcher([RuleSpec(0, Action.FLAG, words=(words,))]), scope, days, **more)


@pytest.fixture
def moderator(client: Client) -> Client:
    person = User.objects.create_user("heidi", "heidi@example.org", "a password", is_staff=True)
    person.groups.add(Group.objects.get(name="role:moderator"))
    client.force_login(person)
    return client


@pytest.fixture
def talk(alice: User, bob: User, model: Model) -> None:
    """Alice asks about marmalade and is told of it; Bob speaks of it twice in one message."""
    sent = say(alice, "Is marmalade good? My number is 4111.")
    settle(sent, text="Marmalade is fine.")
    Message.objects.filter(pk=sent.reply).update(reasoning="They ask about marmalade.")
    settle(say(bob, "marmalade marmalade"), text="Twice?")


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("prompt", (2, 2, 3, 2)), ("reply", (2, 1, 2, 1)), ("both", (4, 3, 5, 2))],
)
def test_it_counts_what_it_looks_at(talk: None, scope: str, expected: tuple[int, ...]) -> None:
    found = ask(scope=scope)
    assert (found.looked_at, found.hit, found.matches, len(found.people)) == expected
    assert found.complete


def test_samples_show_the_masked_words_around(talk: None) -> None:
    samples = {(one.where.value, one.excerpt) for one in ask().samples}
    assert ("prompt", f"Is m{MASK * 8} good? My number is 4111.") in samples
    assert ("reply", f"M{MASK * 8} is fine.") in samples
    assert ("reasoning", f"They ask about m{MASK * 8}.") in samples
    assert not [one for _where, one in samples if "armalade" in one]


def test_a_sample_is_no_way_to_read_a_conversation(alice: User, model: Model) -> None:
    say(alice, f"{'before ' * 50}marmalade{' after' * 50}")
    (sample,) = ask().samples
    assert len(sample.excerpt) <= 2 * 40 + 12 + 2


def test_what_a_program_sent_is_not_looked_at_unless_it_is_kept(alice: User) -> None:
    for saves, found in ((False, 0), (True, 2)):
        earlier = (Turn("assistant", "A marmalade"),)
        settle(send(alice, Draft(uuid4(), "And marmalade?", call=Call(uuid4(), earlier, saves=saves))), text="No.")
        assert len(ask().samples) == found


def test_older_messages_are_not_looked_at(talk: None, alice: User) -> None:
    Message.objects.update(created_at=Now() - timedelta(days=3))
    settle(say(alice, "marmalade"))
    assert ask(days=1).looked_at == 2
    assert ask(days=7).looked_at == 6


def test_when_there_is_too_much_it_says_how_far_it_came(talk: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "CHUNK", 2)
    some = ask(most=3)
    assert (some.looked_at, some.complete) == (3, False)
    assert some.since is not None
    assert ask(most=4).complete
    none = ask(seconds=-1)
    assert (none.looked_at, none.complete) == (0, False)


def test_pieces_neither_miss_nor_repeat(alice: User, monkeypatch: pytest.MonkeyPatch, model: Model) -> None:
    for _ in range(7):
        settle(say(alice, "marmalade"))
    Message.objects.update(created_at=Now())  # all at the same moment
    monkeypatch.setattr(trials, "CHUNK", 3)
    assert ask().looked_at == 14
    assert ask(scope="prompt").hit == 7


def test_there_are_only_so_many_samples(alice: User, model: Model) -> None:
    for _ in range(3):
        settle(say(alice, "marmalade " * 15))
    found = ask()
    assert (found.matches, len(found.samples)) == (45, trials.MOST_SAMPLES)


# --- The page ---------------------------------------------------------------------------------------------------------


def form(**more: Any) -> dict[str, Any]:
    return {
        "name": "Fruit",
        "kind": "words",
        "words": "marmalade",
        "scope": "both",
        "action": "block",
        "days": "7",
        **more,
    }


def test_a_rule_that_was_never_saved_is_tried(moderator: Client, talk: None) -> None:
    answer = moderator.post(f"{PAGE}try/", form())
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "All that was written in the last 7 days was looked at." in page
    assert answer.context["trial"].hit == 3
    assert "Save the rule to see samples" in page
    assert "What you tried is in the audit log." in page
    assert MASK not in page
    assert "number is" not in page
    assert not Rule.objects.exists()
    assert not Incident.objects.exists()
    entry = Entry.objects.get(action="rule.tried")
    tried = {"scope": "both", "words": ["marmalade"], "number": 1}
    assert (entry.subject_name, entry.details) == ("Fruit", {**tried, "days": 7, "messages": 4, "found": 3})


def test_where_administrators_may_read_samples_need_no_saved_rule(
    moderator: Client, talk: None, settings: Settings
) -> None:
    settings.ADMINS_READ = True
    page = moderator.post(f"{PAGE}try/", form()).text
    assert f"m{MASK * 8} good? My number is" in page
    assert "Save the rule" not in page


def test_a_saved_rule_shows_samples_as_it_is_saved_only(moderator: Client, talk: None) -> None:
    rule = Rule.objects.create(name="Fruit", words="twice")
    saved = moderator.post(f"{PAGE}{rule.pk}/try/", {"days": "7", "words": "marmalade"})
    assert [one.excerpt for one in saved.context["trial"].samples] == [f"T{MASK * 4}?"]
    other = moderator.post(f"{PAGE}try/", form(rule=str(rule.pk)))
    assert (other.context["trial"].hit, other.context["trial"].samples) == (3, [])


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"kind": "pattern", "pattern": "[a-z]{3}"}, {"scope": "both", "pattern": "[a-z]{3}", "checksum": ""}),
        (
            {"words": "\n".join(f"word{n}" for n in range(25)), "scope": "prompt"},
            {"scope": "prompt", "words": [f"word{n}" for n in range(10)], "number": 25},
        ),
    ],
)
def test_the_audit_log_knows_what_was_tried(
    moderator: Client, talk: None, asked: dict[str, str], told: dict[str, Any]
) -> None:
    moderator.post(f"{PAGE}try/", form(**asked, days="30"))
    details = Entry.objects.get(action="rule.tried").details
    assert {name: details[name] for name in told} == told
    assert details["days"] == 30


def test_a_saved_rule_is_tried_as_the_form_stands_or_as_it_is(moderator: Client, talk: None) -> None:
    rule = Rule.objects.create(name="Fruit", words="bread", enabled=False)
    assert moderator.post(f"{PAGE}try/", form(rule=str(rule.pk))).context["trial"].hit == 3
    rule.refresh_from_db()
    assert (rule.words, rule.enabled) == ("bread", False)
    assert "What would" in moderator.get(f"{PAGE}{rule.pk}/try/").content.decode()
    answer = moderator.post(f"{PAGE}{rule.pk}/try/", {"days": "1"})
    assert answer.context["trial"].hit == 0
    assert "It finds nothing." in answer.content.decode()
    assert "Try it again" in answer.content.decode()


def test_a_rule_that_cannot_be_used_is_not_tried(moderator: Client, talk: None) -> None:
    answer = moderator.post(f"{PAGE}try/", form(kind="pattern", pattern="a("))
    assert answer.status_code == 422
    assert "never closed" in answer.content.decode()
    broken = Rule.objects.create(name="Broken", kind="pattern", pattern="a(")
    answer = moderator.post(f"{PAGE}{broken.pk}/try/", {"days": "x"})
    assert answer.status_code == 422
    assert "never closed" in answer.content.decode()
    assert not Entry.objects.filter(action="rule.tried").exists()


def test_only_who_may_change_rules_tries_them(client: Client, alice: User, talk: None) -> None:
    rule = Rule.objects.create(name="Fruit", words="marmalade")
    ivan = User.objects.create_user("ivan", "ivan@example.org", "a password", is_staff=True)
    ivan.groups.add(Group.objects.get(name="role:auditor"))
    for person in (alice, ivan):
        client.force_login(person)
        for page in (f"{PAGE}try/", f"{PAGE}{rule.pk}/try/"):
            answer = client.post(page, form(), follow=True)
            assert answer.status_code == 403
            assert "number is" not in answer.content.decode()

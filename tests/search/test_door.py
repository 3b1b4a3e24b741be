"""The search as an address: what comes back, and what is said of a question that cannot be asked."""

import re
from typing import Any

import pytest
from django.test import AsyncClient

from accounts.models import User
from conversations.models import Folder, Message, Tag
from conversations.search import find as finding
from tests.search.spoken import talk
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

FOUND = re.compile(r'class="found-title" href="([^"]*)"')
SAID = re.compile(r'class="found-said" href="([^"]*)"')
WORDS = re.compile(r'class="found-words[^"]*"[^>]*>(.*?)</p>')


class Visitor:
    def __init__(self, web: Web, user: User | None) -> None:
        self._web = web
        self._client = AsyncClient()
        if user:
            web.run(self._client.aforce_login(user))

    def get(self, address: str = "/search/", **query: Any) -> Any:
        return self._web.run(self._client.get(address, query))

    def html(self, **query: Any) -> str:
        answer = self.get(**query)
        assert answer.status_code == 200, answer.content
        return str(answer.content.decode())


def test_what_was_found_is_grouped_marked_and_linked(web: Web, alice: User) -> None:
    conversation = talk(alice, "Where does the <b>quokka</b> live?", title="Quokkas & co")
    html = Visitor(web, alice).html(q="quokka")
    message = conversation.messages.get(position=0)
    assert FOUND.findall(html) == [f"/c/{conversation.pk}/"]
    assert SAID.findall(html) == [f"/c/{conversation.pk}/?m={message.pk}"]
    assert "<mark>Quokka</mark>s &amp; co" in html
    assert "&lt;b&gt;<mark>quokka</mark>&lt;/b&gt;" in html
    assert "<b>" not in html
    assert WORDS.findall(html) == ["1 conversation"]


def test_others_find_nothing(web: Web, alice: User, bob: User, mallory: User) -> None:
    talk(alice, "a quokka", title="quokka")
    for user in (bob, mallory):
        html = Visitor(web, user).html(q="quokka")
        assert WORDS.findall(html) == ["Nothing was found."]
        assert "quokka" not in html


def test_strangers_are_told_to_sign_in(web: Web) -> None:
    assert Visitor(web, None).get(q="quokka").status_code == 401
    assert Visitor(web, None).get("/search/panel/").status_code == 401


def test_a_few_messages_of_each_are_shown(web: Web, alice: User) -> None:
    talk(alice, *(f"quokka {number}" for number in range(5)))
    html = Visitor(web, alice).html(q="quokka")
    assert len(SAID.findall(html)) == finding.SHOWN
    assert "and 2 more messages" in html


def test_more_come_by_pages(web: Web, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PAGE", 2)
    monkeypatch.setattr("conversations.search.results.PAGE", 2)
    made = [talk(alice, "a quokka") for _ in range(5)]
    visitor, seen, page = Visitor(web, alice), [], "1"
    while page:
        html = visitor.html(q="quokka", page=page)
        assert bool(WORDS.findall(html)) == (page == "1")
        seen += FOUND.findall(html)
        page = next(iter(re.findall(r'data-page="(\d+)"', html)), "")
    assert seen == [f"/c/{one.pk}/" for one in reversed(made)]
    assert FOUND.findall(visitor.html(q="quokka", page=9)) == []


def test_that_there_is_more_than_is_shown_is_said(web: Web, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 1)
    talk(alice, "a quokka", "a quokka")
    words = WORDS.findall(Visitor(web, alice).html(q="quokka"))
    assert words == ["1 conversation, of the newest matches. One more word finds less."]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "Write a word to look for."),
        ({"q": " "}, "Write a word to look for."),
        ({"q": "!?"}, "Write a word to look for."),
        ({"q": "x" * 10_240}, "10240 characters are too many to look for; 200 are allowed."),
        ({"q": "a", "role": "system"}, "“role” must be one of: user, assistant."),
        ({"q": "a", "in": "attic"}, "“in” must be one of: all, pinned, archived, trash."),
        ({"q": "a", "since": "yesterday"}, "“since” must be a date such as 2026-01-31."),
        ({"q": "a", "since": "2026-02-30"}, "“since” must be a date such as 2026-01-31."),
        ({"q": "a", "until": "2026-01-31T12:00"}, "“until” must be a date such as 2026-01-31."),
        ({"q": "a", "until": "9999-12-31"}, "“until” must be a date such as 2026-01-31."),
        ({"q": "a", "folder": "mine"}, "“folder” must be a number."),
        ({"q": "a", "tag": "-1"}, "“tag” must be a number."),
        ({"q": "a", "tag": "9" * 30}, "“tag” must be a number."),
        ({"q": "a", "page": "0.5"}, "“page” must be a number from 1 to 50."),
        ({"q": "a", "page": "51"}, "“page” must be a number from 1 to 50."),
        ({"q": "a", "model": "m" * 101}, "“model” must be the name of a model."),
    ],
)
def test_what_cannot_be_asked_is_said_with_what_is_allowed(
    web: Web, alice: User, query: dict[str, str], words: str
) -> None:
    answer = Visitor(web, alice).get(**query)
    assert answer.status_code == 400
    assert WORDS.findall(answer.content.decode()) == [words]


@pytest.mark.parametrize(
    "query",
    [
        {"q": "a\x00b"},
        {"q": '"; DROP TABLE conversations_message; --'},
        {"q": "quokka' OR 1=1"},
        {"q": 'terms:"quokka" NEAR'},
        {"q": "a & b | !c <-> (d"},
        {"q": "a\ud83d"},
        {"q": "a", "model": "x' | 'y"},
        {"q": "a", "since": "2026-01-31T12:00:00+08:00", "until": "2026-02-01"},
        {"q": "a", "until": "1950-01-01"},
        {"q": "a", "since": "2026-02-01", "until": "0001-01-01"},
        {"q": "a", "since": "0001-01-01"},
        {"q": "a", "folder": "123456789012345678"},
    ],
)
def test_hostile_questions_are_answered(web: Web, alice: User, query: dict[str, str]) -> None:
    talk(alice, "a quokka")
    encoded: dict[str, Any] = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
    assert Visitor(web, alice).get(**encoded).status_code == 200


def test_a_blocked_reply_is_not_shown(web: Web, alice: User) -> None:
    talk(alice, "?", reply="a quokka")
    Message.objects.filter(text="a quokka").update(state="blocked")
    assert "quokka" not in Visitor(web, alice).html(q="quokka")


def test_the_panel_offers_what_the_person_has(web: Web, alice: User, bob: User) -> None:
    Folder.objects.create(owner=alice, name="Her <folder>")
    Tag.objects.create(owner=bob, name="His tag")
    talk(alice)
    html = Visitor(web, alice).get("/search/panel/").content.decode()
    assert "Her &lt;folder&gt;" in html
    assert "His tag" not in html
    assert 'name="model"' in html
    assert 'name="model"' not in Visitor(web, bob).get("/search/panel/").content.decode()


def test_a_result_opens_the_conversation_at_its_message(web: Web, alice: User) -> None:
    conversation = talk(alice, *(f"question {number}" for number in range(40)))
    message = conversation.messages.get(text="question 9")
    visitor = Visitor(web, alice)
    plain = visitor.get(f"/c/{conversation.pk}/").content.decode()
    assert f'data-message="{message.pk}"' not in plain
    pointed = visitor.get(f"/c/{conversation.pk}/", m=message.pk).content.decode()
    assert f'data-message="{message.pk}"' in pointed
    assert f'"pointed": "{message.pk}"' in pointed
    assert "data-above=" in pointed  # from a little above it, not from the beginning


@pytest.mark.parametrize("m", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_message_that_is_not_there_is_passed_over(web: Web, alice: User, m: str) -> None:
    conversation = talk(alice, "Hello")
    assert Visitor(web, alice).get(f"/c/{conversation.pk}/", m=m).status_code == 200


def test_a_message_of_another_branch_is_shown_in_its_branch(web: Web, alice: User) -> None:
    conversation = talk(alice, "Hello")
    first = conversation.messages.get(position=1)
    beside = Message.objects.create(
        conversation=conversation, parent=first.parent, position=2, role="assistant", text="Or so", state="complete"
    )
    conversation.tip = beside
    conversation.save()
    visitor = Visitor(web, alice)
    assert f'data-message="{first.pk}"' not in visitor.get(f"/c/{conversation.pk}/").content.decode()
    assert f'data-message="{first.pk}"' in visitor.get(f"/c/{conversation.pk}/", m=first.pk).content.decode()

"""One conversation as a file, at once: who gets it, what it is called, and what a wrong request is told."""

import re
from email.message import Message as Headers
from urllib.parse import unquote
from uuid import uuid4

import pytest
from django.test import AsyncClient
from django.urls import reverse

from accounts.models import User
from conversations.models import Conversation, Message
from exports.formats import FORMATS, MOST_CHARACTERS
from exports.names import disposition, file_name
from tests.exports.talks import conversation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_connections_left")]


async def asked(user: User, of: Conversation, **query: str | int) -> tuple[int, str, str]:
    """Status, text and name of the file."""
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(reverse("export_file", args=[of.pk]), query)
    name = Headers()
    name["Content-Disposition"] = answer.headers.get("Content-Disposition", "")
    return answer.status_code, answer.content.decode(errors="replace"), name.get_filename("")


async def dialog(user: User, of: Conversation, **query: str | int) -> str:
    client = AsyncClient()
    await client.aforce_login(user)
    answer = await client.get(reverse("export", args=[of.pk]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def forked(alice: User) -> Conversation:
    """Asked again: the second answer is shown."""
    talk = conversation(alice, asked="What is a queue?", said="The first answer.")
    question = talk.messages.get(position=0)
    again = Message.objects.create(
        conversation=talk, position=2, parent=question, role="assistant", text="The second answer.", model="scripted"
    )
    Conversation.objects.filter(pk=talk.pk).update(tip=again, length=3)
    return talk


@pytest.fixture
def plain(alice: User) -> Conversation:
    return conversation(alice)


@pytest.fixture
def talk(alice: User) -> Conversation:
    return forked(alice)


@pytest.mark.parametrize("name", FORMATS)
async def test_its_owner_gets_each_format(alice: User, talk: Conversation, name: str) -> None:
    status, content, filename = await asked(alice, talk, format=name)
    assert status == 200
    assert filename.startswith("A talk.")
    assert content


@pytest.mark.parametrize("name", FORMATS)
async def test_nobody_else_does(bob: User, talk: Conversation, name: str) -> None:
    status, content, _ = await asked(bob, talk, format=name)
    assert status == 404
    assert "queue" not in content


async def test_a_stranger_is_told_to_sign_in(talk: Conversation) -> None:
    for name in ("export", "export_file"):
        answer = await AsyncClient().get(reverse(name, args=[talk.pk]), {"format": "json"})
        assert answer.status_code == 401
        assert b"queue" not in answer.content


async def test_what_is_not_there_is_not_found(alice: User) -> None:
    client = AsyncClient()
    await client.aforce_login(alice)
    assert (await client.get(reverse("export", args=[uuid4()]))).status_code == 404
    assert (await client.get(reverse("export_file", args=[uuid4()]), {"format": "json"})).status_code == 404


async def test_the_branch_that_is_shown_or_all(alice: User, talk: Conversation) -> None:
    _, shown, _ = await asked(alice, talk, format="text")
    assert ("The first answer." in shown, "The second answer." in shown) == (False, True)
    first = await Message.objects.aget(conversation=talk, position=1)
    _, other, _ = await asked(alice, talk, format="text", tip=str(first.pk))
    assert ("The first answer." in other, "The second answer." in other) == (True, False)
    _, whole, _ = await asked(alice, talk, format="text", whole=1, first=1)
    assert ("The first answer." in whole, "The second answer." in whole, "What is" in whole) == (True, True, False)


async def test_reasoning_only_where_it_is_wanted(alice: User, talk: Conversation) -> None:
    assert "Hm." not in (await asked(alice, talk, format="json", whole=1))[1]
    assert "Hm." in (await asked(alice, talk, format="json", whole=1, reasoning=1))[1]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "format must be one of: markdown, html, pdf, text, json, csv."),
        ({"format": "docx"}, "format must be one of"),
        ({"format": "json", "whole": "maybe"}, "whole must be 1 or 0."),
        ({"format": "json", "reasoning": "-1"}, "reasoning must be 1 or 0."),
        ({"format": "json", "first": "-1"}, "first must be the position of a message"),
        ({"format": "json", "last": "٣"}, "last must be the position of a message"),
        ({"format": "json", "last": "9" * 30}, "last must be the position of a message"),
        ({"format": "json", "first": "2", "last": "1"}, "first must not be greater than last."),
        ({"format": "json", "tip": "x"}, "tip must be a UUID."),
    ],
)
async def test_what_is_wrong_is_named(alice: User, talk: Conversation, query: dict[str, str], told: str) -> None:
    status, content, _ = await asked(alice, talk, **query)
    assert status == 400
    assert told in content


async def test_a_pdf_of_too_much_is_refused_and_a_part_of_it_is_not(
    alice: User, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOST_CHARACTERS, "pdf", 30)
    status, told, name = await asked(alice, talk, format="pdf")
    assert (status, name) == (422, "")
    assert "This has 34 characters; a file of this format may have 30." in told
    assert (await asked(alice, talk, format="pdf", check=1))[:2] == (200, told), "before anything is made"
    assert (await asked(alice, talk, format="pdf", check=1, first=1))[:2] == (200, "")
    assert (await asked(alice, talk, format="pdf", first=1))[0] == 200
    assert (await asked(alice, talk, format="text"))[0] == 200


async def test_nobody_keeps_it_on_the_way(alice: User, talk: Conversation) -> None:
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get(reverse("export_file", args=[talk.pk]), {"format": "html"})
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


async def test_the_dialog_offers_what_there_is(alice: User, talk: Conversation) -> None:
    html = await dialog(alice, talk)
    assert re.findall(r'<option value="(\w+)">', html)[: len(FORMATS)] == list(FORMATS)
    assert html.count('value="1" data-branch') == 0, "the first answer is not shown"
    assert html.count('value="2" data-branch') == 2
    assert 'name="whole"' in html
    assert 'name="reasoning"' in html
    assert "2 · The first answer." in html


async def test_the_dialog_offers_nothing_else(alice: User, plain: Conversation) -> None:
    await Message.objects.filter(conversation=plain).aupdate(reasoning="")
    html = await dialog(alice, plain)
    for name in ("whole", "reasoning", "first", "tip"):
        assert f'name="{name}"' not in html, name


async def test_the_dialog_knows_the_branch_that_a_page_shows(alice: User, talk: Conversation) -> None:
    first = await Message.objects.aget(conversation=talk, position=1)
    html = await dialog(alice, talk, tip=str(first.pk))
    assert html.count('value="1" data-branch') == 2
    assert f'name="tip" value="{first.pk}"' in html


async def test_what_people_wrote_is_text_in_the_dialog(alice: User, plain: Conversation) -> None:
    for position, text in enumerate(['"><script>alert(1)</script>', "</select><b>x", "<i>"], 2):
        await Message.objects.acreate(conversation=plain, position=position, role="user", text=text)
    html = await dialog(alice, plain)
    assert "<script" not in html
    assert html.count("</select>") == 3
    assert "<i>" not in html


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Queues & lines", "Queues & lines.md"),
        ('a/b\\c:d*e?f"g<h>i|j', "a b c d e f g h i j.md"),
        ("../../etc/passwd", "etc passwd.md"),
        (".hidden", "hidden.md"),
        ("队列 🎉", "队列 🎉.md"),
        ("con", "conversation con.md"),
        ("LPT1.txt", "conversation LPT1.txt.md"),
        ("console", "console.md"),
        ("", "conversation.md"),
        (" . ", "conversation.md"),
        ("one\r\nSet-Cookie: x", "one Set-Cookie x.md"),
        ("invoice\u202efdp.exe", "invoice fdp.exe.md"),
        ("x" * 300, "x" * 80 + ".md"),
        ("宽" * 300, "宽" * 60 + ".md"),
    ],
)
def test_a_name_is_readable_and_safe(title: str, name: str) -> None:
    assert file_name(title, ".md") == name
    assert len(name.encode()) < 200


@pytest.mark.parametrize("title", ["Queues", "队列", 'quo"ted', "100% sure; really", "café", "a" * 300, "🎉"])
def test_a_header_says_the_name_twice(title: str) -> None:
    name = file_name(title, ".md")
    header = disposition(name)
    assert header.isascii()
    assert re.fullmatch(r'attachment; filename="[^"\\%]+\.md"; filename\*=UTF-8\'\'[\w.~%-]+', header)
    assert unquote(header.partition("UTF-8''")[2]) == name

"""The doors of the shelf: what they take, what they answer, what other tabs hear, and what a bad request is told."""

from typing import Any
from uuid import uuid4

import pytest

from accounts.models import User
from conversations import shelf
from conversations.models import Conversation, Folder, Message, Tag
from conversations.shelf import names
from conversations.shelf import views as shelf_views
from limits.models import Usage
from tests.conversations.browsing import Browse, Browser
from tests.conversations.pen import Take
from tests.conversations.talk import reply_of, say, settle
from tests.tabs import OpenTab
from tests.waiting import until
from tests.workers import Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def talk(user: User, text: str = "Hello") -> Conversation:
    sent = say(user, text)
    settle(sent)
    return sent.conversation


def asked(browser: Browser, verb: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    answer = browser.post(f"/conversations/{verb}/", fields)
    return answer.status_code, answer.json() if answer["Content-Type"].startswith("application/json") else {}


def test_each_verb_answers_with_what_is_now_and_other_tabs_hear_it(
    alice: User, bob: User, browse: Browse, open_tab: OpenTab
) -> None:
    tab, his = open_tab(alice), open_tab(bob)
    his.next("hello")
    here, one = browse(alice), talk(alice)
    for verb, fields, now in (
        ("pin", {}, {"pinned": True, "archived": False}),
        ("archive", {}, {"archived": True, "pinned": False}),
        ("unarchive", {}, {"archived": False}),
        ("trash", {}, {"trashed": True, "pinned": False}),
        ("restore", {}, {"trashed": False}),
        ("move", {"folder": None}, {"folder": None}),
    ):
        status, frame = asked(here, verb, conversations=[one.pk], **fields)
        assert (status, frame) == (200, {"type": "shelved", "conversations": [str(one.pk)], "now": now}), verb
        assert tab.next("shelved") == frame
    status, frame = asked(here, "rename", conversation=one.pk, title="Plans")
    assert (status, frame["now"]) == (200, {"title": "Plans"})
    assert tab.next("shelved") == frame
    his.say(type="ping")
    his.next("pong")
    assert "shelved" not in [one["type"] for one in his.frames]


def test_folders_and_tags_by_request(alice: User, browse: Browse) -> None:
    here, one = browse(alice), talk(alice)
    folder = asked(here, "create-folder", name="Work")[1]["now"]["folder"]
    tag = asked(here, "create-tag", name="red")[1]["now"]["tag"]
    assert asked(here, "move", conversations=[one.pk], folder=folder["id"])[0] == 200
    assert asked(here, "tag", conversations=[one.pk], tags=[tag["id"]])[0] == 200
    choices = here.get(f"/shelf/choices?conversation={one.pk}").json()
    assert choices == {"folders": [folder], "tags": [tag], "folder": folder["id"], "tagged": [tag["id"]]}
    assert here.get("/shelf/choices").json() == {"folders": [folder], "tags": [tag]}
    assert "Hello" in here.get(f"/conversations/?folder={folder['id']}").content.decode()
    assert "Hello" in here.get(f"/conversations/?tag={tag['id']}").content.decode()
    assert asked(here, "rename-folder", folder=folder["id"], name="Play")[1]["now"]["folder"]["name"] == "Play"
    status, no = asked(here, "create-tag", name="RED")
    assert (status, no["code"], no["detail"]) == (422, "taken", "You have a tag of this name.")
    assert asked(here, "untag", conversations=[one.pk], tags=[tag["id"]])[0] == 200
    assert asked(here, "delete-tag", tag=tag["id"])[1]["now"] == {"tag": {"id": tag["id"], "name": None}}
    assert asked(here, "delete-folder", folder=folder["id"])[0] == 200
    assert Conversation.objects.get().folder is None


BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "no list": ("trash", {}, "conversations"),
    "an empty list": ("trash", {"conversations": []}, "conversations"),
    "too many": ("trash", {"conversations": [str(uuid4()) for _ in range(501)]}, "500"),
    "no ids": ("trash", {"conversations": ["x"]}, "conversations must be a UUID"),
    "a list of lists": ("pin", {"conversations": [[]]}, "conversations must be a UUID"),
    "a folder by name": ("move", {"conversations": [str(uuid4())], "folder": "Work"}, "folder"),
    "a folder that is true": ("move", {"conversations": [str(uuid4())], "folder": True}, "folder"),
    "no tags": ("tag", {"conversations": [str(uuid4())]}, "tags"),
    "tags by name": ("tag", {"conversations": [str(uuid4())], "tags": ["red"]}, "tags"),
    "no title": ("rename", {"conversation": str(uuid4())}, "title"),
    "a title that is a number": ("rename", {"conversation": str(uuid4()), "title": 7}, "title"),
    "a title like a book": ("rename", {"conversation": str(uuid4()), "title": "x" * 2000}, "1000"),
    "no name": ("create-folder", {}, "name"),
    "no folder": ("rename-folder", {"name": "x"}, "folder"),
    "a huge number": ("delete-tag", {"tag": 2**63}, "tag"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_request_that_cannot_be_is_told_what_was_wrong(alice: User, browse: Browse, *, case: str) -> None:
    verb, fields, named = BAD[case]
    status, error = asked(browse(alice), verb, **fields)
    assert (status, error["code"]) == (400, "malformed")
    assert named in error["detail"]


def test_half_a_character_is_no_json(alice: User, browse: Browse) -> None:
    one = talk(alice)
    body = b'{"conversation": "%s", "title": "x \\ud83d y"}' % str(one.pk).encode()
    answer = browse(alice).post("/conversations/rename/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert Conversation.objects.get().title == "Hello"


def test_five_hundred_at_once_and_not_one_of_anothers(alice: User, bob: User, browse: Browse) -> None:
    rows = [Conversation(owner=alice, client_id=uuid4(), title=f"{n}") for n in range(500)]
    ids = [one.pk for one in Conversation.objects.bulk_create(rows)]
    his = talk(bob)
    here = browse(alice)
    assert asked(here, "trash", conversations=[*ids[1:], his.pk])[0] == 404
    assert not Conversation.objects.filter(trashed_at__isnull=False).exists()
    for verb in ("archive", "trash", "delete"):
        assert asked(here, verb, conversations=ids)[0] == 200
    assert list(Conversation.objects.all()) == [his]


def test_requests_from_other_sites_move_nothing(alice: User, browse: Browse) -> None:
    one = talk(alice)
    forged = browse(alice, csrf=True)
    assert forged.post("/conversations/trash/", {"conversations": [one.pk]}).status_code == 403
    assert Conversation.objects.get().trashed_at is None
    assert forged.get("/conversations/trash/").status_code == 405
    assert browse(alice).post("/shelf/").status_code == 405


def test_the_page_of_what_is_in_the_trash_says_so(alice: User, browse: Browse) -> None:
    one = talk(alice)
    shelf.trash(alice, frozenset({one.pk}))
    page = browse(alice).get(f"/c/{one.pk}/?view=trash").content.decode()
    room = page[page.index("<main") : page.index(">", page.index("<main"))]
    assert "data-trashed" in room
    assert "After 30 days there it is deleted for ever." in page
    assert f'href="/c/{one.pk}/?view=trash"' in page, "its list stays beside it"
    assert "data-trashed" not in browse(alice).get("/?view=trash").content.decode().partition("<main")[2][:200]


@pytest.mark.parametrize("query", ["view=attic", "folder=x", "before=soon", "before=2026-01-01T00:00:00Z&before_id=1"])
def test_a_list_that_cannot_be_is_refused(alice: User, browse: Browse, query: str) -> None:
    answer = browse(alice).get(f"/conversations/?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "text/plain")


def test_lists_of_anothers_folder_are_not_there(alice: User, bob: User, browse: Browse) -> None:
    folder = names.create(alice, Folder, "Work").now["folder"]["id"]
    tag = names.create(alice, Tag, "Purple").now["tag"]["id"]
    for query in (f"folder={folder}", f"tag={tag}"):
        assert browse(alice).get(f"/conversations/?{query}").status_code == 200
        assert browse(bob).get(f"/conversations/?{query}").status_code == 404
    for name in ("Work", "Purple"):
        assert name not in browse(bob).get("/").content.decode() + browse(bob).get("/shelf/choices").content.decode()


# --- While a reply is written -----------------------------------------------------------------------------------------


def test_trashing_stops_the_reply_and_keeps_its_text(
    alice: User, browse: Browse, open_tab: OpenTab, hire: Hire
) -> None:
    tab = open_tab(alice)
    sent = tab.send("@tokens=4000 A long story")
    writing = hire(rate=200).ticket()
    tab.next("text")
    assert asked(browse(alice), "trash", conversations=[sent["conversation"]["id"]])[0] == 200
    assert tab.next("stopped")["reply"] == sent["reply"]
    writing.result(15)
    reply = reply_of(sent["reply"])
    assert (reply.state, bool(reply.text)) == ("stopped", True)
    assert Usage.objects.get(reply=reply.pk).charged == reply.prompt_tokens + reply.completion_tokens


def test_deleting_waits_for_the_reply_to_stop_and_counts_it_once(
    alice: User, browse: Browse, open_tab: OpenTab, hire: Hire
) -> None:
    tab = open_tab(alice)
    sent = tab.send("@tokens=4000 A long story")
    writing = hire(rate=200).ticket()
    tab.next("text")
    conversation = sent["conversation"]["id"]
    Conversation.objects.filter(pk=conversation).update(trashed_at="2026-01-01T00:00:00Z")  # but nobody stopped it
    assert asked(browse(alice), "delete", conversations=[conversation])[0] == 200
    writing.result(15)
    assert not Message.objects.exists()
    row = Usage.objects.get(reply=sent["reply"])
    assert (row.state, row.outcome) == ("settled", "stopped")
    assert row.charged == row.prompt_tokens + row.completion_tokens > 0


def test_a_worker_that_does_not_stop_keeps_it_from_being_deleted(
    alice: User, browse: Browse, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_views, "PATIENCE_S", 0.2)
    sent = say(alice)
    take()
    browser = browse(alice)
    assert asked(browser, "trash", conversations=[sent.conversation.pk])[0] == 200
    status, no = asked(browser, "delete", conversations=[sent.conversation.pk])
    assert (status, no["code"]) == (422, "busy")
    until(lambda: reply_of(sent).stop_requested, what="the request to stop")


def test_what_was_sent_to_the_trash_is_refused_and_comes_back(alice: User, open_tab: OpenTab) -> None:
    one = talk(alice)
    tab = open_tab(alice)
    shelf.trash(alice, frozenset({one.pk}))
    no = tab.send("Still there?", conversation=one.pk)
    assert (no["type"], no["code"]) == ("refused", "trashed")
    assert "trash" in no["detail"]
    shelf.restore(alice, frozenset({one.pk}))
    assert tab.send("Still there?", conversation=one.pk)["type"] == "sent"


def test_news_say_in_which_folder(alice: User, open_tab: OpenTab) -> None:
    one = talk(alice)
    folder = names.create(alice, Folder, "Work").now["folder"]["id"]
    shelf.move(alice, frozenset({one.pk}), folder)
    tab, other = open_tab(alice), open_tab(alice)
    other.next("hello")
    assert tab.send("More", conversation=one.pk)["conversation"]["folder"] == folder
    assert other.next("changed")["folder"] == folder

"""Branches over the socket and beside it: each verb, what other tabs hear, and what strangers get."""

from typing import Any
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from accounts.models import User
from conversations.models import Conversation, Message
from tests.branches.stories import edit, long_one, once_more, stopped, talk, texts
from tests.conversations.browsing import Browse
from tests.conversations.pen import Take
from tests.conversations.talk import say, settle
from tests.screen import Screen
from tests.tabs import OpenTab, Tab
from tests.workers import Hire

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def ask(tab: Tab, kind: str, reply: Any, **more: Any) -> dict[str, Any]:
    """The answer to ``again`` or ``continue``."""
    name = more.pop("client_id", uuid4())
    tab.say(type=kind, client_id=name, reply=reply, **{"format": "text", **more})
    return tab.until(lambda frame: frame.get("client_id") == str(name) or frame["type"] == "error")


def finish(sent: dict[str, Any]) -> None:
    Message.objects.filter(pk=sent["reply"]).update(state="complete", text="An answer.")


def opened(tab: Tab, conversation: Conversation, after: Any = None) -> dict[str, Any]:
    tab.say(type="open", conversation=conversation.pk, after=after, format="text")
    return tab.next("messages")


def test_a_reply_is_asked_for_again_and_followed(alice: User, open_tab: OpenTab, hire: Hire) -> None:
    one, old = talk(alice, "one")
    tab = open_tab(alice)
    sent = ask(tab, "again", old.pk)
    assert (sent["type"], sent["beside"], sent["message"]) == ("sent", str(old.pk), str(one.pk))
    assert "cursor" not in sent
    hire(text="Another answer.").ticket().result(15)
    assert tab.screen(sent["reply"]).text == "Another answer."
    assert texts(one.conversation) == ["one", "Another answer."]


def test_a_reply_goes_on_and_only_what_is_new_is_told(alice: User, open_tab: OpenTab, hire: Hire) -> None:
    old = stopped(alice, "It was ", tokens=2)
    tab = open_tab(alice)
    sent = ask(tab, "continue", old.pk)
    assert sent["cursor"] == [0, 0, 7]
    hire(text="It was once.").ticket().result(15)
    page = tab.screen(sent["reply"], Screen("It was "))
    assert page.text == "It was once." == Message.objects.get(pk=sent["reply"]).text
    assert page.states == []
    assert next(frame["text"] for frame in page.frames if frame["type"] == "text").startswith("once")


def test_a_page_that_loads_a_reply_that_goes_on_is_told_all_of_it(alice: User, open_tab: OpenTab) -> None:
    old = stopped(alice, "*It* was ", tokens=2)
    tab = open_tab(alice)
    sent = ask(tab, "continue", old.pk, format="html")
    other = open_tab(alice)
    other.say(type="open", conversation=old.conversation_id, format="html")
    assert "<em>It</em>" in other.next("messages")["html"]
    text = other.until(lambda frame: frame["type"] == "text")
    assert (text["reply"], text["text"], text["cursor"]) == (sent["reply"], "*It* was ", [0, 0, 9])
    assert other.next("queued")["reply"] == sent["reply"]


def test_a_wish_that_is_repeated_is_answered_as_the_first(alice: User, open_tab: OpenTab) -> None:
    _, old = talk(alice, "one")
    tab, name = open_tab(alice), uuid4()
    first = ask(tab, "again", old.pk, client_id=name)
    assert ask(tab, "again", old.pk, client_id=name) == first
    assert ask(open_tab(alice), "again", old.pk, client_id=name) == first


def test_what_cannot_be_is_refused_in_words(alice: User, open_tab: OpenTab) -> None:
    _, old = talk(alice, "one")
    tab = open_tab(alice, language="zh-hans")
    no = ask(tab, "continue", old.pk)
    assert (no["type"], no["code"]) == ("refused", "cannot_continue")
    assert "没有中断" in no["detail"]
    running = ask(tab, "again", old.pk)
    assert ask(tab, "again", old.pk)["code"] == "busy"
    tab.say(type="erase", message=running["reply"])
    no = tab.next("refused")
    assert (no["code"], no["about"]) == ("busy", "erase")


def test_a_version_is_chosen_and_its_running_reply_followed(alice: User, open_tab: OpenTab, take: Take) -> None:
    one, _, two, old = talk(alice, "one", "two")
    running = once_more(alice, old)
    pen = take()
    pen.say("Running")
    tab = open_tab(alice)
    tab.say(type="choose", conversation=one.conversation_id, message=old.pk, format="text")
    frame = tab.next("branch")
    assert (frame["parent"], frame["above"]) == (str(two.pk), None)
    assert frame["siblings"] == {str(old.pk): [str(old.pk), str(running.reply)]}
    assert "On two" in frame["html"]
    assert "On one" not in frame["html"]
    tab.say(type="choose", message=running.reply, format="text")
    assert str(running.reply) in tab.next("branch")["html"]
    pen.say(" on")
    pen.end()
    assert tab.screen(str(running.reply)).text == "Running on"


def test_other_tabs_stay_on_their_branch_and_learn_of_the_new_one(alice: User, open_tab: OpenTab) -> None:
    one, _, two, old = talk(alice, "one", "two")
    mine, other = open_tab(alice), open_tab(alice)
    opened(other, one.conversation, old.pk)
    sent = mine.send("three", conversation=one.conversation_id, parent=two.parent_id, branch=True)
    assert sent["type"] == "sent"
    other.next("changed")
    news = opened(other, one.conversation, old.pk)
    assert (news["html"], news["whole"]) == ("", False)
    assert news["siblings"] == {str(two.pk): [str(two.pk), sent["message"]]}
    finish(sent)
    more = other.send("two goes on", conversation=one.conversation_id, parent=old.pk)
    assert more["type"] == "sent"
    assert "two goes on" not in opened(mine, one.conversation, sent["reply"])["html"]


def test_who_shows_what_is_gone_is_shown_what_is_there(alice: User, open_tab: OpenTab) -> None:
    one, reply, two, last = talk(alice, "one", "two")
    mine, other = open_tab(alice), open_tab(alice)
    mine.say(type="erase", message=two.pk)
    gone = mine.next("branch")
    assert (gone["html"], gone["parent"]) == ("", str(reply.pk))
    other.next("changed")
    page = opened(other, one.conversation, last.pk)
    assert page["whole"]
    assert all(text in page["html"] for text in ("one", "On one"))
    assert "On two" not in page["html"]
    mine.say(type="erase", message=two.pk)
    assert mine.next("error")["code"] == "not_found"
    mine.say(type="erase", message=one.pk)
    assert (mine.next("branch")["parent"], Message.objects.count()) == (None, 0)
    assert opened(other, one.conversation)["html"] == ""


def test_strangers_find_nothing(alice: User, bob: User, mallory: User, grace: User, open_tab: OpenTab) -> None:
    one, reply = talk(alice, "one")
    for stranger in (bob, mallory, grace):
        tab = open_tab(stranger)
        for kind in ("again", "continue"):
            assert (answer := ask(tab, kind, reply.pk))["code"] == "not_found", answer
        for kind in ("choose", "erase"):
            tab.say(type=kind, message=one.pk)
            error = tab.next("error")
            assert (error["code"], error["about"]) == ("not_found", kind)
    assert Message.objects.count() == 2


def test_the_same_verbs_beside_the_socket(alice: User, bob: User, browse: Browse) -> None:
    old = stopped(alice)
    mine, his = browse(alice), browse(bob)
    wish = {"type": "continue", "client_id": uuid4(), "reply": old.pk}
    assert his.post("/messages/", wish).status_code == 404
    sent = mine.post("/messages/", wish).json()
    assert (sent["type"], sent["beside"], sent["cursor"]) == ("sent", str(old.pk), [0, 0, 11])
    assert mine.post("/messages/", wish).json() == sent
    refused = mine.post("/messages/", {**wish, "type": "again", "client_id": uuid4()})
    assert (refused.status_code, refused.json()["code"]) == (422, "busy")
    refused = mine.post(f"/messages/{old.parent_id}/erase/", {})
    assert (refused.status_code, refused.json()["about"]) == (422, "erase")
    finish(sent)
    turned = mine.post(f"/messages/{old.pk}/choose/", {})
    assert (turned.json()["parent"], turned.json()["unfinished"]) == (str(old.parent_id), [])
    for verb in ("choose", "erase"):
        assert his.post(f"/messages/{old.pk}/{verb}/", {}).status_code == 404
    assert mine.post(f"/messages/{old.pk}/erase/", {}).json()["type"] == "branch"
    assert Message.objects.count() == 2


def test_a_long_conversation_is_shown_from_its_end(alice: User, bob: User, browse: Browse) -> None:
    conversation = long_one(alice, 50)
    ids = list(conversation.messages.order_by("position").values_list("pk", flat=True))
    mine = browse(alice)
    page = mine.get(f"/c/{conversation.pk}/").content.decode()
    assert all(f"Number {n}<" in page for n in range(70, 100))
    assert "Number 69<" not in page
    assert f'data-above="{ids[69]}"' in page
    first = mine.get(f"/c/{conversation.pk}/earlier?before={ids[70]}").content.decode()
    assert all(f"Number {n}<" in first for n in range(40, 70))
    assert first.startswith(f'<section data-above="{ids[39]}">')
    last = mine.get(f"/c/{conversation.pk}/earlier?before={ids[10]}").content.decode()
    assert last.startswith('<section data-above="">')
    assert last.count("<article") == 10
    assert mine.get(f"/c/{conversation.pk}/earlier?before=x").status_code == 400
    assert mine.get(f"/c/{conversation.pk}/earlier?before={uuid4()}").status_code == 404
    assert browse(bob).get(f"/c/{conversation.pk}/earlier?before={ids[70]}").status_code == 404


def test_of_a_long_branch_that_is_chosen_the_end_is_shown(alice: User, open_tab: OpenTab) -> None:
    conversation = long_one(alice, 100)
    root = conversation.messages.get(position=0)
    settle(edit(alice, root, "short"))
    tab = open_tab(alice)
    tab.say(type="choose", message=root.pk)
    frame = tab.next("branch")
    assert frame["parent"] is None
    assert frame["above"] == str(conversation.messages.get(position=169).pk)
    assert frame["html"].count("<article") == 30


def test_from_where_the_model_remembers_is_said_of_the_branch_shown(alice: User, browse: Browse) -> None:
    one, old = talk(alice, "one")
    newest = settle(say(alice, "two", one.conversation))
    Message.objects.filter(pk=newest.pk).update(remembered_from=2, started_at=Now())
    mine = browse(alice)
    line = 'id="forgotten"'
    count = mine.get(f"/c/{one.conversation_id}/").content.decode().count(line)
    settle(once_more(alice, old))
    assert mine.get(f"/c/{one.conversation_id}/").content.decode().count(line) == count - 1

"""What is in the trash stays as it is: no door changes it but those that take it out."""

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from conversations import shelf
from conversations.again import Wish, again
from conversations.branches import choose, erase
from conversations.models import Conversation, Message
from conversations.parameters import Chosen
from conversations.parameters.instructions import set_parameters
from conversations.refusals import Refused
from tests.branches.stories import edit, once_more, talk
from tests.conversations.browsing import Browse
from tests.conversations.talk import say, settle
from tests.tabs import OpenTab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

VERBS: dict[str, Callable[[User, Message], Any]] = {
    "send": lambda user, reply: say(user, "More", reply.conversation),
    "edit": lambda user, reply: edit(user, reply.parent or reply, "Other"),
    "again": once_more,
    "choose": lambda user, reply: choose(user, reply.pk),
    "erase": lambda user, reply: erase(user, reply.pk),
    "set": lambda user, reply: set_parameters(user, reply.conversation_id, Chosen(temperature=0.5)),
}


@pytest.fixture
def reply(alice: User) -> Message:
    """The first of two versions, in the trash."""
    _, first = talk(alice, "one")
    settle(once_more(alice, first))
    shelf.trash(alice, frozenset({first.conversation_id}))
    return first


def everything() -> list[Any]:
    return [*Conversation.objects.order_by("pk").values(), *Message.objects.order_by("pk").values()]


@pytest.mark.parametrize("verb", VERBS)
def test_in_the_trash_nothing_is_changed_and_what_is_restored_may_be(alice: User, reply: Message, *, verb: str) -> None:
    before = everything()
    with pytest.raises(Refused) as no:
        VERBS[verb](alice, reply)
    assert (no.value.code, everything()) == ("trashed", before)
    shelf.restore(alice, frozenset({reply.conversation_id}))
    before = everything()
    VERBS[verb](alice, reply)
    assert everything() != before, "the premise: out of the trash it is changed"


def test_what_was_asked_for_before_is_told_again(alice: User) -> None:
    _, first = talk(alice, "one")
    wish = Wish(first.pk, first.pk)
    settle(sent := again(alice, wish))
    shelf.trash(alice, frozenset({first.conversation_id}))
    assert again(alice, wish).reply == sent.reply


def test_each_door_says_so(alice: User, reply: Message, open_tab: OpenTab, browse: Browse) -> None:
    tab, browser = open_tab(alice, language="zh-hans"), browse(alice)
    for kind in ("choose", "erase"):
        tab.say(type=kind, message=reply.pk)
        no = tab.next("refused")
        assert (no["code"], no["about"], no["detail"]) == ("trashed", kind, "回收站中的对话须先恢复。")
        answer = browser.post(f"/messages/{reply.pk}/{kind}/", {})
        assert (answer.status_code, answer.json()["code"], answer.json()["about"]) == (422, "trashed", kind)
    answer = browser.post(f"/c/{reply.conversation_id}/parameters/", {"temperature": 0.5})
    assert (answer.status_code, answer.json()["code"]) == (422, "trashed")

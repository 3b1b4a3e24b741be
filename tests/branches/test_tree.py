"""The tree of a conversation: its branches, versions, and what is below a message."""

from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from conversations import tree
from conversations.models import Conversation, Message
from conversations.tree import Tree, branch, everything
from tests.branches.stories import edit, long_one, once_more, talk, texts
from tests.conversations.talk import settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model", "no_connections_left")]


def test_what_was_written_last_is_shown_and_the_rest_is_beside_it(alice: User) -> None:
    one, reply, two, _ = talk(alice, "one", "two")
    sent = edit(alice, two, "three")
    settle(sent, text="On three")
    assert texts(one.conversation) == ["one", "On one", "three", "On three"]
    assert texts(one.conversation, two.pk) == ["one", "On one", "two", "On two"]
    shown = branch(one.conversation)
    places = [(message.sibling_index, message.sibling_count) for message in shown]
    assert places == [(1, 1), (1, 1), (2, 2), (1, 1)]
    assert shown[2].sibling_ids == (two.pk, sent.message)
    assert shown[1].sibling_ids == (reply.pk,)


def test_a_branch_begins_at_the_root_too(alice: User) -> None:
    one, *_ = talk(alice, "one", "two")
    sent = edit(alice, one, "another beginning")
    settle(sent, text="Well")
    assert texts(one.conversation) == ["another beginning", "Well"]
    assert branch(one.conversation)[0].sibling_ids == (one.pk, sent.message)


def test_through_a_message_the_newest_below_it_is_shown(alice: User) -> None:
    one, reply, two, old = talk(alice, "one", "two")
    new = once_more(alice, old).reply
    found = Tree(one.conversation_id)
    assert [node.id for node in found.through(two.pk)] == [one.pk, reply.pk, two.pk, new]
    assert [node.id for node in found.through(old.pk)] == [one.pk, reply.pk, two.pk, old.pk]
    assert [node.id for node in found.to(two.pk)] == [one.pk, reply.pk, two.pk]
    assert {node.id for node in found.below(two.pk)} == {two.pk, old.pk, new}
    assert found.forks(found.through(None)) == {new: (old.pk, new)}


def test_what_is_not_of_the_conversation_leads_to_the_newest(alice: User) -> None:
    messages = talk(alice, "one", "two")
    found = Tree(messages[0].conversation_id)
    assert found.through(uuid4())[-1].id == messages[-1].pk
    assert uuid4() not in found
    assert None not in found
    assert found.at(2) == messages[2].pk
    assert found.at(9) is None


def test_an_empty_conversation_has_nothing_to_show(alice: User) -> None:
    empty = Conversation.objects.create(owner=alice, client_id=uuid4(), title="Nothing")
    assert branch(empty) == []
    assert tree.length(None) == tree.characters(None) == 0


def test_all_that_was_ever_said_is_found_in_order(alice: User) -> None:
    one, *_ = talk(alice, "one")
    edit(alice, one, "two")
    assert [message.text for message in everything(one.conversation)] == ["one", "On one", "two", ""]
    assert [message.sibling_index for message in everything(one.conversation)] == [1, 1, 2, 1]


def test_a_branch_is_measured_by_itself(alice: User) -> None:
    one, _, two, old = talk(alice, "one", "two")
    settle(sent := edit(alice, two, "four"), text="four!")
    last = Message.objects.get(pk=sent.reply)
    assert (tree.length(last), tree.characters(last)) == (4, len("oneOn onefourfour!"))
    assert (tree.length(one), tree.characters(one)) == (1, 3)
    assert tree.length(old) == 4


@pytest.mark.parametrize("turns", [2, 400])
def test_a_branch_takes_two_queries_however_long(
    alice: User, turns: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    conversation = long_one(alice, turns)
    with django_assert_num_queries(2):
        shown = branch(conversation)
    assert [message.position for message in shown] == list(range(2 * turns))

"""Sharing: a snapshot of the branch shown, for whom its owner says, until it ends; listed, and taken back."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from accounts.models import User
from audit.models import Entry
from conversations import sharing
from conversations.models import Conversation, Message, Share
from conversations.refusals import Refused
from conversations.sharing import Wish
from limits import restraints
from tests.conversations.talk import say, settle
from tests.limits.stories import policy
from tests.sharing.stories import past, row, shared, talked

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def texts(share: Share) -> list[str]:
    return [one["text"] for one in share.messages]


# --- What is in it ----------------------------------------------------------------------------------------------------


def test_a_share_holds_the_branch_as_it_was(alice: User) -> None:
    sent = talked(alice)
    Message.objects.filter(pk=sent.reply).update(reasoning="Think.", model="scripted")
    share = shared(alice, sent=sent)
    first, second = share.messages
    assert (first["role"], first["text"]) == ("user", "Is marmalade a jam?")
    assert (second["text"], second["model"], second["state"]) == ("A *bitter* one.", "scripted", "complete")
    assert "reasoning" not in second
    assert share.title == sent.conversation.title
    settle(sent, text="Changed since.")
    say(alice, "And more", sent.conversation)
    share.refresh_from_db()
    assert texts(share) == ["Is marmalade a jam?", "A *bitter* one."]


def test_reasoning_is_shared_only_when_it_is_asked_for(alice: User) -> None:
    sent = talked(alice)
    Message.objects.filter(pk=sent.reply).update(reasoning="Think.")
    assert shared(alice, sent=sent, with_reasoning=True).messages[1]["reasoning"] == "Think."


def test_an_unfinished_reply_is_not_in_it(alice: User) -> None:
    sent = talked(alice)
    again = say(alice, "And then?", sent.conversation)
    for state in ("queued", "writing"):
        Message.objects.filter(pk=again.reply).update(state=state, text="half a")
        assert texts(shared(alice, sent=sent))[-1] == "And then?"


@pytest.mark.parametrize("state", ["stopped", "cut", "blocked", "failed"])
def test_a_reply_that_ended_otherwise_says_so(alice: User, state: str) -> None:
    sent = say(alice)
    settle(sent, state, "So far")
    assert shared(alice, sent=sent).messages[1] | {"at": ""} == {
        "role": "assistant",
        "text": "So far",
        "at": "",
        "model": "scripted",
        "state": state,
        "problem": "",
    }


def test_the_branch_on_the_page_is_shared_and_no_other(alice: User) -> None:
    sent = talked(alice)
    talk, reply = sent.conversation, sent.reply
    other = row(talk, 2, sent.message, text="The other answer")
    below = row(talk, 3, reply, role="user", text="Written in another tab")
    Conversation.objects.filter(pk=talk.pk).update(tip=below.pk)
    assert texts(shared(alice, sent=sent, tip=other.pk))[-1] == "The other answer"
    assert texts(shared(alice, sent=sent, tip=reply))[-1] == "A *bitter* one."
    assert texts(shared(alice, sent=sent))[-1] == "Written in another tab"


def test_a_branch_that_is_gone_is_not_replaced_by_another(alice: User) -> None:
    with pytest.raises(Refused, match="stale"):
        shared(alice, tip=uuid4())


def test_a_conversation_without_a_message_has_nothing_to_share(alice: User) -> None:
    empty = Conversation.objects.create(owner=alice, client_id=uuid4(), title="x")
    with pytest.raises(Refused, match="nothing_to_share"):
        sharing.share(alice, empty.pk, Wish(None))


def test_too_much_is_not_shared_at_once(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_CHARACTERS", 30)
    with pytest.raises(Refused, match="too_long") as refused:
        shared(alice)
    assert refused.value.allowed == 30


# --- Who may, and for whom --------------------------------------------------------------------------------------------


def test_only_ones_own_conversation_is_shared(alice: User, bob: User, mallory: User) -> None:
    sent = talked(alice)
    shared(alice, bob, sent=sent)
    for other in (bob, mallory):
        with pytest.raises(Conversation.DoesNotExist):
            shared(other, sent=sent)


def test_what_is_in_the_trash_is_not_shared(alice: User) -> None:
    sent = talked(alice)
    Conversation.objects.update(trashed_at=timezone.now())
    with pytest.raises(Conversation.DoesNotExist):
        shared(alice, sent=sent)


def test_a_policy_may_forbid_it(alice: User, grace: User) -> None:
    sent = talked(alice)
    held = policy(alice, may_share=False)
    with pytest.raises(Refused, match="may_not_share") as refused:
        shared(alice, sent=sent)
    assert "administrator" in str(refused.value.detail)
    held.delete()
    restraints.slow(alice, None, "", grace)
    shared(alice, sent=sent)
    restraints.suspend(alice, None, "", grace)
    with pytest.raises(Refused, match="suspended"):
        shared(alice, sent=sent)


def test_people_are_found_by_name_or_address_whatever_the_case(alice: User, bob: User, mallory: User) -> None:
    found = sharing.people_named(alice, [" BOB ", "mallory@EXAMPLE.org", "bob@example.org"])
    assert found == [bob, mallory]


def test_who_is_not_there_is_named(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    for names in (["bob"], ["alice"], ["nobody", "bob@example.org"]):
        with pytest.raises(Refused, match="unknown_people") as refused:
            sharing.people_named(alice, names)
        assert refused.value.more["unknown"] == names
        assert names[0] in str(refused.value.detail)


def test_a_name_that_is_anothers_address_is_nobodys(alice: User, bob: User) -> None:
    User.objects.create_user("bob@example.org", "m@example.org", "x")
    with pytest.raises(Refused, match="unknown_people"):
        sharing.people_named(alice, ["bob@example.org"])


@pytest.mark.parametrize("names", [[], ["  "], [f"p{number}" for number in range(51)]])
def test_some_people_must_be_chosen_and_not_too_many(alice: User, names: list[str]) -> None:
    with pytest.raises(Refused, match="people") as refused:
        sharing.people_named(alice, names)
    assert refused.value.allowed == sharing.MOST_PEOPLE


def test_colleagues_are_suggested_by_the_beginning_of_any_name(alice: User) -> None:
    def person(name: str, first: str = "", last: str = "", **more: bool) -> User:
        return User.objects.create_user(name, f"{name}@x.org", "x", first_name=first, last_name=last, **more)

    zoe, lei = person("zoe", "Zoë", "Miller"), person("l33", "雷", "李")
    person("zoey", is_active=False)
    for beginning, found in {
        "ZO": [zoe],
        "zoë mi": [zoe],
        "mill": [zoe],
        "李雷": [lei],
        "oe": [],
        "%": [],
        "al": [],
    }.items():
        assert sharing.colleagues(alice, beginning) == found, beginning
    for number in range(sharing.SUGGESTED + 3):
        person(f"crowd{number:02}")
    assert len(sharing.colleagues(alice, "crowd")) == sharing.SUGGESTED


def test_a_person_has_so_many_open_shares_and_no_more(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_OPEN", 2)
    sent = talked(alice)
    first = shared(alice, sent=sent)
    past(shared(alice, sent=sent))
    shared(alice, sent=sent)
    with pytest.raises(Refused, match="too_many_shares"):
        shared(alice, sent=sent)
    sharing.revoke(alice, first.pk)
    shared(alice, sent=sent)


# --- Its end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 7, 30, None])
def test_it_lasts_as_long_as_was_said(alice: User, days: int | None) -> None:
    share = shared(alice, days=days)
    if days is None:
        assert share.expires_at is None
        return
    assert share.expires_at
    assert abs(share.expires_at - timezone.now() - timedelta(days=days)) < timedelta(minutes=1)


def test_revoking_takes_the_text_away_for_good(alice: User, bob: User) -> None:
    share = shared(alice)
    with pytest.raises(Share.DoesNotExist):
        sharing.revoke(bob, share.pk)
    for _ in range(2):
        sharing.revoke(alice, share.pk)
    share.refresh_from_db()
    assert share.is_over
    assert share.messages == []
    assert [one.pk for one in sharing.of(alice)] == [share.pk]
    assert list(sharing.of(bob)) == []


def test_what_was_done_is_in_the_audit_log_without_a_word_of_it(alice: User, bob: User) -> None:
    sharing.revoke(alice, shared(alice, bob, days=7).pk)
    made, ended = Entry.objects.filter(action__startswith="share.").order_by("pk")
    assert (made.action, made.actor_name, made.subject_kind) == ("share.created", "alice", "conversations.Share")
    assert (made.details["audience"], made.details["people"]) == ("people", ["bob"])
    assert made.details["expires"]
    assert (ended.action, ended.actor_name, ended.details["owner"]) == ("share.revoked", "alice", "alice")
    everything = str(list(Entry.objects.values()))
    assert "marmalade" not in everything
    assert Share.objects.get().token not in everything


def test_deleting_the_conversation_or_its_owner_deletes_its_shares(alice: User, bob: User) -> None:
    sent = talked(alice)
    shared(alice, sent=sent)
    sent.conversation.delete()
    assert not Share.objects.exists()
    shared(bob)
    bob.delete()
    assert not Share.objects.exists()


def test_shares_that_were_over_a_month_ago_are_forgotten(alice: User) -> None:
    open_one, revoked, expired = shared(alice), shared(alice), shared(alice, days=1)
    sharing.revoke(alice, revoked.pk)
    past(expired)
    assert sharing.forget() == 0
    long_ago = timezone.now() - sharing.KEPT_AFTER - timedelta(hours=1)
    Share.objects.filter(pk=revoked.pk).update(revoked_at=long_ago)
    Share.objects.filter(pk=expired.pk).update(expires_at=long_ago)
    sharing.forget()
    assert list(Share.objects.all()) == [open_one]

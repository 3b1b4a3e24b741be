"""Under a legal hold nothing of a person's is deleted, by anybody; what they delete is gone for them only."""

from uuid import uuid4

import pytest
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit import holds
from audit.models import Entry, Hold, Receipt, Withheld
from conversations import branches, nominating, sharing, shelf
from conversations.api import purge
from conversations.library import kept
from conversations.models import Conversation, Edit, IndexEntry, Message, Nomination, Preset, SavedPrompt, Share
from conversations.shelf import emptying
from exports.reading import records
from retention import erasing, sweeping
from tests.retention.stories import talk

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held(alice: User, grace: User) -> User:
    holds.put_on(alice, "A court asked for it", grace)
    return alice


def test_what_they_delete_is_gone_for_them_and_kept(held: User) -> None:
    one = talk(held, trashed_at=timezone.now())
    shelf.delete(held, frozenset({one.pk}))
    assert not Conversation.objects.visible_to(held).exists()
    assert not Message.objects.visible_to(held).exists()
    assert not IndexEntry.objects.visible_to(held).exists()
    assert not Share.objects.visible_to(held).exists()
    assert Message.objects.filter(conversation=one).count() == 2
    assert not Receipt.objects.exists()
    with pytest.raises(Conversation.DoesNotExist):
        shelf.restore(held, frozenset({one.pk}))


def test_messages_they_erase_are_kept_apart(held: User) -> None:
    one = talk(held)
    reply = Message.objects.get(conversation=one, role="assistant")
    branches.erase(held, reply.pk)
    assert [row.role for row in Message.objects.visible_to(held)] == ["user"]
    assert Conversation.objects.get(pk=one.pk).length == 1
    reply.refresh_from_db()
    assert reply.text == "Very."
    assert reply.conversation.owner == held
    assert reply.conversation.gone_at
    assert not IndexEntry.objects.filter(message=reply).exists()


def test_prompts_and_snapshots_are_kept_too(held: User) -> None:
    talk(held)
    share = Share.objects.get()
    sharing.revoke(held, share.pk)
    share.refresh_from_db()
    assert share.messages
    assert not Share.objects.open().exists()
    prompt = SavedPrompt.objects.create(owner=held, name="Brief", text="Be brief")
    kept.delete(prompt, held)
    assert not SavedPrompt.objects.exists()
    assert Withheld.objects.get().fields["text"] == "Be brief"


@pytest.mark.parametrize("kind", [SavedPrompt, Preset])
def test_what_they_made_for_the_team_is_kept_when_an_administrator_deletes_it(
    held: User, grace: User, client: Client, kind: type[SavedPrompt | Preset]
) -> None:
    words = "text" if kind is SavedPrompt else "instructions"
    rows = [kind.objects.create(owner=held, name=name, is_team=True, **{words: name}) for name in ("One", "Two")]
    theirs = kind.objects.create(owner=grace, name="Three", is_team=True, **{words: "Three"})
    page = f"/admin/conversations/{kind._meta.model_name}/"
    client.force_login(grace)
    assert client.post(f"{page}{rows[0].pk}/delete/", {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [rows[1].pk, theirs.pk], "post": "yes"}
    assert client.post(page, chosen).status_code == 302
    assert not kind.objects.exists()
    assert [row.fields[words] for row in Withheld.objects.filter(user=held).order_by("pk")] == ["One", "Two"]
    assert Withheld.objects.count() == 2
    assert Entry.objects.filter(action=f"{kind._meta.model_name}.deleted", actor_name="grace").count() == 3


def test_what_reviewers_made_of_their_replies_is_kept_too(held: User, grace: User) -> None:
    reply = Message.objects.get(conversation=talk(held), role="assistant")
    marked = Nomination.objects.create(reply=reply)
    Edit.objects.create(nomination=marked, number=1, text="Very old indeed.", by=grace)
    nominating.withdraw(held, reply.pk)
    assert not Nomination.objects.exists()
    assert [row.kind for row in Withheld.objects.order_by("pk")] == ["conversations.Nomination", "conversations.Edit"]
    assert Withheld.objects.latest("pk").fields["text"] == "Very old indeed."


def test_they_still_export_what_is_theirs(held: User) -> None:
    one, gone = talk(held, text="Mine"), talk(held, text="Deleted", trashed_at=timezone.now())
    shelf.delete(held, frozenset({gone.pk}))
    assert [record.id for record in records(held, Conversation.objects.all())] == [one.pk]


def test_neither_age_nor_an_administrator_deletes(held: User, grace: User) -> None:
    talk(held, days=99, trashed_at=True)
    call = Conversation.objects.create(owner=held, client_id=uuid4(), kind="api")
    Message.objects.create(conversation=call, position=0, role="user", text="Hi")
    Conversation.objects.update(updated_at="2020-01-01T00:00Z")
    assert emptying.empty() == 0
    assert not purge.purge(call.pk, held.pk)
    assert purge.purge_old() == 0
    with pytest.raises(erasing.Stays, match="legal hold"):
        erasing.erase(held, by=grace)
    with pytest.raises(ProtectedError):
        held.delete()
    client = Client()
    client.force_login(grace)
    assert client.post(f"/admin/accounts/user/{held.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Conversation.objects.count() == 2
    assert User.objects.get(pk=held.pk).is_active


def test_once_it_is_lifted_what_they_deleted_goes(held: User, grace: User) -> None:
    one = talk(held, trashed_at=timezone.now())
    shelf.delete(held, frozenset({one.pk}))
    assert sweeping.sweep() == 0
    assert holds.lift(held, grace) == 1
    assert sweeping.sweep() == 1
    assert not Message.objects.exists()
    assert Receipt.objects.get().counts["message"] == 2


def test_who_may_puts_it_on_and_lifts_it_and_all_is_on_record(alice: User, bob: User, grace: User) -> None:
    client = Client()
    client.force_login(grace)
    address = f"/admin/accounts/user/{alice.pk}/hold/"
    assert client.post(address, {"reason": ""}).status_code == 200
    assert not holds.on(alice.pk)
    client.post(address, {"reason": "A court asked for it"})
    client.post(address, {"reason": "Again"})
    assert Hold.objects.get().reason == "A court asked for it"
    assert "legal hold since" in client.get(f"/admin/accounts/user/{alice.pk}/overview/").content.decode()
    assert "A court asked for it" in client.get("/admin/audit/hold/").content.decode()
    bob.is_staff = True
    bob.save()
    other = Client()
    other.force_login(bob)
    assert other.post(f"{address}lift/").status_code == 403
    client.post(f"{address}lift/")
    assert not holds.on(alice.pk)
    told = Entry.objects.filter(action__startswith="hold.").order_by("pk")
    assert [entry.action for entry in told] == ["hold.set", "hold.lifted"]
    assert told[0].details["reason"] == "A court asked for it"

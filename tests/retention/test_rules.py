"""What is due by rules: the one that protects most, never of a person under a hold, and seen before it is done."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit import holds
from audit.models import Entry, Receipt
from console import roles
from conversations.models import Conversation, Draft, IndexEntry, Message, Share
from moderation.models import Incident
from retention import sweeping
from retention.due import preview
from retention.models import Rule
from tests.retention.stories import left, rule, talk

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_old_goes_with_all_that_hangs_on_it(alice: User, bob: User) -> None:
    old = talk(alice, days=31)
    young = talk(alice, days=29)
    talk(bob, days=31, archived_at=True)  # another state
    gone = {str(pk) for pk in Message.objects.filter(conversation=old).values_list("pk", flat=True)}
    rule("chat", 30)
    assert sweeping.sweep() == 1
    assert set(Conversation.objects.filter(owner=alice)) == {young}
    for model in (Message, Draft, Share, IndexEntry):
        assert not model._default_manager.filter(conversation=old.pk).exists(), model
    receipt = Receipt.objects.get()
    assert receipt.counts == {"conversation": 1, "draft": 1, "indexentry": 3, "message": 2, "share": 1}
    assert (receipt.why, receipt.whose, len(receipt.digest)) == ("rule", alice.pk, 64)
    told = Entry.objects.get(action="data.deleted")
    assert told.details["sha256"] == receipt.digest
    assert not any(pk in str(told.details) for pk in gone)


def test_each_state_has_its_own_age(alice: User) -> None:
    kept = [talk(alice, days=10), talk(alice, days=4, archived_at=True), talk(alice, days=2, trashed_at=True)]
    pinned = talk(alice, days=99, pinned_at=timezone.now())
    for days in (11, 5, 3):
        talk(alice, days=days, archived_at=days == 5 or None, trashed_at=days == 3 or None)
    for what, days in (("chat", 10), ("archived", 4), ("trash", 2)):
        Rule.objects.create(what=what, days=days, is_on=True)
    Conversation.objects.filter(pk__in=[one.pk for one in kept]).update(updated_at=timezone.now())
    Conversation.objects.filter(pk=kept[1].pk).update(archived_at=timezone.now())
    Conversation.objects.filter(pk=kept[2].pk).update(trashed_at=timezone.now())
    assert sweeping.sweep() == 3
    assert set(Conversation.objects.all()) == {*kept, pinned}


def test_of_several_groups_the_one_that_keeps_longest_counts(alice: User, bob: User, mallory: User) -> None:
    short, long, always = (Group.objects.create(name=name) for name in ("short", "long", "always"))
    alice.groups.add(short)
    bob.groups.add(short, long)
    mallory.groups.add(short, always)
    for person in (alice, bob, mallory):
        talk(person, days=20)
    rule("chat", 10, group=short)
    rule("chat", 30, group=long)
    rule("chat", None, group=always)
    rule("chat", 1)  # for everyone: it does not come to people of these groups
    sweeping.sweep()
    assert left() == {"bob", "mallory"}


def test_ones_own_rule_goes_before_those_of_groups(alice: User, bob: User) -> None:
    team = Group.objects.create(name="team")
    for person in (alice, bob):
        person.groups.add(team)
        talk(person, days=20)
    rule("chat", 30, group=team)
    rule("chat", 10, user=alice)
    sweeping.sweep()
    assert left() == {"bob"}


def test_a_rule_that_is_off_deletes_nothing_and_says_what_it_would(alice: User, bob: User, grace: User) -> None:
    talk(alice, days=40)
    talk(alice, days=40)
    talk(bob, days=40)
    holds.put_on(bob, "Asked for", grace)
    off = rule("chat", 30, on=False)
    assert sweeping.sweep() == 0
    seen = preview(off)
    assert (seen.rows, seen.messages, seen.people, seen.held) == (2, 4, 1, 1)
    Rule.objects.update(is_on=True)
    assert sweeping.sweep() == seen.rows
    assert left() == {"bob"}


def test_it_goes_in_small_batches_the_oldest_first(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    youngest = talk(alice, days=31)
    for days in (40, 50):
        talk(alice, days=days)
    rule("chat", 30)
    assert sweeping.sweep() == 2
    assert Conversation.objects.get() == youngest
    assert sweeping.sweep() == 1


def test_nothing_goes_in_which_a_reply_is_written(alice: User) -> None:
    busy = talk(alice, days=31)
    Message.objects.filter(conversation=busy, role="assistant").update(state="writing")
    rule("chat", 30)
    assert sweeping.sweep() == 0


def test_snapshots_and_decided_incidents_go_by_their_age(alice: User) -> None:
    talk(alice, days=31)
    now = timezone.now()
    told = {"where": "prompt", "user": alice, "excerpt": "a …"}
    decided = {"state": "confirmed", "decided_at": now - timedelta(days=31)}
    Incident.objects.create(message="0" * 32, **told, **decided)
    waiting = Incident.objects.create(message="1" * 32, at=now - timedelta(days=99), **told)
    rule("share", 30)
    rule("incident", 30)
    assert sweeping.sweep() == 2
    assert not Share.objects.exists()
    assert Incident.objects.get() == waiting
    assert Conversation.objects.exists()


def test_one_rule_for_the_same_of_the_same(alice: User) -> None:
    team = Group.objects.create(name="team")
    rule("chat", 30)
    with pytest.raises(ValidationError, match="already"):
        Rule(what="chat", days=3).full_clean()
    with pytest.raises(ValidationError, match="for a person, for a group"):
        Rule(what="chat", days=3, user=alice, group=team).full_clean()
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        Rule(what="trash", days=0).full_clean()


def test_the_console_shows_what_it_would_delete_before_it_is_switched_on(grace: User, alice: User) -> None:
    talk(alice, days=40)
    client = Client()
    client.force_login(grace)
    made = client.post("/admin/retention/rule/add/", {"what": "chat", "days": "30"})
    new = Rule.objects.get()
    assert not new.is_on
    assert made.headers["Location"] == f"/admin/retention/rule/{new.pk}/switch/"
    page = client.get(made.headers["Location"]).content.decode()
    assert "Messages in them</th><td>2<" in page
    client.post(made.headers["Location"], {"on": "yes"})
    assert Rule.objects.get().is_on
    client.post(f"/admin/retention/rule/{new.pk}/change/", {"what": "chat", "days": "3"})
    assert not Rule.objects.get().is_on  # what it deletes now, nobody has seen
    actions = Entry.objects.filter(action__startswith="retention_rule").values_list("action", flat=True)
    assert [*actions][::-1] == [f"retention_rule.{one}" for one in ("created", "switched_on", "changed")]


@pytest.mark.parametrize(
    ("is_on", "says", "not_that"), [(False, "Switch on", "Switch off"), (True, "Switch off", "Switch on")]
)
def test_the_page_to_change_a_rule_leads_to_the_switch(grace: User, is_on: bool, says: str, not_that: str) -> None:
    one = Rule.objects.create(what="chat", days=30, is_on=is_on)
    client = Client()
    client.force_login(grace)
    page = client.get(f"/admin/retention/rule/{one.pk}/change/").content.decode()
    assert f'<a href="/admin/retention/rule/{one.pk}/switch/">{says}</a>' in page
    assert not_that not in page


def test_who_may_only_look_at_rules_is_shown_no_switch(bob: User) -> None:
    roles.give(bob, roles.Role.AUDITOR, by=None)
    one = Rule.objects.create(what="chat", days=30)
    client = Client()
    client.force_login(bob)
    page = client.get(f"/admin/retention/rule/{one.pk}/change/")
    assert page.status_code == 200
    assert "/switch/" not in page.content.decode()

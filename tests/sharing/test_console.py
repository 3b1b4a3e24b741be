"""Administrators see what is shared with whom, without a word of it, and can take it back."""

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Entry
from console import roles
from console.roles import Role
from console.shares import MOST_NAMED
from conversations import sharing
from conversations.models import Share
from tests.sharing.stories import SECRET, past, shared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]

LIST = "/admin/conversations/share/"


def of_role(client: Client, role: Role) -> Client:
    person = User.objects.create_user(f"the-{role}", f"{role}@example.org", "x")
    roles.give(person, role, by=None)
    client.force_login(User.objects.get(pk=person.pk))
    return client


def revoke(client: Client, *shares: Share) -> int:
    said = {"action": "revoke", "_selected_action": [share.pk for share in shares]}
    return int(client.post(LIST, said).status_code)


def test_the_list_says_who_shares_with_whom_and_not_what(client: Client, alice: User, bob: User) -> None:
    for_bob, for_all = shared(alice, bob, days=7), shared(alice)
    page = of_role(client, Role.ADMIN).get(LIST).content.decode()
    assert "alice" in page
    assert ">bob<" in page
    assert "everyone who signs in" in page
    details = client.get(f"{LIST}{for_bob.pk}/change/").content.decode()
    for share in (for_bob, for_all):
        assert share.token not in page + details
    assert SECRET not in (page + details).lower()
    assert "bitter" not in page + details


def test_many_people_are_counted_not_listed(client: Client, alice: User, grace: User) -> None:
    crowd = [
        User.objects.create_user(f"p{number}", f"p{number}@x.org", "x") for number in reversed(range(MOST_NAMED + 2))
    ]
    shared(alice, *crowd)
    client.force_login(grace)
    assert "p0, p1, p2, p3, p4 +2" in client.get(LIST).content.decode()


def test_it_is_filtered_and_searched(client: Client, alice: User, bob: User, grace: User) -> None:
    open_one, expired, revoked = shared(alice), past(shared(alice)), shared(bob)
    sharing.revoke(bob, revoked.pk)
    client.force_login(grace)

    def found(query: str) -> set[int]:
        return {row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list}

    assert found("state=open") == {open_one.pk}
    assert found("state=expired") == {expired.pk}
    assert found("state=revoked") == {revoked.pk}
    assert found("q=BOB") == {revoked.pk}
    assert found("q=alice@example.org") == {open_one.pk, expired.pk}
    assert found("q=nobody") == set()
    assert found("audience__exact=people") == set()


def test_an_administrator_revokes_and_it_is_on_record(client: Client, alice: User, bob: User) -> None:
    shares = [shared(alice, bob), shared(bob)]
    assert revoke(of_role(client, Role.ADMIN), *shares) == 302
    assert revoke(client, *shares) == 302
    assert all(share.is_over and share.messages == [] for share in Share.objects.all())
    ended = Entry.objects.filter(action="share.revoked").order_by("pk")
    told = {(one.actor_name, one.details["owner"], one.subject_kind) for one in ended}
    assert told == {("the-admin", "alice", "conversations.Share"), ("the-admin", "bob", "conversations.Share")}
    assert len(ended) == 2


@pytest.mark.parametrize(("role", "sees"), [(Role.MODERATOR, False), (Role.AUDITOR, True)])
def test_others_change_nothing(client: Client, alice: User, role: Role, sees: bool) -> None:
    share = shared(alice)
    page = of_role(client, role).get(LIST)
    assert page.status_code == (200 if sees else 403)
    assert 'value="revoke"' not in page.content.decode()
    revoke(client, share)
    share.refresh_from_db()
    assert not share.is_over


def test_nobody_makes_changes_or_deletes_one_there(client: Client, alice: User, grace: User) -> None:
    share = shared(alice)
    client.force_login(grace)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{share.pk}/change/", {"audience": "team"}).status_code == 403
    assert client.post(f"{LIST}{share.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Share.objects.filter(pk=share.pk).exists()

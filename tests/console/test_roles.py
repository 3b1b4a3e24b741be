"""Roles: what each may do, who may give which, and that nobody rises by the side door."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import Entry
from console import roles
from console.roles import GROUPS, TABLE, Role

pytestmark = pytest.mark.django_db
People = dict[str, User]
NEW_PASSWORD = {"usable_password": "true"} | dict.fromkeys(("password1", "password2"), "a long and 4ncommon one")


@pytest.fixture
def people(db: None) -> People:
    """One of each role, and Alice who has none."""
    found = {"alice": User.objects.create_user("alice", "alice@example.org", "x")}
    for role in Role:
        person = User.objects.create_user(f"the-{role}", f"{role}@example.org", "x")
        roles.give(person, role, by=None)
        found[role.value] = User.objects.get(pk=person.pk)
    return found


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(person: User) -> str:
    return f"/admin/accounts/user/{person.pk}/change/"


def form(person: User, **more: Any) -> dict[str, Any]:
    role = roles.role_of(person)
    said = {"username": person.username, "email": person.email, "is_active": "on", "role": role.value if role else ""}
    return {name: value for name, value in {**said, **more}.items() if value is not None}


def again(person: User) -> User:
    return User.objects.get(pk=person.pk)


# --- The table --------------------------------------------------------------------------------------------------------


def test_each_name_in_the_table_is_of_a_permission() -> None:
    there = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }
    assert roles.permissions_of(Role.OWNER) <= there


def test_each_model_on_the_admins_pages_is_in_the_table() -> None:
    assert {model._meta.label_lower for model in admin.site._registry} <= TABLE.keys()


def test_each_model_in_the_table_exists() -> None:
    assert TABLE.keys() <= {model._meta.label_lower for model in apps.get_models()}


def test_a_moderator_has_rules_and_incidents_and_no_policies(people: People) -> None:
    may = people["moderator"].get_all_permissions()
    assert {"moderation.change_rule", "moderation.add_rule", "moderation.change_incident"} <= may
    assert {name.partition(".")[0] for name in may} == {"moderation"}


def test_a_reviewer_reviews_and_sees_nothing_else(people: People) -> None:
    assert people["reviewer"].get_all_permissions() == {"conversations.review_nomination"}
    assert "conversations.review_nomination" in people["admin"].get_all_permissions()


def test_an_auditor_sees_all_and_changes_nothing(people: People) -> None:
    may = people["auditor"].get_all_permissions()
    assert {"audit.view_entry", "limits.view_usage", "limits.view_policy", "moderation.view_incident"} <= may
    assert {name for name in may if ".view_" not in name} == set()
    assert {f"{name.replace('.', '.view_')}" for name in TABLE} == may


def test_an_admin_has_the_tables_rights_and_the_log_stays_out_of_reach(people: People) -> None:
    may = people["admin"].get_all_permissions()
    assert {"limits.change_policy", "accounts.delete_user", "audit.read_conversation"} <= may
    of_audit = {"view_entry", "read_conversation", "view_hold", "add_hold", "change_hold", "view_receipt"}
    assert {name for name in may if name.startswith("audit.")} == {f"audit.{name}" for name in of_audit}
    assert not {"conversations.change_message", "conversations.delete_conversation"} & may


def test_an_owner_may_everything_and_who_has_no_role_nothing(people: People) -> None:
    assert people["owner"].get_all_permissions() >= roles.permissions_of(Role.OWNER)
    assert people["alice"].get_all_permissions() == set()


def test_a_role_means_the_staff(people: People) -> None:
    assert {name: person.is_staff for name, person in people.items()} == {
        "alice": False, "owner": True, "admin": True, "moderator": True, "auditor": True, "reviewer": True,
    }  # fmt: skip
    assert [roles.role_of(people[role.value]) for role in Role] == list(Role)
    assert roles.role_of(people["alice"]) is None


def test_who_is_switched_off_has_no_role_to_use(people: People) -> None:
    admin_ = people["admin"]
    assert roles.administers(admin_)
    admin_.is_active = False
    assert not roles.administers(admin_)
    assert not roles.administers(people["auditor"])
    assert not roles.administers(people["moderator"])


def test_of_two_roles_given_by_hand_the_greater_counts(people: People) -> None:
    people["auditor"].groups.add(Group.objects.get(name=GROUPS[Role.MODERATOR]))
    assert roles.role_of(people["auditor"]) is Role.MODERATOR


def test_roles_are_named_in_the_readers_language() -> None:
    with translation.override("en"):
        assert [str(role.label) for role in Role] == ["owner", "administrator", "moderator", "auditor", "reviewer"]


# --- After migrate ----------------------------------------------------------------------------------------------------


def test_migrate_puts_role_groups_right_and_leaves_others_alone(people: People) -> None:
    moderators, mine = Group.objects.get(name=GROUPS[Role.MODERATOR]), Group.objects.create(name="moderator")
    some = Permission.objects.get(codename="change_policy")
    moderators.permissions.set([some])
    mine.permissions.set([some])
    people["auditor"].user_permissions.add(some)
    call_command("migrate", verbosity=0)
    assert not moderators.permissions.filter(pk=some.pk).exists()
    assert moderators.permissions.filter(codename="change_rule").exists()
    assert list(mine.permissions.all()) == [some]
    assert again(people["auditor"]).has_perm("limits.change_policy")
    assert roles.role_of(people["moderator"]) is Role.MODERATOR


def test_it_does_little_when_all_is_right(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    config = apps.get_app_config("console")
    with django_assert_max_num_queries(1 + 2 * len(GROUPS)):
        roles.make_groups(config, "default")


# --- Giving and taking ------------------------------------------------------------------------------------------------


def test_a_role_is_one_only_and_none_leaves_the_staff(people: People) -> None:
    alice = people["alice"]
    for role in (Role.AUDITOR, Role.OWNER, Role.MODERATOR, None):
        roles.give(alice, role, by=people["owner"])
        assert roles.role_of(again(alice)) is role
        assert (again(alice).is_staff, again(alice).is_superuser) == (role is not None, role is Role.OWNER)
    last = Entry.objects.latest("pk")
    assert (last.action, last.actor_name, last.subject_name) == ("person.role_changed", "the-owner", "alice")
    assert last.details == {"old": "moderator", "new": ""}


def test_other_groups_stay_when_a_role_goes(people: People) -> None:
    team = Group.objects.create(name="team")
    people["auditor"].groups.add(team)
    roles.give(people["auditor"], Role.MODERATOR, by=None)
    assert set(people["auditor"].groups.all()) == {team, Group.objects.get(name=GROUPS[Role.MODERATOR])}


@pytest.mark.parametrize("editor", ["owner", "admin"])
@pytest.mark.parametrize("role", ["admin", "moderator", "auditor"])
def test_owners_and_admins_give_and_take_roles_on_the_persons_page(people: People, editor: str, role: str) -> None:
    client, alice = signed_in(people[editor]), people["alice"]
    assert client.post(page(alice), form(alice, role=role)).status_code == 302
    assert roles.role_of(again(alice)) is Role(role)
    assert client.post(page(alice), form(alice, role="")).status_code == 302
    assert roles.role_of(again(alice)) is None
    changed = Entry.objects.filter(action="person.role_changed", actor_id=people[editor].pk).order_by("pk")
    assert [one.details for one in changed] == [{"old": "", "new": role}, {"old": role, "new": ""}]


def test_only_an_owner_makes_an_owner(people: People) -> None:
    alice = people["alice"]
    refused = signed_in(people["admin"]).post(page(alice), form(alice, role="owner", is_superuser="on"))
    assert "role" in refused.context["adminform"].form.errors
    assert not again(alice).is_superuser
    assert signed_in(people["owner"]).post(page(alice), form(alice, role="owner")).status_code == 302
    assert again(alice).is_superuser


def test_an_admin_rises_by_no_field_of_the_page(people: People) -> None:
    admin_, own = people["admin"], Permission.objects.get(codename="delete_incident")
    assert not admin_.has_perm("moderation.delete_incident")
    more = {"is_superuser": "on", "is_staff": "on", "user_permissions": [own.pk]}
    client = signed_in(admin_)
    assert client.post(page(admin_), form(admin_, **more)).status_code == 302
    assert client.post(page(people["alice"]), form(people["alice"], **more)).status_code == 302
    for person in (admin_, people["alice"]):
        assert not again(person).is_superuser
        assert not again(person).has_perm("moderation.delete_incident")
    assert not again(people["alice"]).is_staff


def test_a_role_is_not_taken_by_the_list_of_groups(people: People) -> None:
    """The groups that stand for roles are not offered there, and saving the others keeps them."""
    team, auditor = Group.objects.create(name="team"), people["auditor"]
    client = signed_in(people["owner"])
    assert "role:auditor" not in client.get(page(auditor)).content.decode()
    assert client.post(page(auditor), form(auditor, groups=[team.pk], is_staff="on")).status_code == 302
    assert roles.role_of(again(auditor)) is Role.AUDITOR
    assert auditor.groups.filter(pk=team.pk).exists()
    role_group = Group.objects.get(name=GROUPS[Role.ADMIN])
    refused = client.post(page(auditor), form(auditor, groups=[role_group.pk], is_staff="on"))
    assert refused.status_code == 200
    assert roles.role_of(again(auditor)) is Role.AUDITOR


def test_rights_an_owner_gave_by_hand_survive_an_admins_edit(people: People) -> None:
    alice, some = people["alice"], Permission.objects.get(codename="view_policy")
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    alice.user_permissions.add(some)
    assert signed_in(people["admin"]).post(page(alice), form(alice, email="new@example.org")).status_code == 302
    assert again(alice).email == "new@example.org"
    assert again(alice).is_staff
    assert again(alice).has_perm("limits.view_policy")


# --- Owners are out of an admin's reach -------------------------------------------------------------------------------


def test_an_admin_sees_an_owner_and_changes_nothing(people: People) -> None:
    client, owner = signed_in(people["admin"]), people["owner"]
    before = User.objects.filter(pk=owner.pk).values().get()
    assert client.get(page(owner)).status_code == 200
    assert client.post(page(owner), form(owner, email="taken@example.org", role="")).status_code == 403
    assert client.post(f"/admin/accounts/user/{owner.pk}/password/", NEW_PASSWORD).status_code == 403
    assert client.post(f"/admin/accounts/user/{owner.pk}/delete/", {"post": "yes"}).status_code == 403
    several = {"action": "delete_selected", "_selected_action": [people["alice"].pk, owner.pk], "post": "yes"}
    client.post("/admin/accounts/user/", several)
    assert User.objects.filter(pk=owner.pk).values().get() == before
    assert User.objects.filter(pk=people["alice"].pk).exists()


def test_the_same_on_somebody_who_is_no_owner_is_allowed(people: People) -> None:
    """Else the test above would prove nothing."""
    client, bob = signed_in(people["admin"]), User.objects.create_user("bob", "bob@example.org", "x")
    assert client.post(f"/admin/accounts/user/{bob.pk}/password/", NEW_PASSWORD).status_code == 302
    assert again(bob).check_password(NEW_PASSWORD["password1"])
    several = {"action": "delete_selected", "_selected_action": [people["alice"].pk, bob.pk], "post": "yes"}
    assert client.post("/admin/accounts/user/", several).status_code == 302
    assert not User.objects.filter(pk__in=[people["alice"].pk, bob.pk]).exists()


@pytest.mark.parametrize("role", ["moderator", "auditor"])
def test_others_give_no_roles(people: People, role: str) -> None:
    client, alice = signed_in(people[role]), people["alice"]
    assert client.get(page(alice)).status_code == (200 if role == "auditor" else 403)
    assert client.post(page(alice), form(alice, role="auditor")).status_code == 403
    assert roles.role_of(again(alice)) is None


def test_an_auditor_reads_the_role(people: People) -> None:
    shown = signed_in(people["auditor"]).get(page(people["moderator"])).content.decode()
    assert "moderator" in shown.partition("the-moderator")[2]
    listed = signed_in(people["auditor"]).get("/admin/accounts/user/").content.decode()
    assert listed.count("administrator") >= 1


# --- The last owner ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"role": ""}, {"role": "admin"}, {"is_active": None}])
def test_the_last_owner_stays_one(people: People, change: dict[str, Any]) -> None:
    owner = people["owner"]
    client = signed_in(owner)
    asked = form(owner, is_staff="on", is_superuser="on", **change)
    refused = client.post(page(owner), asked)
    assert "the last one" in str(refused.context["adminform"].form.errors)
    assert (again(owner).is_superuser, again(owner).is_active) == (True, True)
    assert client.post(f"/admin/accounts/user/{owner.pk}/delete/", {"post": "yes"}).status_code == 403
    roles.give(people["alice"], Role.OWNER, by=owner)
    assert client.post(page(owner), asked).status_code == 302


def test_all_owners_at_once_are_not_deleted(people: People) -> None:
    roles.give(people["alice"], Role.OWNER, by=None)
    owners = [people["alice"].pk, people["owner"].pk]
    several = {"action": "delete_selected", "_selected_action": owners, "post": "yes"}
    signed_in(people["owner"]).post("/admin/accounts/user/", several)
    assert User.objects.filter(pk__in=owners).count() == 2


# --- Groups -----------------------------------------------------------------------------------------------------------


def test_groups_of_roles_are_not_among_the_groups(people: People) -> None:
    own = Group.objects.get(name=GROUPS[Role.ADMIN])
    for person in ("owner", "admin"):
        client = signed_in(people[person])
        assert "role:" not in client.get("/admin/auth/group/").content.decode()
        assert client.post(f"/admin/auth/group/{own.pk}/change/", {"name": "mine"}).status_code == 302
        assert client.post(f"/admin/auth/group/{own.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Group.objects.filter(pk=own.pk, name=GROUPS[Role.ADMIN]).exists()


@pytest.mark.parametrize(("person", "given"), [("owner", 1), ("admin", 0)])
def test_only_owners_give_permissions_to_a_group(people: People, person: str, given: int) -> None:
    some = Permission.objects.get(codename="delete_incident")
    client = signed_in(people[person])
    assert client.post("/admin/auth/group/add/", {"name": "team", "permissions": [some.pk]}).status_code == 302
    assert Group.objects.get(name="team").permissions.count() == given

"""Policies in the admin: a list that reads like sentences; what cannot be meant is refused beside its field."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from audit.models import Entry
from console.policies import sentences
from console.policy_form import EXPORTS, RIGHTS
from limits.fields import ALL, UNLIMITED
from limits.models import Policy
from limits.policies import limits_of

PAGE = "/admin/limits/policy/"

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def admin(client: Client, grace: User) -> Client:
    client.force_login(grace)
    return client


def form(**more: Any) -> dict[str, str]:
    at = timezone.now() - timedelta(hours=1)
    times = {
        "valid_from_0": f"{at:%Y-%m-%d}",
        "valid_from_1": f"{at:%H:%M:%S}",
        "valid_until_0": "",
        "valid_until_1": "",
    }
    open_ones = dict.fromkeys((*RIGHTS, *EXPORTS, "charge_failed", "charge_blocked"), "unknown")
    return {**times, **open_ones, **more}


def add(admin: Client, **more: Any) -> Any:
    return admin.post(f"{PAGE}add/", form(**more))


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def test_a_person_is_named_and_what_is_left_open_is_inherited(admin: Client, alice: User) -> None:
    assert add(admin, user="Alice", tokens_per_day="20,000", may_share="false").status_code == 302
    limits = limits_of(alice.pk)
    assert (limits.tokens_per_day, limits.may_share) == (20_000, False)
    assert (limits.tokens_per_month, limits.may_export) == (None, True)
    saved = Policy.objects.get()
    assert (saved.user, saved.group, saved.may_export, saved.models) == (alice, None, None, None)


def test_what_people_may_set_is_inherited_or_said(admin: Client, alice: User) -> None:
    page = admin.get(f"{PAGE}add/").content.decode()
    assert "May set instructions" in page
    assert add(admin, user="Alice", may_set_parameters="false").status_code == 302
    limits = limits_of(alice.pk)
    assert (limits.may_set_instructions, limits.may_set_parameters) == (True, False)
    assert "may set parameters: no" in admin.get(PAGE).content.decode()


def test_unlimited_lifts_what_would_be_inherited(admin: Client, alice: User) -> None:
    Policy.objects.create(tokens_per_day=5)
    assert add(admin, user="alice", tokens_per_day="Unlimited").status_code == 302
    assert Policy.objects.get(user=alice).tokens_per_day == UNLIMITED
    assert limits_of(alice.pk).tokens_per_day is None


def test_nobody_of_that_name_is_said_beside_the_name(admin: Client, alice: User) -> None:
    assert errors(add(admin, user="alcie")) == {"user": ["There is nobody called “alcie”."]}


@pytest.mark.parametrize(
    ("fields", "beside", "words"),
    [
        ({"tokens_per_day": "-1"}, "tokens_per_day", "0 is the least"),
        ({"tokens_per_day": "many"}, "tokens_per_day", "“many” is not allowed here"),
        ({"prompt_chars": "unlimited"}, "prompt_chars", "a whole number"),
        ({"tokens_per_day": "50", "tokens_per_month": "40"}, "tokens_per_day", "contradicts “tokens a month”"),
        ({"shared_pool": "on", "tokens_per_day": "50"}, "shared_pool", "Only the members of a group"),
        ({"user": "alice", "group": "team"}, "group", "for a person already"),
        ({"models": "skripted"}, "models", "Did you mean “scripted”?"),
        ({"models": "scripted, gpt-99"}, "models", "There is no model “gpt-99”"),
    ],
)
def test_what_cannot_be_meant_is_refused_beside_its_field(
    admin: Client, alice: User, fields: dict[str, str], beside: str, words: str
) -> None:
    if "group" in fields:
        fields = {**fields, "group": str(Group.objects.create(name="team").pk)}
    said = errors(add(admin, **fields))
    assert list(said) == [beside]
    assert words in " ".join(said[beside])
    assert not Policy.objects.exists()


@pytest.mark.parametrize(("typed", "saved"), [("scripted", ["scripted"]), ("all", [ALL]), ("none", []), ("", None)])
def test_models_are_names_all_or_none(admin: Client, typed: str, saved: list[str] | None) -> None:
    assert add(admin, models=typed, note="x").status_code == 302
    assert Policy.objects.get().models == saved


def test_an_unchanged_form_changes_nothing(admin: Client, alice: User) -> None:
    policy = Policy.objects.create(user=alice, tokens_per_day=UNLIMITED, models=[ALL], may_share=True)
    page = admin.get(f"{PAGE}{policy.pk}/change/")
    shown = page.context["adminform"].form
    again = {name: shown[name].value() for name in shown.fields if name not in {"valid_from", "valid_until"}}
    start = timezone.localtime(policy.valid_from)
    again |= {"valid_from_0": f"{start:%Y-%m-%d}", "valid_from_1": f"{start:%H:%M:%S}"}
    sent = {name: str(value) for name, value in again.items() if value not in (None, False)}
    assert admin.post(f"{PAGE}{policy.pk}/change/", {**sent, "may_share": "true"}).status_code == 302
    policy.refresh_from_db()
    assert (policy.user, policy.tokens_per_day, policy.models, policy.may_share) == (alice, UNLIMITED, [ALL], True)


def test_each_change_is_in_the_audit_log(admin: Client, grace: User) -> None:
    add(admin, tokens_per_day="100")
    policy = Policy.objects.get()
    admin.post(f"{PAGE}{policy.pk}/change/", form(tokens_per_day="200"))
    created, changed = Entry.objects.filter(subject_kind="limits.Policy").order_by("pk")
    assert (created.action, changed.action, changed.actor_name) == ("policy.created", "policy.changed", "grace")
    assert changed.details["tokens_per_day"] == {"old": 100, "new": 200}


def test_rows_read_like_sentences(admin: Client, alice: User) -> None:
    team = Group.objects.create(name="team")
    now, hour = timezone.now(), timedelta(hours=1)
    Policy.objects.create(tokens_per_day=200_000, models=["scripted"])
    Policy.objects.create(group=team, tokens_per_month=UNLIMITED, tokens_per_day=9, shared_pool=True, may_share=False)
    Policy.objects.create(user=alice, valid_from=now - 2 * hour, valid_until=now - hour)
    page = admin.get(PAGE).content.decode()
    for words in (
        "everyone",
        "200,000 tokens a day; models: Scripted",
        "group team",
        "9 tokens a day; tokens a month: unlimited; may share conversations: no; shared by the members of the group",
        ">nothing<",
        'data-state="over"',
    ):
        assert words in page, words


def test_the_number_stands_where_the_language_puts_it() -> None:
    with override("zh-hans"):
        assert sentences(Policy(tokens_per_day=200_000)) == ["每日词元 200,000"]


def whom(admin: Client, **asked: str) -> list[str]:
    shown = admin.get(PAGE, asked).context["cl"].result_list
    return [str(row.user or row.group or "everyone") for row in shown]


def test_they_are_filtered_and_found(admin: Client, alice: User) -> None:
    now, hour = timezone.now(), timedelta(hours=1)
    team = Group.objects.create(name="team")
    Policy.objects.create(note="for launch day")
    Policy.objects.create(group=team, valid_from=now + hour)
    Policy.objects.create(user=alice, valid_from=now - 2 * hour, valid_until=now - hour)
    assert whom(admin) == ["everyone", "team", "alice"]
    assert [whom(admin, **{"for": kind}) for kind in ("everyone", "group", "person")] == [
        ["everyone"],
        ["team"],
        ["alice"],
    ]
    assert [whom(admin, holds=when) for when in ("now", "later", "over")] == [["everyone"], ["team"], ["alice"]]
    assert [whom(admin, q=words) for words in ("ali", "tea", "launch")] == [["alice"], ["team"], ["everyone"]]


def test_a_link_from_a_person_fills_their_name_in(admin: Client, alice: User) -> None:
    page = admin.get(f"{PAGE}add/", {"user": alice.pk}).content.decode()
    assert 'name="user" value="alice"' in page


def test_the_form_says_what_an_empty_field_means(admin: Client) -> None:
    page = admin.get(f"{PAGE}add/").content.decode()
    assert page.count('placeholder="inherit"') == 11
    assert page.count(">inherit</option>") == len(RIGHTS) + len(EXPORTS) + 2
    assert "An empty field inherits" in page


def test_people_who_are_not_staff_change_nothing(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert client.post(f"{PAGE}add/", form(tokens_per_day="1"), follow=True).status_code == 403
    assert not Policy.objects.exists()


# --- Models are boxes to tick -----------------------------------------------------------------------------------------


def ticked(page: str) -> set[str]:
    boxes = re.findall(r'<input type="checkbox" name="models"[^>]*>', page)
    return {found[1] for box in boxes if "checked" in box and (found := re.search(r'value="([^"]*)"', box))}


def test_the_catalogs_models_are_boxes_to_tick(admin: Client, alice: User) -> None:
    page = admin.get(f"{PAGE}add/").content.decode()
    assert "Scripted (scripted)" in page
    assert ticked(page) == set()
    assert add(admin, models=["scripted"], note="x").status_code == 302
    policy = Policy.objects.get()
    assert policy.models == ["scripted"]
    change = f"/admin/limits/policy/{policy.pk}/change/"
    assert ticked(admin.get(change).content.decode()) == {"scripted"}
    for saved, boxes in (([ALL], {"all"}), ([], {"none"}), (None, set()), (["gone", "scripted"], {"gone", "scripted"})):
        Policy.objects.update(models=saved)
        assert ticked(admin.get(change).content.decode()) == boxes


def test_all_is_more_than_any_name_and_none_goes_with_no_other(admin: Client) -> None:
    assert add(admin, models=["all", "scripted"], note="x").status_code == 302
    assert Policy.objects.get().models == [ALL]
    assert "There is no model “none”" in add(admin, models=["none", "scripted"], note="x").content.decode()


def test_boxes_are_ticked_in_chinese_too(admin: Client) -> None:
    Policy.objects.create(models=[ALL], note="x")
    page = admin.get(f"/admin/limits/policy/{Policy.objects.get().pk}/change/", headers={"Accept-Language": "zh-hans"})
    assert ticked(page.content.decode()) == {"all"}

"""Prompts and presets: one's own, the team's, who may change which, and how they are named."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts.models import User
from audit.models import Entry
from console import roles
from console.roles import Role
from conversations.library import kept
from conversations.models import Preset, SavedPrompt
from conversations.parameters import Chosen
from conversations.refusals import Refused
from limits.models import Policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]


def prompt(owner: User, name: str = "Explain", text: str = "Explain {{topic}}.", *, team: bool = False) -> SavedPrompt:
    return SavedPrompt.objects.create(owner=owner, name=name, text=text, is_team=team)


def preset(owner: User, name: str = "Pirate", *, team: bool = False, **more: Any) -> Preset:
    return Preset.objects.create(owner=owner, name=name, is_team=team, instructions="Be a pirate.", **more)


def as_(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def admin(bob: User) -> User:
    roles.give(bob, Role.ADMIN, by=None)
    return User.objects.get(pk=bob.pk)


# --- Who sees and changes what ----------------------------------------------------------------------------------------


def test_a_person_sees_their_own_and_the_teams(alice: User, bob: User, grace: User) -> None:
    prompt(alice, "Hers"), prompt(bob, "His"), prompt(grace, "Team's", team=True)
    assert [one.name for one in kept.visible(SavedPrompt, alice)] == ["Hers", "Team's"]
    page = as_(alice).get("/prompts/").content.decode()
    assert ("Hers" in page, "His" in page, "Team&#x27;s" in page) == (True, False, True)
    assert page.count(">Edit<") == 1
    box = as_(alice).get("/prompts/box/").content.decode()
    assert box.count("data-prompt=") == 2


def test_anothers_is_not_there(alice: User, mallory: User) -> None:
    mine, set_ = prompt(alice), preset(alice)
    client = as_(mallory)
    for path in (
        f"prompts/{mine.pk}/",
        f"prompts/{mine.pk}/text/",
        f"presets/{set_.pk}/",
        f"presets/{set_.pk}/values/",
    ):
        assert client.get(f"/{path}").status_code == 404
    for path in (f"prompts/{mine.pk}/", f"prompts/{mine.pk}/delete/", f"presets/{set_.pk}/delete/"):
        assert client.post(f"/{path}").status_code == 404
    assert (SavedPrompt.objects.count(), Preset.objects.count()) == (1, 1)


def test_the_teams_is_read_by_all_and_changed_by_administrators(alice: User, admin: User, grace: User) -> None:
    one = prompt(grace, team=True)
    assert as_(alice).get(f"/prompts/{one.pk}/text/").json() == {"name": "Explain", "text": "Explain {{topic}}."}
    assert as_(alice).get(f"/prompts/{one.pk}/").status_code == 404
    assert as_(alice).post(f"/prompts/{one.pk}/delete/").status_code == 404
    changed = {"name": "Explain it", "text": "New", "is_team": "on"}
    assert as_(admin).post(f"/prompts/{one.pk}/", changed).status_code == 302
    one.refresh_from_db()
    assert (one.name, one.text, one.owner, one.is_team) == ("Explain it", "New", grace, True)
    assert as_(admin).post(f"/prompts/{one.pk}/delete/").status_code == 302
    actions = [entry.action for entry in Entry.objects.filter(action__startswith="savedprompt").order_by("pk")]
    assert actions == ["savedprompt.changed", "savedprompt.deleted"]
    assert "Explain" not in str(list(Entry.objects.filter(action__startswith="savedprompt").values()))


def test_only_who_may_makes_one_for_the_team(alice: User, admin: User) -> None:
    wanted = {"name": "Brief", "text": "Be brief.", "is_team": "on"}
    assert "is_team" not in as_(alice).get("/prompts/new/").content.decode()
    assert as_(alice).post("/prompts/new/", wanted).status_code == 302
    assert not SavedPrompt.objects.get().is_team
    assert as_(admin).post("/prompts/new/", wanted).status_code == 302
    assert SavedPrompt.objects.get(owner=admin).is_team
    answer = as_(alice).post("/presets/", {"name": "x", "team": True}, content_type="application/json")
    assert answer.status_code == 404
    assert not Preset.objects.exists()


def test_whoever_leaves_takes_their_own_along(alice: User, admin: User) -> None:
    prompt(admin, "Own"), prompt(admin, "Team's", team=True), preset(admin), preset(admin, "House", team=True)
    admin.delete()
    assert [(one.name, one.owner) for one in SavedPrompt.objects.all()] == [("Team's", None)]
    assert [(one.name, one.owner) for one in Preset.objects.all()] == [("House", None)]
    assert "Team&#x27;s" in as_(alice).get("/prompts/").content.decode()


# --- Names ------------------------------------------------------------------------------------------------------------


def test_a_name_is_ones_own_only_once_whatever_its_case(alice: User, bob: User) -> None:
    first = prompt(alice, "Explain")
    with pytest.raises(Refused, match="name_taken") as no:
        kept.save(SavedPrompt(name=" explain ", text="x"), alice)
    assert str(no.value.detail) == "You have “explain” already. Choose another name."
    assert kept.save(SavedPrompt(name="Explain", text="x"), bob).pk
    first.text = "Changed"
    assert kept.save(first, alice).text == "Changed"


def test_a_name_is_the_teams_only_once(alice: User, grace: User, admin: User) -> None:
    prompt(grace, team=True)
    with pytest.raises(Refused, match="name_taken"):
        kept.save(SavedPrompt(name="Explain", text="x", is_team=True), admin)
    assert kept.save(SavedPrompt(name="Explain", text="x"), admin).pk


def test_two_at_the_same_moment_are_told_the_same(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    prompt(alice)
    monkeypatch.setattr(kept, "_is_taken", lambda row: False)
    with transaction.atomic(), pytest.raises(Refused, match="name_taken"):
        kept.save(SavedPrompt(name="Explain", text="x"), alice)


def test_nobody_keeps_without_end(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 2)
    prompt(alice, "One"), prompt(alice, "Two")
    with pytest.raises(Refused, match="too_many_kept"):
        kept.save(SavedPrompt(name="Three", text="x"), alice)
    kept.delete(SavedPrompt.objects.get(name="One"), alice)
    assert kept.save(SavedPrompt(name="Three", text="x"), alice).pk


# --- The forms --------------------------------------------------------------------------------------------------------


def test_a_prompt_is_made_changed_and_deleted_without_scripts(alice: User) -> None:
    client = as_(alice)
    assert client.post("/prompts/new/", {"name": "Explain", "text": "  Explain {{topic}}.\n"}).status_code == 302
    one = SavedPrompt.objects.get()
    assert (one.owner, one.text) == (alice, "  Explain {{topic}}.\n")
    page = client.get(f"/prompts/{one.pk}/").content.decode()
    assert "{{topic}}" in page
    assert client.post(f"/prompts/{one.pk}/", {"name": "Explain", "text": "Now"}).status_code == 302
    assert SavedPrompt.objects.get().text == "Now"
    assert client.post(f"/prompts/{one.pk}/delete/").status_code == 302
    assert not SavedPrompt.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"name": "", "text": "x"}, "This field is required."),
        ({"name": "x" * 61, "text": "x"}, "at most 60 characters"),
        ({"name": "x", "text": ""}, "This field is required."),
        ({"name": "x", "text": "x" * 32_001}, "at most 32000 characters"),
        ({"name": "explain", "text": "kept words"}, "You have “explain” already."),
    ],
)
def test_a_form_says_what_is_wrong_and_keeps_what_was_typed(alice: User, said: dict[str, str], words: str) -> None:
    prompt(alice)
    answer = as_(alice).post("/prompts/new/", said)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert said["text"][:1000] in answer.content.decode()
    assert SavedPrompt.objects.count() == 1


def test_a_preset_is_bounded_as_a_conversation_is(alice: User) -> None:
    Policy.objects.create(user=alice, output_tokens=100)
    client = as_(alice)
    wrong = {"name": "x", "temperature": "2.5"}
    assert "Temperature is from 0 to 2" in client.post("/presets/new/", wrong).content.decode()
    assert "100 tokens at most" in client.post("/presets/new/", {"name": "x", "max_tokens": "101"}).content.decode()
    right = {"name": "x", "instructions": "Be brief.", "temperature": "0.3", "max_tokens": "100"}
    assert client.post("/presets/new/", right).status_code == 302
    assert Chosen.of(Preset.objects.get()) == Chosen("Be brief.", 0.3, None, 100)


# --- From the dialog, and on the page ---------------------------------------------------------------------------------


def keep(client: Client, **said: Any) -> Any:
    return client.post("/presets/", said, content_type="application/json")


def test_a_preset_is_kept_from_the_dialog_and_used(alice: User, bob: User) -> None:
    answer = keep(as_(alice), name="Pirate", parameters={"instructions": "Be a pirate.", "temperature": 1.5})
    assert answer.status_code == 200
    pk = answer.json()["id"]
    found = as_(alice).get(f"/presets/{pk}/values/").json()
    assert found == {"name": "Pirate", "parameters": Chosen("Be a pirate.", 1.5).fields()}
    assert as_(bob).get(f"/presets/{pk}/values/").status_code == 404
    again = keep(as_(alice), name="pirate", parameters={})
    assert (again.status_code, again.json()["code"]) == (422, "name_taken")
    assert keep(as_(alice), name=3).status_code == 400
    assert keep(as_(alice), name="x", parameters={"temperature": 9}).status_code == 400
    assert keep(as_(alice), name="x", parameters={"effort": "low"}).json()["code"] == "effort"
    assert keep(as_(alice), name="a\x00b", parameters={}).json()["name"] == "a\N{REPLACEMENT CHARACTER}b"


def test_a_new_conversation_offers_six_presets(alice: User, grace: User) -> None:
    assert "data-preset" not in as_(alice).get("/").content.decode()
    for number in range(6):
        preset(alice, f"Mine {number}")
    preset(grace, "A team's", team=True)
    page = as_(alice).get("/").content.decode()
    assert page.count("data-preset=") == 6
    assert "A team&#x27;s" in page
    dialog = as_(alice).get("/parameters/").content.decode()
    assert dialog.count("<option") == 8


# --- In the console ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["savedprompt", "preset"])
def test_the_console_lists_the_teams_and_nobodys_own(kind: str, alice: User, admin: User) -> None:
    make: Any = {"savedprompt": prompt, "preset": preset}[kind]
    hers, team = make(alice, "Hers alone"), make(admin, "The team's", team=True)
    client = as_(admin)
    page = client.get(f"/admin/conversations/{kind}/").content.decode()
    assert ("The team&#x27;s" in page, "Hers alone" in page) == (True, False)
    assert client.get(f"/admin/conversations/{kind}/{hers.pk}/change/").status_code == 302
    assert client.get(f"/admin/conversations/{kind}/{team.pk}/change/").status_code == 200


def test_what_is_added_in_the_console_is_the_teams(admin: User, alice: User) -> None:
    client = as_(admin)
    path = "/admin/conversations/preset/add/"
    assert client.post(path, {"name": "House style", "instructions": "British spelling."}).status_code == 302
    made = Preset.objects.get()
    assert (made.owner, made.is_team, made.name) == (admin, True, "House style")
    assert "already" in client.post(path, {"name": "house style"}).content.decode()
    assert "Temperature is from 0 to 2" in client.post(path, {"name": "x", "temperature": "7"}).content.decode()
    entry = Entry.objects.get(action="preset.created")
    assert "British" not in str(entry.details)
    roles.give(alice, Role.MODERATOR, by=None)
    assert as_(User.objects.get(pk=alice.pk)).get("/admin/conversations/preset/").status_code == 403

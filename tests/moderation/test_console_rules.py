"""The pages of rules: who may, nothing typed is lost, switches act at once, lists of any length are answered."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from audit.models import Entry
from console.rule_form import LONGEST
from moderation import incidents
from moderation.matcher import Action, Finding
from moderation.models import Revision, Rule, Scope
from moderation.rules import matcher_for

PAGE = "/admin/moderation/rule/"

pytestmark = pytest.mark.django_db


def with_role(name: str, role: str) -> User:
    person = User.objects.create_user(name, f"{name}@example.org", "a password", is_staff=True)
    person.groups.add(Group.objects.get(name=f"role:{role}"))
    return person


@pytest.fixture
def moderator(client: Client) -> Client:
    client.force_login(with_role("heidi", "moderator"))
    return client


@pytest.fixture
def rule() -> Rule:
    return Rule.objects.create(name="Fruit", words="# ours\nmarmalade\njam", dry_run=False, action="block")


def form(**more: Any) -> dict[str, Any]:
    fields = {"name": "Fruit", "kind": "words", "words": "marmalade", "scope": "both", "action": "block"}
    return {**fields, "enabled": "on", **more}


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:2000]
    return str(answer.content.decode())


def actions() -> set[str]:
    return set(Entry.objects.filter(action__startswith="rule.").values_list("action", flat=True))


# --- Who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["", "add/", "starters/", "{pk}/change/", "{pk}/import/", "{pk}/export/", "{pk}/try/"])
def test_members_and_strangers_see_nothing(client: Client, alice: User, rule: Rule, page: str) -> None:
    address = PAGE + page.format(pk=rule.pk)
    assert client.get(address).status_code == 302
    client.force_login(alice)
    answer = client.get(address, follow=True)
    assert answer.status_code == 403
    assert "marmalade" not in answer.content.decode()


def test_auditors_look_and_change_nothing(client: Client, rule: Rule) -> None:
    client.force_login(with_role("ivan", "auditor"))
    for page in ("", f"{rule.pk}/change/", f"{rule.pk}/export/"):
        text(client.get(PAGE + page))
    for page in ("add/", "starters/", f"{rule.pk}/import/", f"{rule.pk}/try/"):
        assert client.get(PAGE + page).status_code == 403, page
    posts = {
        f"{rule.pk}/change/": form(words="bread"),
        f"{rule.pk}/delete/": {"post": "yes"},
        "starters/": {},
        "try/": form(days="7"),
        f"{rule.pk}/import/": {"look": "1", "pasted": "bread"},
    }
    for page, fields in posts.items():
        assert client.post(PAGE + page, fields).status_code == 403, page
    client.post(PAGE, {"action": "switch_off", "_selected_action": [rule.pk]})
    rule.refresh_from_db()
    assert (rule.words, rule.enabled) == ("# ours\nmarmalade\njam", True)
    assert actions() == set()


# --- The form ---------------------------------------------------------------------------------------------------------


def test_a_rule_is_added_and_holds_at_once(moderator: Client, alice: User) -> None:
    assert matcher_for(alice.pk, Scope.PROMPT) is None
    assert moderator.post(f"{PAGE}add/", form(message="Not here.")).status_code == 302
    made = Rule.objects.get()
    assert (made.created_by, made.changed_by) == (User.objects.get(username="heidi"),) * 2
    assert matcher_for(alice.pk, Scope.PROMPT) is not None
    entry = Entry.objects.get(action="rule.created")
    assert entry.actor_name == "heidi"
    assert "marmalade" not in str(entry.details)


def test_what_is_wrong_is_said_beside_it_and_nothing_is_lost(moderator: Client) -> None:
    words = "good\n\N{ZERO WIDTH SPACE}\nalso good\n" + "x" * 300
    answer = moderator.post(f"{PAGE}add/", form(words=words, note="My long note."))
    said = errors(answer)["words"]
    assert [line.partition(":")[0] for line in said] == ["Line 2", "Line 4"]
    page = answer.content.decode()
    assert words in page
    assert "My long note." in page


def test_a_pattern_that_would_hold_a_reply_up_is_refused(moderator: Client) -> None:
    answer = moderator.post(f"{PAGE}add/", form(kind="pattern", words="", pattern="a+b"))
    assert "longest match" in errors(answer)["pattern"][0]
    assert moderator.post(f"{PAGE}add/", form(kind="pattern", pattern="a+b\n", scope="prompt")).status_code == 302
    assert Rule.objects.get().pattern == "a+b"


def test_a_change_of_groups_holds_at_once(moderator: Client, alice: User, rule: Rule) -> None:
    guests = Group.objects.create(name="guests")
    assert matcher_for(alice.pk, Scope.PROMPT) is not None
    moderator.post(f"{PAGE}{rule.pk}/change/", form(groups=[guests.pk]))
    assert matcher_for(alice.pk, Scope.PROMPT) is None
    details = Entry.objects.get(action="rule.changed").details
    assert details["groups"] == {"old": [], "new": ["guests"]}
    assert details["words"] == {}


def test_a_list_too_long_for_a_form_is_kept(moderator: Client, rule: Rule) -> None:
    words = "\n".join(f"a long word, number {number}" for number in range(12_000))
    assert len(words) > LONGEST
    Rule.objects.filter(pk=rule.pk).update(words=words)
    page = text(moderator.get(f"{PAGE}{rule.pk}/change/"))
    assert len(page) < 100_000
    assert "too long to be changed here" in page
    assert moderator.post(f"{PAGE}{rule.pk}/change/", form(name="Renamed", words="")).status_code == 302
    rule.refresh_from_db()
    assert (rule.name, rule.words) == ("Renamed", words)


def test_deleting_holds_at_once_and_is_audited(moderator: Client, alice: User, rule: Rule) -> None:
    assert matcher_for(alice.pk, Scope.PROMPT) is not None
    assert moderator.post(f"{PAGE}{rule.pk}/delete/", {"post": "yes"}).status_code == 302
    assert matcher_for(alice.pk, Scope.PROMPT) is None
    assert actions() == {"rule.deleted"}


# --- The list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_what_each_does_and_reads_no_words(moderator: Client, alice: User, rule: Rule) -> None:
    found = [Finding(rule.pk, Action.BLOCK, False, start, start + 3, "…") for start in range(3)]
    incidents.record(found, where="prompt", user_id=alice.pk, conversation=None, message=uuid4())
    Rule.objects.create(name="Numbers", kind="pattern", pattern=r"\d{4}").groups.add(
        Group.objects.create(name="guests")
    )
    moderator.get(PAGE)  # after a change the rules are read once, to be compiled
    with CaptureQueriesContext(connection) as asked:
        page = text(moderator.get(PAGE))
    assert not [
        query["sql"] for query in asked if "words" in query["sql"].partition("FROM")[0].replace("word_count", "")
    ]
    assert "2 words" in page
    assert r"<code>\d{4}</code>" in page
    assert "guests" in page
    assert f"rule={rule.pk}&amp;state=all&quot;&gt;3" in page or f'rule={rule.pk}&amp;state=all">3</a>' in page


def test_the_number_of_queries_does_not_grow_with_the_rules(
    moderator: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        Rule.objects.create(name=str(number), words="jam").groups.add(Group.objects.create(name=f"g{number}"))
    moderator.get(PAGE)
    with django_assert_max_num_queries(16):
        moderator.get(PAGE)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("state=on", {"Fruit"}),
        ("state=dry", {"Dry"}),
        ("state=off", {"Off"}),
        ("q=marmalade", {"Fruit"}),
        ("action__exact=block", {"Fruit"}),
    ],
)
def test_rules_are_found(moderator: Client, rule: Rule, query: str, names: set[str]) -> None:
    Rule.objects.create(name="Dry", words="bread")
    Rule.objects.create(name="Off", words="butter", enabled=False)
    found = moderator.get(f"{PAGE}?{query}").context["cl"].result_list
    assert {one.name for one in found} == names


def test_switches_act_at_once_and_are_audited(moderator: Client, alice: User, rule: Rule) -> None:
    def switch(action: str) -> str:
        moderator.post(PAGE, {"action": action, "_selected_action": [rule.pk]})
        rule.refresh_from_db()
        return rule.state

    assert switch("switch_off") == "off"
    assert matcher_for(alice.pk, Scope.PROMPT) is None
    assert switch("dry_run") == "dry"
    assert switch("switch_on") == "on"
    assert switch("switch_on") == "on"
    assert matcher_for(alice.pk, Scope.PROMPT) is not None
    counted = list(Entry.objects.filter(action__startswith="rule.").order_by("pk").values_list("action", flat=True))
    assert counted == ["rule.switched_off", "rule.dry_run", "rule.switched_on"]


@pytest.mark.skipif(not connection.features.has_select_for_update, reason="SQLite locks everything at once")
def test_all_that_are_switched_are_locked_before_the_audit_log(moderator: Client, rule: Rule) -> None:
    other = Rule.objects.create(name="Vegetables", words="leek", dry_run=False)
    with CaptureQueriesContext(connection) as answered:
        moderator.post(PAGE, {"action": "switch_off", "_selected_action": [rule.pk, other.pk]})
    said = [one["sql"] for one in answered]
    locks = next(number for number, sql in enumerate(said) if "moderation_rule" in sql and sql.endswith("FOR UPDATE"))
    log = next(number for number, sql in enumerate(said) if "audit_entry" in sql)
    assert locks < log
    assert not Rule.objects.filter(enabled=True).exists()


def test_what_cannot_be_used_is_not_switched_on(moderator: Client, rule: Rule) -> None:
    Rule.objects.filter(pk=rule.pk).update(enabled=False, words="\N{ZERO WIDTH SPACE}")
    answer = moderator.post(PAGE, {"action": "switch_on", "_selected_action": [rule.pk]}, follow=True)
    assert "Fruit: Line 1: " in text(answer)
    rule.refresh_from_db()
    assert not rule.enabled


def test_rules_that_are_broken_stand_above_the_list(moderator: Client, rule: Rule) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {Rule._meta.db_table} SET kind = 'pattern', pattern = 'a('")  # noqa: S608
    Revision.bump()
    page = text(moderator.get(PAGE))
    assert "cannot be used" in page
    assert "never closed" in page


# --- Words in and out -------------------------------------------------------------------------------------------------


def upload(client: Client, rule: Rule, content: bytes, name: str = "words.txt", **more: str) -> Any:
    fields = {"look": "1", "file": SimpleUploadedFile(name, content), **more}
    return client.post(f"{PAGE}{rule.pk}/import/", fields)


def test_a_list_is_looked_at_and_then_taken(moderator: Client, rule: Rule) -> None:
    text(moderator.get(f"{PAGE}{rule.pk}/import/"))
    seen = upload(moderator, rule, "JAM\nbread\nbread\n\n\u200b\n".encode())
    page = text(seen)
    assert "read as UTF-8" in page
    assert "Line 5: " in page
    rule.refresh_from_db()
    assert rule.word_count == 2
    answer = moderator.post(f"{PAGE}{rule.pk}/import/", {"token": seen.context["token"]}, follow=True)
    assert "1 word added." in text(answer)
    rule.refresh_from_db()
    assert rule.words == "# ours\nmarmalade\njam\nbread"
    assert actions() == {"rule.words_imported"}


def test_words_may_be_pasted_and_replace_the_list(moderator: Client, rule: Rule) -> None:
    address = f"{PAGE}{rule.pk}/import/"
    seen = moderator.post(address, {"look": "1", "pasted": "bread\njam", "replace": "on"})
    assert "The words that are there go." in text(seen)
    moderator.post(address, {"token": seen.context["token"]})
    rule.refresh_from_db()
    assert rule.words == "bread\njam"


def test_a_hundred_thousand_lines_are_answered(moderator: Client, rule: Rule) -> None:
    content = "\n".join(f"word{number}" for number in range(100_000)).encode()
    seen = upload(moderator, rule, content)
    assert seen.context["seen"].lines == 100_000
    assert len(seen.content) < 100_000
    answer = moderator.post(f"{PAGE}{rule.pk}/import/", {"token": seen.context["token"]})
    assert "50000 are allowed" in text(answer, 422)
    rule.refresh_from_db()
    assert rule.word_count == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\x00b", "no text file"),
        (b"\xff\xff\xff", "neither UTF-8"),
        (b" \n", "Choose a file"),
        (b"x" * (9 << 20), "larger"),
    ],
    ids=["binary", "bytes", "empty", "large"],
)
def test_what_is_no_list_is_refused(moderator: Client, rule: Rule, content: bytes, said: str) -> None:
    assert said in text(upload(moderator, rule, content), 422)


def test_a_list_that_was_kept_too_long_is_asked_for_again(moderator: Client, rule: Rule) -> None:
    answer = moderator.post(f"{PAGE}{rule.pk}/import/", {"token": "gone"})
    assert "not there any more" in text(answer, 422)


def test_one_takes_only_what_one_looked_at_oneself(moderator: Client, client: Client, rule: Rule, grace: User) -> None:
    token = upload(moderator, rule, b"bread").context["token"]
    client.force_login(grace)
    assert client.post(f"{PAGE}{rule.pk}/import/", {"token": token}).status_code == 422


def test_a_list_is_taken_away(moderator: Client, rule: Rule) -> None:
    answer = moderator.get(f"{PAGE}{rule.pk}/export/")
    assert text(answer) == "# ours\nmarmalade\njam\n"
    assert answer["Content-Disposition"] == f'attachment; filename="rule-{rule.pk}.txt"'
    assert text(moderator.get(f"{PAGE}{rule.pk}/export/?as=csv")) == "word\nmarmalade\njam\n"


def test_a_pattern_has_no_list(moderator: Client) -> None:
    made = Rule.objects.create(name="Numbers", kind="pattern", pattern="a")
    assert moderator.get(f"{PAGE}{made.pk}/export/").status_code == 404
    assert moderator.get(f"{PAGE}{made.pk}/import/").status_code == 404


# --- Starters ---------------------------------------------------------------------------------------------------------


def test_starters_are_one_click_away(moderator: Client) -> None:
    assert "Resident identity cards" in text(moderator.get(f"{PAGE}starters/"))
    moderator.post(f"{PAGE}starters/", {"name": "bank-card"})
    assert list(Rule.objects.values_list("starter", "dry_run")) == [("bank-card", True)]
    answer = moderator.post(f"{PAGE}starters/", follow=True)
    assert "10 rules added, in dry run." in text(answer)
    assert "Add all of them" not in text(moderator.get(f"{PAGE}starters/"))

"""Which rules hold for a person: by scope, group and state, from the next question after a change, compiled once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from moderation import compiling, rules
from moderation.matcher import Matcher
from moderation.models import Revision, Rule, Scope
from moderation.rules import matcher_for, rules_for

pytestmark = pytest.mark.django_db


def make(name: str = "Fruit", words: str = "marmalade", **more: Any) -> Rule:
    return Rule.objects.create(name=name, **{"words": words, "dry_run": False, **more})


def finds(user: User, text: str = "Some marmalade and jam.", scope: Scope = Scope.PROMPT) -> list[str]:
    """The names of the rules that find something."""
    matcher = matcher_for(user.pk, scope)
    names = dict(Rule.objects.values_list("pk", "name"))
    return [names[match.rule] for match in matcher.find(text)] if matcher else []


@pytest.fixture(autouse=True)
def nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has not been asked yet."""
    monkeypatch.setattr(rules, "_book", None)


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rules each compilation had."""
    made: list[int] = []

    def counted(specs: Any) -> Matcher:
        made.append(len(specs))
        return Matcher(specs)

    monkeypatch.setattr(compiling, "Matcher", counted)
    return made


# --- For whom ---------------------------------------------------------------------------------------------------------


def test_without_rules_there_is_no_matcher(alice: User) -> None:
    assert matcher_for(alice.pk, Scope.PROMPT) is None
    assert matcher_for(alice.pk, Scope.REPLY) is None
    make(enabled=False)
    assert matcher_for(alice.pk, Scope.PROMPT) is None


@pytest.mark.parametrize(
    ("scope", "prompt", "reply"),
    [(Scope.PROMPT, True, False), (Scope.REPLY, False, True), (Scope.BOTH, True, True)],
)
def test_a_rule_looks_at_what_its_scope_says(alice: User, scope: Scope, prompt: bool, reply: bool) -> None:
    make(scope=scope)
    assert (matcher_for(alice.pk, Scope.PROMPT) is not None) is prompt
    assert (matcher_for(alice.pk, Scope.REPLY) is not None) is reply


def test_a_rule_for_groups_holds_for_their_people_only(alice: User, bob: User, mallory: User) -> None:
    interns, guests = Group.objects.create(name="interns"), Group.objects.create(name="guests")
    alice.groups.add(interns, guests)
    bob.groups.add(guests)
    make("Everyone's", "jam")
    make("Interns'").groups.add(interns)
    make("Two groups'").groups.add(interns, guests)
    assert finds(alice) == ["Interns'", "Two groups'", "Everyone's"]
    assert finds(bob) == ["Two groups'", "Everyone's"]
    assert finds(mallory) == ["Everyone's"]


def test_one_who_does_not_exist_has_everyones_rules(alice: User) -> None:
    make()
    assert matcher_for(alice.pk + 1000, Scope.PROMPT) is not None


# --- At once ----------------------------------------------------------------------------------------------------------


def test_every_kind_of_change_is_seen_by_the_next_question(alice: User) -> None:
    group = Group.objects.create(name="interns")
    rule = make()
    assert finds(alice) == ["Fruit"]
    rule.words = "jam"
    rule.save()
    assert finds(alice, "Only marmalade.") == []
    Rule.objects.update(enabled=False)
    assert finds(alice) == []
    Rule.objects.filter(pk=rule.pk).update(enabled=True)
    assert finds(alice) == ["Fruit"]
    rule.groups.add(group)
    assert finds(alice) == []
    alice.groups.add(group)
    assert finds(alice) == ["Fruit"]
    alice.groups.remove(group)
    assert finds(alice) == []
    rule.groups.clear()
    assert finds(alice) == ["Fruit"]
    group.moderation_rules.add(rule)
    assert finds(alice) == []
    rule.groups.set([])
    Rule.objects.bulk_create([Rule(name="Bread", words="marmalade")])
    assert finds(alice, "Only marmalade.") == ["Bread"]
    Rule.objects.filter(name="Bread").delete()
    assert finds(alice, "Only marmalade.") == []
    rule.delete()
    assert matcher_for(alice.pk, Scope.PROMPT) is None


def test_bulk_update_is_seen_too(alice: User) -> None:
    rule = make()
    assert finds(alice) == ["Fruit"]
    rule.words = "jam"
    Rule.objects.bulk_update([rule], ["words"])
    assert finds(alice, "Only marmalade.") == []


def test_a_change_that_is_rolled_back_leaves_nothing_behind(alice: User) -> None:
    rule = make()
    assert finds(alice) == ["Fruit"]
    before = Revision.objects.get().token
    with transaction.atomic():
        rule.words = "jam"
        rule.save()
        assert finds(alice, "Only marmalade.") == []
        transaction.set_rollback(True)
    assert Revision.objects.get().token == before
    assert finds(alice, "Only marmalade.") == ["Fruit"]
    Rule.objects.filter(pk=rule.pk).update(words="bread")
    assert finds(alice, "marmalade, jam, bread") == ["Fruit"]
    assert matcher_for(alice.pk, Scope.PROMPT).find("marmalade and jam") == []  # type: ignore[union-attr]


def test_the_last_group_of_a_rule_takes_it_along(alice: User) -> None:
    """Without its groups it would hold for everyone."""
    interns, guests = Group.objects.create(name="interns"), Group.objects.create(name="guests")
    one, two = make("One"), make("Two")
    one.groups.add(interns)
    two.groups.add(interns, guests)
    everyone = make("Everyone's", "jam")
    interns.delete()
    states = dict(Rule.objects.values_list("name", "enabled"))
    assert states == {"One": False, "Two": True, everyone.name: True}
    assert finds(alice) == ["Everyone's"]


def test_deleting_groups_in_bulk_is_no_way_around(alice: User) -> None:
    make("One").groups.add(Group.objects.create(name="interns"))
    Group.objects.filter(name="interns").delete()
    assert finds(alice) == []


# --- Once -------------------------------------------------------------------------------------------------------------


def test_a_question_is_one_query_and_no_compilation(alice: User, compilations: list[int]) -> None:
    make()
    first = matcher_for(alice.pk, Scope.PROMPT)
    with CaptureQueriesContext(connection) as asked:
        assert matcher_for(alice.pk, Scope.PROMPT) is first
    assert len(asked) == 1
    assert compilations == [1]


def test_people_and_scopes_with_the_same_rules_share_one_matcher(
    alice: User, bob: User, compilations: list[int]
) -> None:
    bob.groups.add(Group.objects.create(name="guests"))
    make()
    assert matcher_for(alice.pk, Scope.PROMPT) is matcher_for(bob.pk, Scope.REPLY)
    assert compilations == [1]


def test_a_change_that_is_none_of_these_rules_compiles_nothing(alice: User, compilations: list[int]) -> None:
    rule = make(action="block", message="No.")
    other = make("Off", "jam", enabled=False)
    first = matcher_for(alice.pk, Scope.PROMPT)
    other.words = "bread"
    other.save()
    rule.note = "Because."
    rule.message = "Not here."
    rule.save()
    assert matcher_for(alice.pk, Scope.PROMPT) is first
    assert rules_for(alice.pk, Scope.PROMPT).brief(rule.pk).message == "Not here."
    assert compilations == [1]


def test_many_kinds_of_people_do_not_fill_the_memory(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_SETS", 2)
    groups = [Group.objects.create(name=str(number)) for number in range(4)]
    for group in groups:
        make(group.name).groups.add(group)
    for group in groups:
        alice.groups.set([group])
        assert finds(alice) == [group.name]
    assert len(rules._book.sets) == 2  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_who_comes_while_another_compiles_waits_and_shares(
    alice: User, monkeypatch: pytest.MonkeyPatch, compilations: list[int]
) -> None:
    make()
    compiling_now, go_on = threading.Event(), threading.Event()

    def slowly(specs: Any) -> Matcher:
        compiling_now.set()
        assert go_on.wait(10)
        compilations.append(len(specs))
        return Matcher(specs)

    monkeypatch.setattr(compiling, "Matcher", slowly)

    def ask() -> Matcher | None:
        try:
            return matcher_for(alice.pk, Scope.PROMPT)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(ask) for _ in range(3)]
        assert compiling_now.wait(10)
        go_on.set()
        found = {id(one.result(10)) for one in asked}
    assert len(found) == 1
    assert compilations == [1]


# --- What cannot be compiled ------------------------------------------------------------------------------------------


def spoil(rule: Rule, **columns: str) -> None:
    """As somebody does in the database's own shell, or a library with its next version."""
    table = Rule._meta.db_table
    for column, value in columns.items():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, rule.pk])  # noqa: S608
    Revision.bump()


def test_a_broken_rule_is_left_out_said_so_and_the_others_go_on(alice: User, caplog: pytest.LogCaptureFixture) -> None:
    broken = make("Broken", "", kind="pattern", pattern="a+", scope="prompt", action="block")
    make()
    spoil(broken, pattern="a(")
    assert finds(alice, "aaa marmalade") == ["Fruit"]
    assert f"Rule {broken.pk} cannot be used whole" in caplog.text
    assert "never closed" in rules.broken()[broken.pk]
    broken.pattern = "b"
    broken.save()
    assert rules.broken() == {}
    assert finds(alice, "b, marmalade") == ["Broken", "Fruit"]


def test_of_a_broken_list_the_other_words_are_kept(alice: User) -> None:
    rule = make()
    spoil(rule, words=f"{'x' * 300}\nmarmalade\n\N{ZERO WIDTH SPACE}\njam", exceptions="\N{ZERO WIDTH SPACE}")
    assert finds(alice) == ["Fruit", "Fruit"]
    assert set(rules.broken()) == {rule.pk}


def test_of_too_many_exceptions_the_first_are_kept_and_the_rule_goes_on(alice: User) -> None:
    rule = make()
    spoil(rule, exceptions="\n".join(["marmalade cat", *(f"jam{number}" for number in range(500))]))
    assert finds(alice, "A marmalade cat, a marmalade.") == ["Fruit"]
    assert set(rules.broken()) == {rule.pk}


def test_of_a_list_without_a_good_word_nothing_is_left(alice: User) -> None:
    rule = make()
    spoil(rule, words="\N{ZERO WIDTH SPACE}")
    assert matcher_for(alice.pk, Scope.PROMPT) is None
    assert set(rules.broken()) == {rule.pk}


def test_too_many_words_in_all_cost_the_longest_list_only(alice: User) -> None:
    long = make("Long", "\n".join(f"word{number}" for number in range(49_999)))
    short = make("Short", "marmalade\njam")
    assert finds(alice) == ["Short", "Short"]
    assert rules.broken() == {}  # neither is wrong alone; the log says it, and saving refuses it
    with pytest.raises(Exception, match="together 50000 are allowed"):
        short.full_clean()
    long.enabled = False
    long.full_clean()


def test_an_endless_pattern_filters_prompts_and_never_breaks_replies(alice: User) -> None:
    endless = make("Endless", "", kind="pattern", pattern="ab+c", scope="prompt")
    make()
    spoil(endless, scope="both")
    assert finds(alice, "abbbbbc marmalade") == ["Endless", "Fruit"]
    assert finds(alice, "abbbbbc marmalade", Scope.REPLY) == ["Fruit"]
    assert "longest match" in rules.broken()[endless.pk]

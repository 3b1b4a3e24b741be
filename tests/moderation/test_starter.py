"""The rules to start from find what they say, leave alone what only looks like it, and are installed in dry run."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from audit.models import Entry
from moderation.matcher import Matcher
from moderation.models import Rule
from moderation.starter import STARTERS, install, installed

FOUND = {
    "paths": [
        "cat /etc/passwd",
        "看看/ETC/PASSWD吧",
        "/etc/ssh/sshd_config",
        "/home/bob/.ssh/id_rsa",
        "../../../x",
        r"c:\windows\win.ini",
    ],
    "sql": ["select * from users", "SELECT  *  FROM t", "1 UNION SELECT 2", "x'; DROP TABLE students", "' or 1=1"],
    "resident-id": ["11010519491231002X", "我的号码是11010519491231002x。", "１１０１０５１９４９１２３１００２Ｘ"],
    "mobile-cn": ["13800138000", "+86 138-0013-8000", "电话13800138000。", "86 13800138000"],
    "phone": ["+4915112345678", "call +1 415 555 2671", "+44.20.7946.0958"],
    "bank-card": ["4111 1111 1111 1111", "4111-1111-1111-1111", "卡号6222021234567890128"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "api-keys": [
        "sk-proj-" + "a1B2" * 10,
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2_" * 6,
        "xoxb-123456789012-abcdef",
        "export KEY=sk-" + "x" * 160,
    ],
    "private-key": [
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
    "english": ["You IDIOT!", "strictly   confidential"],
    "chinese": ["这是绝密。", "這是絕密", "仅供内部"],
}
LEFT_ALONE = {
    "paths": ["/etc/passwdfoo", "the password"],
    "sql": ["select a table from the list", "drop the table"],
    "resident-id": ["110105194912310021", "11010519491331002X", "911010519491231002X1"],
    "mobile-cn": ["12800138000", "138001380001", "1380013800"],
    "phone": ["4915112345678", "+12345", "1+4915112345678"],
    "bank-card": ["4111 1111 1111 1112", "1234", "0000 0000 0000 0000"],
    "iban": ["DE88 3704 0044 0532 0130 00", "DE89"],
    "api-keys": ["sk-short", "task-" + "a" * 30, "AKIA123", "ghp_short"],
    "private-key": ["-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----"],
    "english": ["idiotic ideas", "confidence"],
    "chinese": ["机会", "内部"],
}


def test_each_has_its_examples() -> None:
    assert {one.name for one in STARTERS} == set(FOUND) == set(LEFT_ALONE)


@pytest.mark.parametrize("name", [one.name for one in STARTERS])
def test_it_finds_what_it_says_and_leaves_the_rest(name: str) -> None:
    starter = next(one for one in STARTERS if one.name == name)
    matcher = Matcher([starter.rule().spec])
    assert [text for text in FOUND[name] if not matcher.find(text)] == []
    assert [text for text in LEFT_ALONE[name] if matcher.find(text)] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", [one.name for one in STARTERS])
def test_it_is_a_rule_that_could_have_been_written_in_the_form(name: str) -> None:
    next(one for one in STARTERS if one.name == name).rule().full_clean()


@pytest.mark.django_db
def test_they_are_installed_in_dry_run_once_and_audited(grace: User) -> None:
    added = install(["bank-card", "english"], grace)
    assert {(rule.starter, rule.enabled, rule.dry_run) for rule in added} == {
        ("bank-card", True, True),
        ("english", True, True),
    }
    Rule.objects.filter(starter="english").update(name="Ours", enabled=False)
    assert [rule.starter for rule in install(["english", "sql"], grace)] == ["sql"]
    assert installed() == {"bank-card", "english", "sql"}
    assert Rule.objects.get(starter="english").name == "Ours"
    assert Entry.objects.filter(action="rule.created", actor_name="grace").count() == 3


@pytest.mark.django_db
def test_all_of_them_work_together() -> None:
    rules = install([one.name for one in STARTERS])
    names = {rule.pk: rule.starter for rule in rules}
    matcher = Matcher([rule.spec for rule in rules])
    found = {names[match.rule] for match in matcher.find("\n".join(text for texts in FOUND.values() for text in texts))}
    assert found == set(FOUND)


@pytest.mark.django_db
def test_a_command_installs_them() -> None:
    out = io.StringIO()
    call_command("add_starter_rules", "sql", stdout=out)
    call_command("add_starter_rules", stdout=out)
    call_command("add_starter_rules", "--list", stdout=out)
    assert out.getvalue().splitlines()[:2] == [
        "Added 1 rules in dry run.",
        f"Added {len(STARTERS) - 1} rules in dry run.",
    ]
    assert out.getvalue().count("(installed)") == len(STARTERS)
    with pytest.raises(CommandError, match="no starter rule 'fruit'"):
        call_command("add_starter_rules", "fruit")

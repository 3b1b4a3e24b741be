"""``manage.py create_api_key`` prints a secret that works, and nothing else where a script reads."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.api_keys import authenticate
from accounts.models import ApiKey, User
from audit.models import Entry
from inference import serving
from limits import restraints
from tests.limits.stories import policy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("model")]


def run(*words: str) -> tuple[str, str]:
    """What it writes to standard output, and beside it."""
    out, beside = io.StringIO(), io.StringIO()
    call_command("create_api_key", *words, stdout=out, stderr=beside)
    return out.getvalue(), beside.getvalue()


def key_of(*words: str) -> ApiKey:
    key = authenticate(run(*words)[0].strip())
    assert key
    return key


@pytest.mark.parametrize("who", ["alice@example.org", "ALICE@example.org", "alice"])
def test_it_prints_only_the_secret(alice: User, who: str) -> None:
    out, beside = run(who, "--name", "Nightly")
    key = authenticate(out.removesuffix("\n"))
    assert key
    assert (key.user, key.name) == (alice, "Nightly")
    assert f"{key.prefix}…" in beside
    assert "does not expire" in beside
    assert out.strip() not in beside


def test_a_key_may_all_unless_it_is_said(alice: User) -> None:
    key = key_of("alice", "--name", "Nightly")
    assert (key.scopes, key.models, key.saves, key.expires_at) == (["chat", "models"], [], False, None)


def test_each_option_is_kept(alice: User) -> None:
    model = serving.model().name
    options = ["--scopes", "chat", "--expires", "30", "--models", model, "--save"]
    key = key_of("alice", "--name", "Nightly", *options)
    assert (key.scopes, key.models, key.saves) == (["chat"], [model], True)
    assert key.expires_at
    assert round((key.expires_at - timezone.now()) / timedelta(days=1)) == 30
    assert "expires on 20" in run("alice", "--name", "Next", *options)[1]


def test_it_is_on_record_and_nobodys_doing(alice: User) -> None:
    run("alice", "--name", "Nightly")
    entry = Entry.objects.get()
    assert (entry.action, entry.actor_id, entry.details["owner"]) == ("api_key.created", None, "alice")


def refused(*words: str) -> str:
    with pytest.raises(CommandError) as error:
        run(*words)
    assert not ApiKey.objects.exists()
    return str(error.value)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--name", ""], "name: This field is required."),
        (["--name", "x", "--models", "gpt-9"], "models: There is no model gpt-9 here. You may use: scripted."),
        (["--name", "x", "--scopes", "admin"], "'chat', 'models'"),
        (["--name", "x", "--expires", "12"], "7, 30, 90, 365"),
        ([], "--name"),
    ],
)
def test_what_is_wrong_is_said_with_what_is_allowed(alice: User, words: list[str], said: str) -> None:
    assert said in refused("alice", *words)


@pytest.mark.parametrize("who", ["nobody@example.org", "mallory"])
def test_there_is_no_key_for_who_is_not_there(mallory: User, who: str) -> None:
    mallory.is_active = False
    mallory.save()
    assert who in refused(who, "--name", "x")


def test_policies_hold_on_the_command_line_too(alice: User) -> None:
    policy(alice, may_use_api=False)
    assert refused("alice", "--name", "x") == "You may not use the API here. Ask an administrator."


def test_there_is_no_key_for_who_is_suspended(alice: User) -> None:
    restraints.suspend(alice, None, "For now")
    assert refused("alice", "--name", "x") == "You cannot create a key at present: your account is suspended."


def test_a_name_that_is_anothers_address_is_nobody(alice: User, bob: User) -> None:
    User.objects.filter(pk=bob.pk).update(username=alice.email)
    assert "alice@example.org" in refused(alice.email, "--name", "x")

"""Accounts that are signed in, rules they meet, what was saved for them: ``python -m chatsite.bench.people make 200``,
``forbid 50000``, ``converse 500`` or ``saved``.

Runs with the settings of the benchmark's site and answers as JSON.
"""

import json
import sys
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.conf import settings  # noqa: E402 - the settings must be ready
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model  # noqa: E402
from django.db import transaction  # noqa: E402

from accounts import api_keys  # noqa: E402
from accounts.models import ApiKey, User  # noqa: E402
from chatsite.bench import corpus  # noqa: E402
from conversations.models import Conversation, Message  # noqa: E402
from moderation.matcher import Action  # noqa: E402
from moderation.models import Rule, Scope  # noqa: E402

SAID = {
    Message.Role.USER: "And what does the next step look like? " * 4,
    Message.Role.ASSISTANT: "It has **parts**, `names` and words in a line. " * 8
    + "\n\n1. One of them\n2. and another\n\n```python\nfor row in rows:\n    print(row)\n```\n",
}


def make(count: int) -> list[str]:
    """Make so many people and a session for each; the cookie headers of all.

    Exits when others than the administrator have accounts: this is no database to play in.
    """
    if get_user_model().objects.filter(is_superuser=False).exists():
        sys.exit("This database has people in it. A benchmark needs an empty one.")
    people = [User(username=f"bench{number}", email=f"bench{number}@localhost") for number in range(count)]
    for person in people:
        person.set_unusable_password()
    get_user_model().objects.bulk_create(people)
    with transaction.atomic():  # of thousands, a commit each would take most of the time
        return [f"{settings.SESSION_COOKIE_NAME}={_session(person)}" for person in people]


def keys(count: int) -> list[str]:
    """An API key for each of so many of them."""
    people = User.objects.filter(username__in=[f"bench{number}" for number in range(count)])
    return [api_keys.create(person, "bench", scopes=ApiKey.Scope.values)[1] for person in people]


def forbid(count: int) -> int:
    """Make a rule of so many words, none of which anybody says."""
    words = "\n".join(corpus.words(count).words)
    rule = Rule(name=f"{count} words", words=words, action=Action.MASK.value, scope=Scope.BOTH, dry_run=False)
    rule.full_clean()
    rule.save()
    return rule.word_count


def converse(count: int) -> str:
    """Let the first of them have a conversation of so many messages; where it is."""
    talk = Conversation(owner=User.objects.get(username="bench0"), client_id=uuid4(), title="Long", length=count)
    talk.save()
    rows: list[Message] = []
    for position in range(count):
        role = (Message.Role.USER, Message.Role.ASSISTANT)[position % 2]
        parent = rows[-1] if rows else None
        rows.append(Message(conversation=talk, position=position, parent=parent, role=role, text=SAID[role]))
    Message.objects.bulk_create(rows)
    Conversation.objects.filter(pk=talk.pk).update(tip=rows[-1])
    return talk.url


def saved() -> dict[str, str]:
    """SHA-256 of the text of each finished reply, by its id."""
    ended = Message.objects.filter(role=Message.Role.ASSISTANT, state__in=("complete", "cut"))
    rows = ended.values_list("pk", "text")
    return {str(pk): sha256(text.encode()).hexdigest() for pk, text in rows.iterator()}


def _session(person: User) -> str:
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def main(verb: str, *arguments: str) -> Any:
    verbs: dict[str, Callable[..., Any]] = {
        "make": make,
        "keys": keys,
        "forbid": forbid,
        "converse": converse,
        "saved": saved,
    }
    return verbs[verb](*map(int, arguments))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))

"""All that a person has here, as files of one zip.

No secret of theirs is in it, only facts: that there is a key, a session, a second factor, and since when.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet

from accounts.models import ApiKey, User
from audit.models import Receipt
from conversations.models import Conversation, Draft, Folder, Preset, Rating, SavedPrompt, Share, Tag
from exports import canonical
from exports.outgoing import Outgoing
from exports.reading import records
from exports.records import Record
from limits.models import Restraint, Usage
from moderation.models import Incident

ABOUT = """All that you have on this site.

account.json         your name, address, groups and settings
conversations.jsonl  your conversations, one on a line, in the site's own format chatsite/conversation
*.json               a list of rows each; times are UTC

What is not here: your password and the secrets of your keys, of which only sums are kept; what signs your devices in;
the secrets of second factors; and what others wrote.
"""

ACCOUNT = ("username", "email", "first_name", "last_name", "date_joined", "last_login", "appearance")
KEY = ("name", "prefix", "scopes", "models", "saves", "created_at", "expires_at", "revoked_at", "last_used_at")
PARAMETERS = ("instructions", "temperature", "top_p", "max_tokens", "effort", "model")
SHARE = ("conversation", "title", "messages", "audience", "created_at", "expires_at", "revoked_at")
INCIDENT = ("at", "where", "action", "conversation", "message", "reason", "said", "state", "appeal", "appealed_at")
TOKENS = ("prompt_tokens", "completion_tokens", "charged")
SESSION = ("ip", "user_agent", "created_at", "last_seen_at")
SIGN_ON = ("provider", "uid", "extra_data", "date_joined", "last_login")
USAGE = ("day", "model", "state", "outcome", "reserved_at", "settled_at", *TOKENS)


def write(user: User, path: Path) -> None:
    """The zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as copy:
        copy.writestr("README.txt", ABOUT)
        copy.writestr("account.json", _json(account(user)))
        _lines(copy, "conversations.jsonl", (canonical.line(one) for one in _records(user)))
        for name, rows in lists(user).items():
            _lines(copy, f"{name}.json", _listed(rows.iterator()))


def _records(user: User) -> Iterator[Record]:
    return records(user, _chats(user), outgoing=Outgoing.of_belongings(user))


def account(user: User) -> dict[str, Any]:
    groups = user.groups.order_by("name").values_list("name", flat=True)
    return {**{name: getattr(user, name) for name in ACCOUNT}, "groups": list(groups)}


def lists(user: User) -> "dict[str, QuerySet[Any, dict[str, Any]]]":
    """By name: rows of the person's, and which of their fields."""
    return {
        "drafts": Draft.objects.filter(owner=user).values("conversation", "text", "waiting", "updated_at"),
        "prompts": SavedPrompt.objects.filter(owner=user).values("name", "text", "is_team", "created_at", "updated_at"),
        "presets": Preset.objects.filter(owner=user).values("name", "is_team", *PARAMETERS, "created_at", "updated_at"),
        "folders": Folder.objects.filter(owner=user).values("name"),
        "tags": Tag.objects.filter(owner=user).values("name"),
        "ratings": Rating.objects.filter(reply__conversation__in=_chats(user)).values(
            "reply", "value", "reasons", "note", "at"
        ),
        "shares": Share.objects.visible_to(user).values(*SHARE),
        "usage": Usage.objects.filter(user=user).order_by("day", "reserved_at").values(*USAGE),
        "keys": ApiKey.objects.visible_to(user).values(*KEY),
        "sessions": UserSession.objects.filter(user=user).values(*SESSION),
        "factors": Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at"),
        "sign_ons": SocialAccount.objects.filter(user=user).values(*SIGN_ON),
        "restraints": Restraint.objects.filter(user=user).values("kind", "since", "until", "lifted_at"),
        "incidents": Incident.objects.filter(user=user).values(*INCIDENT),
        "receipts": Receipt.objects.filter(whose=user.pk).values("id", "at", "why", "counts", "digest"),
    }


def _chats(user: User) -> "QuerySet[Conversation]":
    return Conversation.objects.visible_to(user)


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _listed(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
        before = ",\n"
    yield "\n]\n" if before != "[\n" else "[]\n"


def _lines(copy: zipfile.ZipFile, name: str, parts: Iterable[str]) -> None:
    with copy.open(name, "w", force_zip64=True) as file:
        for part in parts:
            file.write(part.encode())

"""Every door is tried by each: those of the URL table, the admin's too, and those of the socket.

A door that has no row in ``tests.hostile.doors`` fails here by its name, so that none is forgotten.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import Model as Row
from django.test import AsyncClient
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from accounts.api_keys import create
from accounts.invitations import invite
from accounts.models import User
from audit.models import Hold, Receipt
from console import roles
from console.models import Banner
from console.roles import TABLE, Role
from conversations import frames
from conversations.models import Folder, Nomination, Preset, SavedPrompt, Share, Tag
from conversations.services import Sent
from conversations.urls import websocket_urlpatterns
from exports.models import ExportJob, Import, Schedule
from limits.models import Policy, Restraint
from moderation.models import Incident, Rule
from retention import models as retention
from retention.models import DataCopy
from tests.conversations.talk import say
from tests.hostile.doors import (
    DOORS,
    FRAMES,
    HER_FOLDER,
    HER_MESSAGE,
    HER_TAG,
    HERS,
    MODEL_PAGES,
    ONLY_SHOWN,
    PEOPLE,
    Way,
)
from tests.tabs import OpenTab
from tests.web import Web

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("model")]

BETWEEN = {"moderator", "auditor", "owner"}  # roles that the short form leaves to their table's own tests
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
MODELS = {model._meta.label_lower: model for model in admin.site._registry}


@dataclass(frozen=True)
class Door:
    """An address as the URL table has it. Its name has the namespace before it; without one the route is its name."""

    name: str
    route: str

    @property
    def model(self) -> str:
        """The model in the admin whose page it is, or nothing."""
        return next((label for label in MODELS if self.name.startswith(f"admin:{label.replace('.', '_')}_")), "")

    @property
    def page(self) -> str:
        return self.name.rpartition("_")[2]


def doors(resolver: URLResolver, before: str = "", namespace: str = "") -> Iterator[Door]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Door(f"{namespace}{pattern.name or str(pattern.pattern)}", route)
        else:
            yield from doors(pattern, route, f"{pattern.namespace}:" if pattern.namespace else namespace)


ALL = [door for door in doors(get_resolver()) if not door.name.endswith("<path:object_id>/")]  # of old bookmarks


def by_rule(door: Door) -> bool:
    return bool(door.model) and door.page in MODEL_PAGES and door.name not in DOORS


def ways(door: Door) -> tuple[Way, ...]:
    if not by_rule(door):
        return DOORS[door.name]
    look, change = MODEL_PAGES[door.page]
    return Way(_who(door.model, look)), *([Way(_who(door.model, change), "post")] if change else [])


def _who(model: str, letters: str) -> str:
    """The row that the table of roles comes to: an owner may what anybody may, and nobody what is in no column."""
    asked = set(letters) & set("v" if model in ONLY_SHOWN else "vacd")
    admin_, moderator, auditor = (bool(asked & set(column)) for column in TABLE[model])
    may = (moderator, auditor, admin_, admin_ or moderator or auditor)
    return "ll" + "".join("i" if one else "n" for one in may)


# --- The tables are whole ---------------------------------------------------------------------------------------------


def test_there_are_doors_at_all() -> None:
    assert len(ALL) > 60
    assert {door.name for door in ALL} >= {"home", "admin:index", "admin:limits_policy_delete", "admin:reading"}


def test_each_door_says_who_comes_in() -> None:
    assert {door.name for door in ALL if not by_rule(door)} - DOORS.keys() == set()


def test_no_door_is_spoken_of_that_is_not_there() -> None:
    assert DOORS.keys() - {door.name for door in ALL} == set()


def test_each_row_speaks_of_each_person() -> None:
    rows = {way.who for door in ALL if by_rule(door) or door.name in DOORS for way in ways(door)}
    assert {row for row in rows if len(row) != len(PEOPLE) or set(row) - set("iln0")} == set()


def test_each_model_in_the_admin_is_in_the_table_of_roles() -> None:
    assert MODELS.keys() - TABLE.keys() == set()


def test_each_frame_of_the_socket_is_tried() -> None:
    assert set(frames.KINDS) == FRAMES.keys()
    assert [str(pattern.pattern) for pattern in websocket_urlpatterns] == ["ws/"]


def test_a_new_door_would_be_seen() -> None:
    """The premise of the rest: a door that nobody speaks of is not let through."""
    new = Door("admin:limits_policy_burn", "admin/limits/policy/burn/")
    assert new.model == "limits.policy"
    assert not by_rule(new)
    with pytest.raises(KeyError, match="burn"):
        ways(new)


# --- And each is tried ------------------------------------------------------------------------------------------------


@dataclass
class Story:
    """What there is to find: all of it Alice's, or about her."""

    alice: User
    sent: Sent
    rows: dict[str, Any]

    def argument(self, door: Door, name: str) -> str:
        known = {
            "conversation_id": self.sent.conversation.pk,
            "reply_id": self.sent.reply,
            "message_id": self.sent.message,
            "import_id": Import.objects.values_list("pk", flat=True).get(),
            "incident_id": self.rows["moderation.incident"],
            "share_id": self.rows["conversations.share"],
            "key_id": self.rows["accounts.apikey"],
            "export_id": self.rows["exports.exportjob"],
            "schedule_id": self.rows["exports.schedule"],
            "nomination_id": self.rows["nomination"],
            "session_id": self.rows["usersessions.usersession"],
            "prompt_id": SavedPrompt.objects.values_list("pk", flat=True).get(is_team=False),
            "preset_id": Preset.objects.values_list("pk", flat=True).get(name="Hers"),
            "copy_id": self.rows["copy"],
            "receipt_id": self.rows["audit.receipt"],
            "token": Share.objects.values_list("token", flat=True).get(),
            "pk": self.rows.get(door.model, 0),
            "id": self.alice.pk,
            "worker": "worker-0",
            "secret": "not-one",
            "provider_id": "none",
            "name": "scripted",
            "content_type_id": 0,
            "object_id": self.rows[door.model] if door.model else 0,
        }
        return str(known[name])

    def address(self, door: Door) -> str:
        if door.name == "admin:app_list":
            return "/admin/limits/"
        if door.name == "account_reset_password_from_key":
            return "/accounts/password/reset/1-not-one/"
        if door.name == "admin:(?P<url>.*)$":
            return "/admin/nowhere/"
        return "/" + ARGUMENT.sub(lambda found: self.argument(door, found[1]), door.route)


@pytest.fixture
def story(alice: User, grace: User) -> Story:
    sent = say(alice, "Alice's secret question")
    made: list[Row] = [
        alice,
        sent.conversation,
        Banner.objects.create(text="Hello"),
        Policy.objects.create(note="For everyone"),
        Rule.objects.create(name="A rule", words="marmalade"),
        Restraint.objects.create(user=alice, kind="slow", by=grace),
        create(alice, "Hers", scopes=["chat"])[0],
        UserSession.objects.create(user=alice, session_key="hers", ip="192.0.2.1"),
        invite(by=grace)[0],
        Share.objects.create(owner=alice, conversation=sent.conversation, title="x", messages=[], audience="people"),
        ExportJob.objects.create(owner=alice, form="jsonl"),
        Schedule.objects.create(owner=alice, form="jsonl", every="day"),
        Preset.objects.create(owner=alice, name="Hers"),
        Preset.objects.create(owner=grace, name="Team's", is_team=True),
        SavedPrompt.objects.create(owner=alice, name="Hers", text="x"),
        SavedPrompt.objects.create(owner=grace, name="Team's", text="x", is_team=True),
        Incident.objects.create(message=sent.reply, user=alice, where="prompt"),
        Hold.objects.create(user=alice, reason="Asked for", by=grace),
        Receipt.objects.create(why="rule", digest="0" * 64),
        retention.Rule.objects.create(what="trash", days=30),
    ]
    Import.objects.create(owner=alice, name="hers.json", size=1, state="ready")
    rows: dict[str, Any] = {row._meta.label_lower: row.pk for row in made}
    rows |= {"conversations.message": sent.reply, "audit.entry": 1}
    roles.give(alice, Role.AUDITOR, by=grace)  # and with it the first entry of the audit log
    roles.give(alice, None, by=grace)
    rows["copy"] = DataCopy.objects.create(owner=alice, state="done", expires_at=timezone.now() + timedelta(1)).pk
    rows["folder"] = Folder.objects.create(owner=alice, name="Hers").pk
    rows["nomination"] = Nomination.objects.create(reply_id=sent.reply).pk
    rows["tag"] = Tag.objects.create(owner=alice, name="hers").pk
    rows["auth.group"] = alice.groups.create(name="team").pk
    assert MODELS.keys() - rows.keys() == set(), "the story needs a row of each model that the admin shows"
    return Story(alice, sent, rows)


def person(kind: str) -> User | None:
    if kind == "stranger":
        return None
    new = User.objects.create_user(f"the-{kind}", f"{kind}@example.org", "x")
    if kind != "member":
        roles.give(new, Role(kind), by=None)
    return User.objects.get(pk=new.pk)


class Visitor:
    """Tries doors, and signs in again after the one that leads out."""

    def __init__(self, web: Web, user: User | None, story: Story) -> None:
        self._web = web
        self._user = user
        self._story = story
        self._client = AsyncClient(raise_request_exception=False)

    def tries(self, address: str, way: Way) -> str:
        """What comes of it, as a letter of the table."""
        return self._web.run(self._try(address, way))

    async def _try(self, address: str, way: Way) -> str:
        if self._user and not await (await self._client.asession()).aget("_auth_user_id"):
            await self._client.aforce_login(self._user)
        said = {name: self._meant(value) for name, value in way.said.items()}
        if way.method == "get":
            answer = await self._client.get(address, said)
        elif said:
            answer = await self._client.post(address, orjson.dumps(said, default=str), content_type="application/json")
        else:
            answer = await self._client.post(address)
        return letter(answer)

    def _meant(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._meant(one) for one in value]
        rows = self._story.rows
        hers = {HERS: self._story.sent.conversation.pk, HER_FOLDER: rows["folder"], HER_TAG: rows["tag"]}
        hers[HER_MESSAGE] = self._story.sent.message
        return hers.get(value, value) if isinstance(value, str | UUID) else value


def letter(answer: Any) -> str:
    if answer.status_code == 401 or (answer.status_code == 302 and "login" in answer.headers["Location"]):
        return "l"
    named = {403: "n", 404: "0"}
    if answer.status_code in named:
        return named[answer.status_code]
    return "i" if answer.status_code in {200, 202, 302, 400, 409, 422, 503} else str(answer.status_code)


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=[pytest.mark.long] if kind in BETWEEN else []) for kind in PEOPLE]
)
def test_each_comes_in_where_the_table_says_and_nowhere_else(web: Web, story: Story, kind: str) -> None:
    visitor, wrong = Visitor(web, person(kind), story), {}
    for door in ALL:
        for way in ways(door):
            expected, found = way.who[PEOPLE.index(kind)], visitor.tries(story.address(door), way)
            if found != expected:
                wrong[f"{way.method} {door.name}"] = f"{found}, not {expected}"
    assert wrong == {}


@pytest.mark.parametrize("kind", PEOPLE)
def test_the_socket_gives_nobody_what_is_alices(open_tab: OpenTab, story: Story, kind: str) -> None:
    tab = open_tab(person(kind))
    if kind == "stranger":
        assert tab.closed() == 4401
        return
    meant = {name: getattr(story.sent, name) for name in ("message", "reply")} | {
        "conversation": story.sent.conversation.pk
    }
    for frame, (said, expected) in FRAMES.items():
        tab.say(type=frame, **{name: meant[name] if value == HERS else value for name, value in said.items()})
        answer = tab.until(lambda one: one["type"] in {"error", "refused", "sent", "limits", "pong", "messages"})
        assert answer.get("code", answer["type"]) == expected, frame
    assert "secret" not in str(tab.frames)

"""A row of each kind that a page shows, made on a running site."""

# One row of everything, the administrator's own where it is somebody's; what it prints are values for ARGUMENT.
ROWS = """
import json
from uuid import uuid4
from django.contrib.auth.models import Group
from accounts.api_keys import create
from accounts.invitations import invite
from accounts.models import User
from audit.models import Entry, Receipt
from console.models import Banner
from conversations.search import index
from conversations.models import Conversation, Message, Nomination, Preset, SavedPrompt, Share
from exports.models import ExportJob, Import
from limits.models import Policy, Restraint
from moderation.models import Incident, Rule
grace, alice = User.objects.get(username="admin"), User.objects.get(username="alice")
talk = Conversation.objects.create(owner=grace, client_id=uuid4(), title="What axe looks at", length=2)
asked = Message.objects.create(conversation=talk, position=0, role="user", client_id=uuid4(), text="What is a queue?")
reply = Message.objects.create(
    conversation=talk, position=1, parent=asked, role="assistant", state="complete", text={text!r}
)
Conversation.objects.filter(pk=talk.pk).update(tip=reply)
at = "2026-01-31T12:00:00+00:00"
said = [
    {{"role": "user", "text": "Why?", "model": "", "at": at}},
    {{"role": "assistant", "text": {text!r}, "model": "scripted", "at": at}},
]
ended = "2020-01-01T00:00Z"
marked = Nomination.objects.create(reply=reply, state="declined", reason="Too old.", decided_by=grace, decided_at=at)
share = Share.objects.create(owner=grace, conversation=talk, title="For axe", messages=said)
made = [
    alice, talk, reply, marked, share,
    Banner.objects.create(text="For axe", starts="2019-01-01T00:00Z", ends=ended),
    Policy.objects.get_or_create(user=alice)[0],
    Rule.objects.create(name="For axe", words="marmalade", enabled=False),
    Restraint.objects.create(user=alice, kind="slow", by=grace, until=ended),
    Incident.objects.create(message=reply.pk, user=alice, where="prompt"),
    Group.objects.get_or_create(name="axe")[0],
    Preset.objects.get_or_create(name="Axe", is_team=True)[0],
    create(grace, "Axe", scopes=["chat"])[0],
    Import.objects.create(owner=grace, name="axe.json", size=1, state="ready"),
    ExportJob.objects.create(owner=grace, form="jsonl", state="failed", problem="fault"),
    Receipt.objects.create(why="rule", digest="0" * 64),
    invite(by=grace, email="axe@example.org")[0],
    SavedPrompt.objects.get_or_create(name="Axe", text="About {{{{topic}}}}", is_team=True)[0],
]
made.append(Entry.objects.latest("pk"))  # of some of these
rows = {{row._meta.label_lower: str(row.pk) for row in made}}
index.catch_up()
print(json.dumps(rows | {{"token": share.token}}))
"""

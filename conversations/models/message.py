"""Messages: one row each, in a tree; replies carry what a worker needs to write them."""

import uuid
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from conversations.markdown import finished
from conversations.models.conversation import Conversation
from conversations.problems import sentence
from conversations.states import FINAL, UNFINISHED, State


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser, kind: str = "chat") -> Self:
        """Those in conversations of this kind."""
        if not user.is_authenticated:
            return self.none()
        mine = {"conversation__owner_id": user.pk, "conversation__kind": kind, "conversation__gone_at": None}
        return self.filter(**mine)

    def replies(self) -> Self:
        return self.filter(role="assistant")

    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)


class Message(models.Model):
    """What a person or the model said. A reply also carries who writes it now (attempt, lease) and what is saved."""

    class Role(models.TextChoices):
        USER = "user", _("person")
        ASSISTANT = "assistant", _("model")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, related_name="messages", verbose_name=_("conversation")
    )
    position = models.PositiveIntegerField(
        _("position"), help_text=_("The order in which the messages of a conversation were saved.")
    )
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, blank=True, related_name="children", verbose_name=_("answers")
    )
    role = models.CharField(_("role"), max_length=9, choices=Role)
    client_id = models.UUIDField(null=True, blank=True, editable=False)
    text = models.TextField(blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.COMPLETE)

    # Of replies only
    reasoning = models.TextField(blank=True)
    model = models.CharField(_("model"), max_length=100, blank=True, help_text=_("Name in the catalog."))
    engine = models.CharField(
        _("engine"), max_length=64, blank=True, default="", help_text=_("What wrote it last: kind and version.")
    )
    instructions_sha256 = models.CharField(
        max_length=64, blank=True, default="", editable=False, help_text=_("Of the system prompt it was written under.")
    )
    options = models.JSONField(
        _("options"), null=True, blank=True, help_text=_("Parameters that were set for it: effort, temperature, top_p.")
    )
    continues = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("continues"),
        help_text=_("The reply that was cut, with whose text it begins."),
    )
    inherited_tokens = models.PositiveIntegerField(
        _("inherited tokens"), default=0, help_text=_("Completion tokens of the reply it continues: not charged again.")
    )
    reasoning_ms = models.PositiveIntegerField(
        _("reasoned for (ms)"), null=True, blank=True, help_text=_("From its first reasoning to its first text.")
    )
    epoch = models.PositiveIntegerField(
        _("epoch"), default=0, help_text=_("Rises when what was shown no longer holds.")
    )
    attempt = models.PositiveIntegerField(
        _("attempt"), default=0, help_text=_("Claims so far; an older one may not write.")
    )
    max_tokens = models.PositiveIntegerField(
        _("tokens allowed"), null=True, blank=True, help_text=_("Its most tokens, by limits and quota as it was sent.")
    )
    at_once = models.PositiveSmallIntegerField(
        _("replies at once"), null=True, blank=True, help_text=_("It waits while the person has as many in writing.")
    )
    remembered_from = models.PositiveIntegerField(
        _("remembers from"),
        null=True,
        blank=True,
        help_text=_("Position of the oldest message the model read; empty: it read all."),
    )
    barren = models.PositiveSmallIntegerField(
        _("barren attempts"), default=0, help_text=_("Attempts in a row without a new byte.")
    )
    lease_until = models.DateTimeField(
        _("lease until"), null=True, blank=True, help_text=_("After this another worker may claim it.")
    )
    stop_requested = models.BooleanField(_("stop requested"), default=False)
    problem = models.CharField(_("problem"), max_length=32, blank=True, help_text=_("Why it failed or was blocked."))
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    ttft_ms = models.PositiveIntegerField(
        _("first text after (ms)"), null=True, blank=True, help_text=_("From saved to first text, milliseconds.")
    )
    prompt_tokens = models.PositiveIntegerField(_("prompt tokens"), default=0)
    completion_tokens = models.PositiveIntegerField(_("completion tokens"), default=0)
    indexed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When it was last put into the index of the search.")
    )

    # Set by conversations.tree on what it loads: which of the messages that answer the same one this is, from 1
    sibling_index = 1
    sibling_count = 1
    sibling_ids: tuple[uuid.UUID, ...] = ()

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "client_id"], name="conversations_message_sent_once"),
            models.UniqueConstraint(fields=["conversation", "position"], name="conversations_message_position"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "model"], name="conversations_message_state"),
            models.Index(fields=["model", "-finished_at"], name="conversations_finished"),
            models.Index(fields=["-created_at", "-id"], name="conversations_message_newest"),
            models.Index(fields=["created_at"], condition=Q(indexed_at=None), name="conversations_to_index"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.pk}"

    @property
    def cursor(self) -> list[int]:
        """Epoch, bytes of reasoning and bytes of text, as in docs/websocket.md."""
        return [self.epoch, len(self.reasoning.encode()), len(self.text.encode())]

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @cached_property
    def html(self) -> SafeString:
        return finished.html(self.text, self.id)

    @cached_property
    def reasoning_html(self) -> SafeString:
        return finished.html(self.reasoning, self.id, finished.REASONING)

    @property
    def rated(self) -> int:
        """1 for good, -1 for bad, 0 while its owner has said neither."""
        return self.rating.value if hasattr(self, "rating") else 0

    @property
    def nominated(self) -> str:
        """How it stands with the knowledge base, in words; empty when its owner did not mark it."""
        return self.nomination.told if hasattr(self, "nomination") else ""

    @property
    def reasoned(self) -> str:
        """For how long, in words; empty when it did not, or still does."""
        if self.reasoning_ms is None or not (self.is_final or self.text):
            return ""
        minutes, seconds = divmod(max(1, round(self.reasoning_ms / 1000)), 60)
        words = _("Thought for {m} min {n} s") if minutes else _("Thought for {n} s")
        return str(words).format(m=minutes, n=seconds)

    @property
    def detail(self) -> str:
        """A sentence for the person about how it ended; empty when it is complete or not finished."""
        return sentence(self.state, self.problem)

    def describe_end(self) -> dict[str, Any]:
        """What the terminal event says."""
        counted = {
            "cursor": self.cursor,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "ttft_ms": self.ttft_ms,
        }
        return counted if self.reasoning_ms is None else {**counted, "reasoning_ms": self.reasoning_ms}

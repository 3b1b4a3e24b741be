"""What rules found and people reported, each once, with what a moderator decided. It outlives the messages."""

import uuid
from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from moderation.models.rule import ACTIONS


class Where(models.TextChoices):
    """In which text it was found."""

    PROMPT = "prompt", _("message")
    REPLY = "reply", _("reply")
    REASONING = "reasoning", _("reasoning")
    TITLE = "title", _("title")
    EXPORT = "export", _("export")
    SHARED = "shared", _("shared page")


class Reason(models.TextChoices):
    """Why a person reports a reply."""

    OFFENSIVE = "offensive", _("insulting or hateful")
    DANGEROUS = "dangerous", _("dangerous advice")
    PRIVATE = "private", _("says what is private")
    WRONG = "wrong", _("wrong or made up")
    OTHER = "other", pgettext_lazy("reason of a report", "something else")


class Decision(models.TextChoices):
    """Where an incident stands."""

    OPEN = "open", pgettext_lazy("state of an incident", "open")
    CONFIRMED = "confirmed", _("confirmed")
    DISMISSED = "dismissed", _("dismissed")
    FALSE_POSITIVE = "false", _("false positive")


class IncidentQuerySet(models.QuerySet["Incident"]):
    """The incidents a question is about."""

    def of_person(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Those that happened to this person, not those they reported."""
        return self.filter(user_id=user.pk, rule__isnull=False) if user.is_authenticated else self.none()

    def appealed(self) -> Self:
        """Appeals that nobody has answered."""
        return self.filter(APPEALED)

    def counting(self, since: datetime) -> Self:
        """What a policy may hold against a person: confirmed, in what they wrote themselves, by a rule in force."""
        return self.filter(
            state=Decision.CONFIRMED, where=Where.PROMPT, dry_run=False, rule__isnull=False, at__gte=since
        )


APPEALED = Q(appealed_at__isnull=False) & (Q(decided_at__isnull=True) | Q(decided_at__lt=F("appealed_at")))


class Incident(models.Model):
    """One finding of a rule, or one report. Rule, conversation and message are numbers: they may be gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), db_default=Now())
    where = models.CharField(_("where"), max_length=9, choices=Where)
    rule = models.BigIntegerField(_("rule"), null=True, help_text=_("Empty for a report."))
    rule_name = models.CharField(_("rule"), max_length=100, blank=True, help_text=_("As it was called then."))
    action = models.CharField(_("done"), max_length=8, blank=True, choices=ACTIONS)
    dry_run = models.BooleanField(_("dry run"), default=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        db_index=False,
        related_name="incidents",
        verbose_name=_("person"),
    )
    user_name = models.CharField(_("name"), max_length=150, blank=True)
    conversation = models.UUIDField(_("conversation"), null=True)
    message = models.UUIDField(_("message"))
    model = models.CharField(_("model"), max_length=100, blank=True)
    start = models.PositiveIntegerField(_("from"), default=0, help_text=_("Characters into the text."))
    end = models.PositiveIntegerField(_("to"), default=0)
    excerpt = models.TextField(_("excerpt"), blank=True)
    reason = models.CharField(_("reason"), max_length=9, blank=True, choices=Reason)
    said = models.TextField(_("what they say"), blank=True, help_text=_("Of who reported it."))
    state = models.CharField(_("state"), max_length=9, choices=Decision, default=Decision.OPEN)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    appeal = models.TextField(_("appeal"), blank=True)
    appealed_at = models.DateTimeField(_("appealed"), null=True)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering: ClassVar = ["-at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["message", "where", "rule", "start"], name="moderation_found_once"),
            models.UniqueConstraint(
                fields=["message", "user"], condition=Q(rule__isnull=True), name="moderation_reported_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-at", "-id"], name="moderation_newest"),
            models.Index(fields=["state", "-at", "-id"], name="moderation_by_state"),
            models.Index(fields=["rule", "-at"], name="moderation_of_rule"),
            models.Index(fields=["user", "-at"], name="moderation_of_person"),
            models.Index(fields=["conversation"], name="moderation_of_conversation"),
            models.Index(
                fields=["assigned_to", "-at"], condition=Q(assigned_to__isnull=False), name="moderation_assigned"
            ),
            models.Index(fields=["decided_by"], condition=Q(decided_by__isnull=False), name="moderation_decided_by"),
            models.Index(fields=["-appealed_at"], condition=Q(appealed_at__isnull=False), name="moderation_appealed"),
            models.Index(fields=["-at", "-id"], condition=Q(rule__isnull=True), name="moderation_reported"),
        ]

    def __str__(self) -> str:
        return f"incident {str(self.pk)[:8]}"

    @property
    def is_report(self) -> bool:
        return self.rule is None

    @property
    def counts(self) -> bool:
        """Whether, once confirmed, it counts against the person: as ``counting`` says."""
        return self.where == Where.PROMPT and not self.dry_run and not self.is_report

    @property
    def is_appealed(self) -> bool:
        """Whether an appeal waits for an answer."""
        return self.appealed_at is not None and (self.decided_at is None or self.decided_at < self.appealed_at)


class Note(models.Model):
    """What a moderator wrote about an incident. Only added, never changed."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="notes", verbose_name=_("incident"))
    at = models.DateTimeField(_("when"), db_default=Now())
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    text = models.TextField(_("note"))

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"note {self.pk}"

"""Rules, and the revision that tells every process that one of them changed."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from moderation import lists
from moderation.matcher import Action, RuleSpec
from moderation.syntax import MOST_SOURCE

ACTIONS = [(Action.BLOCK.value, _("block")), (Action.MASK.value, _("mask")), (Action.FLAG.value, _("flag"))]
CHECKSUMS = [
    ("luhn", _("bank card (Luhn)")),
    ("cn_id", _("Chinese resident identity card")),
    ("iban", _("bank account (IBAN)")),
]


class Revision(models.Model):
    """One row. Its token is another one after each change of a rule; who holds compiled rules compares it."""

    id = models.SmallIntegerField(primary_key=True, default=1, editable=False)
    token = models.CharField(max_length=32)
    changed_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.token

    @classmethod
    def bump(cls) -> None:
        """Say that rules changed, in the transaction that changed them.

        A random token, not a number: one that was read inside a transaction that is then rolled back never returns.
        """
        cls.objects.update_or_create(pk=1, defaults={"token": uuid4().hex})


class Scope(models.TextChoices):
    """Whose words a rule looks at."""

    PROMPT = "prompt", _("messages")
    REPLY = "reply", _("replies")
    BOTH = "both", _("messages and replies")


class RuleQuerySet(models.QuerySet["Rule"]):
    """Whatever changes rules in bulk says so too."""

    def update(self, **values: Any) -> int:
        with transaction.atomic():
            changed = super().update(**values)
            Revision.bump()
        return changed

    def bulk_create(self, objs: Iterable["Rule"], *args: Any, **kwargs: Any) -> list["Rule"]:
        rules = list(objs)
        for rule in rules:
            rule.count_words()
        with transaction.atomic():
            created = super().bulk_create(rules, *args, **kwargs)
            Revision.bump()
        return created

    def without_words(self) -> Self:
        """A list may have megabytes of them."""
        return self.defer("words", "exceptions")


class Rule(models.Model):
    """Words or a pattern to look for, and what is done where they are found."""

    class Kind(models.TextChoices):
        WORDS = "words", _("words")
        PATTERN = "pattern", _("pattern")

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.WORDS)
    words = models.TextField(_("words"), blank=True, help_text=_("One a line. A line that begins with # is a comment."))
    pattern = models.CharField(
        _("pattern"), max_length=MOST_SOURCE, blank=True, help_text=_("A regular expression as RE2 reads it.")
    )
    checksum = models.CharField(
        _("checksum"), max_length=16, blank=True, choices=CHECKSUMS, help_text=_("A match counts only if this holds.")
    )
    exceptions = models.TextField(
        _("exceptions"), blank=True, help_text=_("One a line: what is part of one of these is not found.")
    )
    scope = models.CharField(_("looks at"), max_length=8, choices=Scope, default=Scope.BOTH)
    action = models.CharField(_("action"), max_length=8, choices=ACTIONS, default=Action.FLAG.value)
    message = models.CharField(
        _("message"),
        max_length=500,
        blank=True,
        help_text=_("What a person reads whose message it blocks. Empty: a general sentence."),
    )
    groups = models.ManyToManyField(
        Group,
        blank=True,
        related_name="moderation_rules",
        verbose_name=_("groups"),
        help_text=_("Whom it holds for: people in any of these groups; none chosen: everyone."),
    )
    enabled = models.BooleanField(_("on"), default=True)
    dry_run = models.BooleanField(
        _("dry run"), default=True, help_text=_("Only notes what it finds: nothing is blocked or masked.")
    )
    note = models.TextField(_("note"), blank=True, help_text=_("For those who moderate: why there is this rule."))
    starter = models.CharField(max_length=40, blank=True, editable=False, help_text=_("The starter set it came from."))
    word_count = models.PositiveIntegerField(_("words"), default=0, editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("changed by"),
    )

    objects = RuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def save(self, *, update_fields: Iterable[str] | None = None, **more: Any) -> None:
        fields = None if update_fields is None else set(update_fields)
        if fields is None or "words" in fields:
            self.count_words()
            fields = fields and fields | {"word_count"}
        with transaction.atomic():
            super().save(update_fields=fields, **more)
            Revision.bump()

    def clean(self) -> None:
        """Raise ValidationError, with lines and reasons, for what could never be compiled."""
        if problems := lists.problems(self):
            raise ValidationError(problems)

    def count_words(self) -> None:
        """Keep the number beside the list, which is too long to be read for it."""
        if "words" not in self.get_deferred_fields():
            self.word_count = len(lists.entries(self.words)) if self.kind == self.Kind.WORDS else 0

    @property
    def is_pattern(self) -> bool:
        return self.kind == self.Kind.PATTERN

    @property
    def state(self) -> str:
        """``on``, ``dry`` or ``off``."""
        return "off" if not self.enabled else "dry" if self.dry_run else "on"

    @property
    def spec(self) -> RuleSpec:
        """What the matcher needs of it."""
        return RuleSpec(
            id=self.pk or 0,
            action=Action(self.action),
            words=() if self.is_pattern else tuple(lists.entries(self.words)),
            pattern=self.pattern if self.is_pattern else "",
            checksum=self.checksum if self.is_pattern else "",
            exceptions=tuple(lists.entries(self.exceptions)),
            dry_run=self.dry_run,
        )

"""What is allowed (policies, restraints) and what was used (the ledger and its sums).

The ledger's rows are the truth. A window is the sum of a subject's rows of one day or month, kept so that a send need
not add them up; ``manage.py recount_usage`` proves that they agree.
"""

from typing import Any, ClassVar, Self, cast

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from limits.clock import Span
from limits.contradictions import contradictions
from limits.fields import LimitField, NamesField


class PolicyQuerySet(models.QuerySet["Policy"]):
    def current(self) -> Self:
        """Those that hold now, the newest first."""
        now = timezone.now()
        rows = self.filter(Q(valid_until=None) | Q(valid_until__gt=now), valid_from__lte=now)
        return rows.order_by("-valid_from", "-pk")


class Policy(models.Model):
    """What one person, the members of one group, or by default everyone is allowed.

    An empty field says nothing and is inherited. Several rows may hold at once for the same scope: of these the newest
    that says something counts, field by field.
    """

    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="policies", verbose_name=_("group")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="policies",
        verbose_name=_("person"),
    )
    note = models.CharField(_("note"), max_length=200, blank=True, help_text=_("What it is for."))
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    shared_pool = models.BooleanField(
        _("shared pool"),
        default=False,
        help_text=_("The tokens a day and a month are for all members of the group together, not for each."),
    )

    prompt_chars = LimitField(_("characters in a message"), least=1, may_be_unlimited=False)
    prompt_tokens = LimitField(_("tokens in a message"), least=1)
    conversation_turns = LimitField(_("messages in a conversation"), least=1)
    conversation_tokens = LimitField(_("tokens in a conversation"), least=1)
    output_tokens = LimitField(_("tokens in a reply"), least=1, may_be_unlimited=False)
    requests_per_minute = LimitField(_("messages a minute"))
    replies_at_once = LimitField(_("replies at once"), least=1, may_be_unlimited=False)
    tokens_per_day = LimitField(_("tokens a day"))
    tokens_per_month = LimitField(_("tokens a month"))
    may_share = models.BooleanField(_("may share conversations"), null=True, blank=True)
    may_use_api = models.BooleanField(_("may use the API"), null=True, blank=True)
    may_export = models.BooleanField(_("may export"), null=True, blank=True)
    may_export_reasoning = models.BooleanField(_("may export reasoning"), null=True, blank=True)
    redact_emails = models.BooleanField(_("e-mail addresses are taken out of exports"), null=True, blank=True)
    redact_phones = models.BooleanField(_("phone numbers are taken out of exports"), null=True, blank=True)
    may_set_instructions = models.BooleanField(_("may set instructions"), null=True, blank=True)
    may_set_parameters = models.BooleanField(_("may set parameters"), null=True, blank=True)
    charge_failed = models.BooleanField(_("failed replies count"), null=True, blank=True)
    charge_blocked = models.BooleanField(_("blocked replies count"), null=True, blank=True)
    slow_after = LimitField(
        _("slowed after incidents"), least=1, help_text=_("Confirmed incidents in 30 days, then one message a minute.")
    )
    suspend_after = LimitField(
        _("suspended after incidents"), least=1, help_text=_("Confirmed incidents in 30 days, then no message at all.")
    )
    models = NamesField(_("models"), help_text=_("Names in the catalog, or “all”, or “none”."))

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering: ClassVar = [F("user").asc(nulls_first=True), F("group").asc(nulls_first=True), "-valid_from", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(user=None) | Q(group=None), name="limits_policy_one_scope"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="limits_policy_some_time"
            ),
            models.CheckConstraint(
                condition=Q(shared_pool=False) | Q(group__isnull=False), name="limits_policy_pool_of_a_group"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["valid_from"], condition=Q(user=None, group=None), name="limits_policy_default")
        ]

    def __str__(self) -> str:
        return f"{self.scope}: {self.user or self.group}" if self.user_id or self.group_id else str(self.scope)

    @property
    def scope(self) -> Any:
        """What kind of people it is for, in words."""
        if self.user_id:
            return _("person")
        return _("group") if self.group_id else _("default")

    @classmethod
    def label(cls, field: str) -> str:
        """What people call one of the limits."""
        return str(cast("models.Field[Any, Any]", cls._meta.get_field(field)).verbose_name)

    def clean(self) -> None:
        if errors := contradictions(self):
            raise ValidationError(errors)


class Window(models.Model):
    """The sum of a person's or a pool's ledger rows of one day or month (UTC)."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, db_index=False)
    group = models.ForeignKey(Group, models.CASCADE, null=True, db_index=False)
    kind = models.CharField(_("kind"), max_length=5, choices=Span)
    start = models.DateField(_("first day"))
    reserved = models.PositiveBigIntegerField(_("tokens reserved"), default=0)
    used = models.PositiveBigIntegerField(_("tokens used"), default=0)

    class Meta:
        verbose_name = _("window")
        verbose_name_plural = _("windows")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "kind", "start"], name="limits_window_of_a_person"),
            models.UniqueConstraint(fields=["group", "kind", "start"], name="limits_window_of_a_pool"),
            models.CheckConstraint(condition=Q(user=None) ^ Q(group=None), name="limits_window_one_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.start}"


class Usage(models.Model):
    """The ledger: what one reply reserved and cost. What its policy said then is kept with it."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("reserved")
        SETTLED = "settled", _("settled")
        RELEASED = "released", _("released")

    reply = models.UUIDField(primary_key=True, help_text=_("The reply; the row outlives it."))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, verbose_name=_("person")
    )
    model = models.CharField(_("model"), max_length=100)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.RESERVED)
    outcome = models.CharField(_("outcome"), max_length=8, blank=True, help_text=_("How the reply ended."))
    day = models.DateField(_("day"), help_text=_("Whose quota it counts against, in UTC."))
    reserved_at = models.DateTimeField(_("reserved at"), db_default=Now())
    settled_at = models.DateTimeField(_("settled at"), null=True)
    reserved = models.PositiveBigIntegerField(_("tokens reserved"))
    prompt_tokens = models.PositiveBigIntegerField(_("prompt tokens"), default=0)
    completion_tokens = models.PositiveBigIntegerField(_("completion tokens"), default=0)
    charged = models.PositiveBigIntegerField(_("tokens charged"), default=0)
    charge_failed = models.BooleanField(_("charged if failed"))
    charge_blocked = models.BooleanField(_("charged if blocked"))
    pool_day = models.ForeignKey(
        Group, models.SET_NULL, null=True, db_index=False, related_name="+", verbose_name=_("pool of the day")
    )
    pool_month = models.ForeignKey(
        Group, models.SET_NULL, null=True, db_index=False, related_name="+", verbose_name=_("pool of the month")
    )

    class Meta:
        verbose_name = _("usage")
        verbose_name_plural = _("usage")
        indexes: ClassVar = [
            models.Index(fields=["user", "reserved_at"], name="limits_usage_rate"),
            models.Index(fields=["user", "day"], name="limits_usage_of_a_person"),
            models.Index(fields=["day"], name="limits_usage_of_a_day"),
            models.Index(fields=["reserved_at"], condition=Q(state="reserved"), name="limits_usage_unsettled"),
            models.Index(
                fields=["pool_day", "day"], condition=Q(pool_day__isnull=False), name="limits_usage_of_pool_day"
            ),
            models.Index(
                fields=["pool_month", "day"], condition=Q(pool_month__isnull=False), name="limits_usage_of_pool_month"
            ),
        ]

    def __str__(self) -> str:
        return f"usage of {self.pk}"


class Restraint(models.Model):
    """A person is slowed to one message a minute, or may send none, until a moment or until it is lifted."""

    class Kind(models.TextChoices):
        SLOW = "slow", _("slowed")
        SUSPEND = "suspend", _("suspended")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="restraints", db_index=False, verbose_name=_("person")
    )
    kind = models.CharField(_("kind"), max_length=7, choices=Kind)
    since = models.DateTimeField(_("since"), db_default=Now())
    until = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: until it is lifted."))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("lifted by")
    )

    class Meta:
        verbose_name = _("restraint")
        verbose_name_plural = _("restraints")
        ordering: ClassVar = ["-since"]
        indexes: ClassVar = [models.Index(fields=["user", "lifted_at"], name="limits_restraint_now")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.user}"


class Refusal(models.Model):
    """How many messages were refused on a day (UTC), by the code that the page and the API were told."""

    day = models.DateField(_("day"))
    code = models.CharField(_("reason"), max_length=32)
    messages = models.PositiveIntegerField(_("messages"), default=0)

    class Meta:
        verbose_name = _("refusals")
        verbose_name_plural = _("refusals")
        constraints: ClassVar = [models.UniqueConstraint(fields=["day", "code"], name="limits_refusals_of_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.code}"

"""What else changes rules than saving one: deleting, other groups, a group that goes."""

from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Count
from django.db.models.signals import m2m_changed, post_delete, pre_delete
from django.dispatch import receiver

from moderation.models import Revision, Rule


@receiver(post_delete, sender=Rule, dispatch_uid="moderation.rule_deleted")
def rule_deleted(**_more: Any) -> None:
    Revision.bump()


@receiver(m2m_changed, sender=Rule.groups.through, dispatch_uid="moderation.groups_changed")
def groups_changed(action: str, **_more: Any) -> None:
    if action.startswith("post_"):
        Revision.bump()


@receiver(pre_delete, sender=Group, dispatch_uid="moderation.group_deleted")
def group_deleted(instance: Group, **_more: Any) -> None:
    """A rule for this group alone would become one for everyone: it is switched off."""
    alone = Rule.objects.annotate(number=Count("groups", distinct=True)).filter(number=1, groups=instance)
    Rule.objects.filter(pk__in=list(alone.values_list("pk", flat=True))).update(enabled=False)

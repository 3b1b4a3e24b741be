"""What is in the index of the search: a row for each message and for each title that can be found."""

from typing import ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import Q

from conversations.models.conversation import Conversation
from conversations.models.message import Message


class IndexEntryQuerySet(models.QuerySet["IndexEntry"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(conversation__owner_id=user.pk, conversation__gone_at=None)


class IndexEntry(models.Model):
    """The words themselves are beside it, as each database keeps them (``conversations.search.stores``).

    PostgreSQL's foreign keys are made there, too: they delete an entry that was written while its message went away.
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+", db_constraint=False)
    message = models.OneToOneField(Message, models.CASCADE, null=True, related_name="+", db_constraint=False)
    at = models.BigIntegerField(help_text="When it was said: milliseconds since 1970.")

    objects = IndexEntryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(message=None), name="conversations_indexed_title"
            ),
        ]

    def __str__(self) -> str:
        return f"index entry {self.pk}"

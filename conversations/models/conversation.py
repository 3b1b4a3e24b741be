"""A person's talk with a model, and how the person keeps it in order."""

import uuid
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from conversations.models.parameters import Parameters

if TYPE_CHECKING:
    from conversations.models.message import Message


class OwnedQuerySet(models.QuerySet["Folder | Tag"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> Self:
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner_id=user.pk)


class Folder(models.Model):
    """A conversation is in one folder, or in none."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="folders", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=60)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint("owner", Lower("name"), name="conversations_folder_name")]

    def __str__(self) -> str:
        return f"folder {self.pk}"


class Tag(models.Model):
    """A conversation has any number of these."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tags", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=40)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint("owner", Lower("name"), name="conversations_tag_name")]

    def __str__(self) -> str:
        return f"tag {self.pk}"


class ConversationQuerySet(models.QuerySet["Conversation"]):
    """Conversations are reached through the person who asks; what is not theirs is not found."""

    def visible_to(self, user: AbstractBaseUser | AnonymousUser, kind: str = "chat") -> Self:
        """Those of ``api``, which no page shows, only for whoever asks for them."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(owner_id=user.pk, kind=kind, gone_at=None)

    def held(self) -> Self:
        """Locked until the transaction ends, in one order for all who lock several; before any row that is in them.

        Their keys are not: what refers to them (an entry of the search, a draft) is saved meanwhile. Whoever saved one
        would wait for whoever erases, who waits for the message it is of.
        """
        return self.order_by("pk").select_for_update(no_key=True)


# What the lists of the sidebar show, each from an index of its own
LISTED = Q(trashed_at=None, archived_at=None, pinned_at=None, folder=None)
PINNED = Q(pinned_at__isnull=False)
ARCHIVED = Q(trashed_at=None, archived_at__isnull=False)
TRASHED = Q(trashed_at__isnull=False)
OF_API = Q(kind="api")  # not to be kept
GONE = Q(gone_at__isnull=False)  # for their owners
RETITLED = ~Q(title=F("indexed_title"))  # for the index of the search


class Conversation(Parameters):
    """A person's talk with a model."""

    class Kind(models.TextChoices):
        CHAT = "chat", _("chat")
        API = "api", _("API")

    class Titled(models.TextChoices):
        TEXT = "text", _("its first message")
        MODEL = "model", _("the model")
        PERSON = "person", _("the person")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations", verbose_name=_("owner")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.CHAT)
    title = models.CharField(_("title"), max_length=200)
    titled_by = models.CharField(_("titled by"), max_length=6, choices=Titled, default=Titled.TEXT)
    indexed_title = models.CharField(max_length=200, blank=True, default="", editable=False)  # of the search
    client_id = models.UUIDField(editable=False, help_text=_("The browser's name for the message that began it."))
    length = models.PositiveIntegerField(_("length"), default=0, help_text=_("Messages in it."))
    tip: "models.ForeignKey[Message | None, Message | None]" = models.ForeignKey(
        "conversations.Message",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text=_("The newest message of the branch that was last written or looked at."),
    )
    folder = models.ForeignKey(
        Folder, models.SET_NULL, null=True, blank=True, related_name="conversations", verbose_name=_("folder")
    )
    tags = models.ManyToManyField(Tag, related_name="conversations", blank=True, verbose_name=_("tags"))
    pinned_at = models.DateTimeField(_("pinned"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    trashed_at = models.DateTimeField(_("in the trash since"), null=True, blank=True)
    gone_at = models.DateTimeField(
        null=True, editable=False, help_text=_("Deleted by its owner, and kept while a legal hold is on them.")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    updated_at = models.DateTimeField(_("changed"), db_default=Now())

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering: ClassVar = ["-updated_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "client_id"], name="conversations_conversation_begun_once")
        ]
        indexes: ClassVar = [
            models.Index(F("owner"), F("updated_at").desc(), name="conversations_of_owner"),
            models.Index(fields=["-updated_at"], name="conversations_newest"),
            models.Index(fields=["id"], condition=RETITLED, name="conversations_to_index_title"),
            models.Index(
                F("owner"), F("updated_at").desc(), F("id").desc(), name="conversations_listed", condition=LISTED
            ),
            models.Index(F("owner"), F("pinned_at").desc(), name="conversations_pinned", condition=PINNED),
            models.Index(
                F("owner"), F("updated_at").desc(), F("id").desc(), name="conversations_archived", condition=ARCHIVED
            ),
            models.Index(
                F("owner"), F("trashed_at").desc(), F("id").desc(), name="conversations_trashed", condition=TRASHED
            ),
            models.Index(F("folder"), F("updated_at").desc(), F("id").desc(), name="conversations_of_folder"),
            models.Index(fields=["trashed_at"], name="conversations_trash", condition=TRASHED),
            models.Index(fields=["updated_at"], name="conversations_of_api", condition=OF_API),
            models.Index(fields=["gone_at"], name="conversations_gone", condition=GONE),
        ]

    def __str__(self) -> str:
        return f"conversation {self.pk}"  # its title is what a person wrote, and this reaches logs and admins

    def get_absolute_url(self) -> str:
        return reverse("conversation", args=[self.pk])

    @cached_property
    def url(self) -> str:
        return self.get_absolute_url()

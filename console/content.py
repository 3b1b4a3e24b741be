"""What is known about conversations without reading them: administrators see no text that anyone wrote."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from conversations.models import Conversation, Message

if TYPE_CHECKING:  # generic for the type checker only
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

HIDDEN = frozenset({"title", "text", "reasoning"})


class WithoutWords(_ModelAdmin):
    """Rows that can be looked at, but for what people wrote, and not changed."""

    list_display_links = ("short_id",)
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        hidden = {field.name for field in self.model._meta.fields} & HIDDEN
        return super().get_queryset(request).defer(*hidden)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [field.name for field in self.model._meta.fields if field.name not in HIDDEN]

    @admin.display(description=_("id"), ordering="pk")
    def short_id(self, row: Any) -> str:
        """Enough of it to find it in the log."""
        return str(row.pk)[:8]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Conversation)
class ConversationAdmin(WithoutWords):
    """Whose, how long, and when."""

    list_display = ("short_id", "owner", "kind", "length", "created_at", "updated_at")
    list_filter = ("kind",)
    list_select_related = ("owner",)
    search_fields: ClassVar = ["=pk", "=owner__username", "=owner__email"]
    search_help_text = _("An id, or a person's name or e-mail address.")


@admin.register(Message)
class MessageAdmin(WithoutWords):
    """Its states, attempts, times and tokens."""

    list_display = (
        "short_id",
        "owner",
        "role",
        "state",
        "model",
        "attempt",
        "ttft_ms",
        "completion_tokens",
        "created_at",
    )
    list_filter = ("role", "state", "model")
    list_select_related = ("conversation__owner",)
    ordering = ("-created_at",)
    search_fields: ClassVar = ["=pk", "=conversation__pk", "=conversation__owner__username"]
    search_help_text = _("The id of a message or a conversation, or a person's name.")

    @admin.display(description=_("person"))
    def owner(self, message: Message) -> str:
        return message.conversation.owner.get_username()

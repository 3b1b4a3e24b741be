"""People, and what is known about conversations without reading them: administrators see no text that anyone wrote."""

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from conversations.models import Conversation, Message

if TYPE_CHECKING:  # generic for the type checker only
    _UserAdmin = UserAdmin[User]
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _UserAdmin, _ModelAdmin = UserAdmin, admin.ModelAdmin

HIDDEN = frozenset({"title", "text", "reasoning"})

Deleted = tuple[list[Any], dict[str, int], set[str], list[Any]]  # objects, counts, permissions lacking, protected


admin.site.unregister(EmailAddress)  # of allauth: here an address is a field of the person


@admin.register(User)
class PersonAdmin(_UserAdmin):
    """Django's own pages for accounts, with the e-mail address that everyone here must have."""

    list_display = ("username", "email", "is_active", "is_staff", "last_login", "date_joined")
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Deleted:
        """The people by name, and all that goes with them by number: who may delete a person may delete that."""
        _listed, counts, _lacking, protected = super().get_deleted_objects(objs, request)
        return [str(person) for person in objs], counts, set(), protected


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

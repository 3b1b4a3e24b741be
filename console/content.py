"""What is known about conversations without reading them: administrators see no text that anyone wrote."""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.admin import OnlyItsFilters
from console.bounded import BoundedPaginator
from conversations.models import Conversation, Message
from inference import catalog, serving

HIDDEN = frozenset({"title", "indexed_title", "instructions", "options", "text", "reasoning"})


class WithoutWords(OnlyItsFilters):
    """Rows that can be looked at, but for what people wrote, and not changed."""

    hidden: ClassVar[frozenset[str]] = HIDDEN
    whose: ClassVar[str]  # the way to the person; asked for apart, for a join might be read before the newest rows
    list_display_links = ("short_id",)
    show_full_result_count = False
    list_per_page = 50
    paginator = BoundedPaginator
    search_fields: ClassVar = ["pk"]  # what is searched, ``found`` says

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        hidden = {field.name for field in self.model._meta.fields} & self.hidden
        return super().get_queryset(request).defer(*hidden).prefetch_related(self.whose)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        """Whole ids and people's names only, each by an index."""
        term = search_term.strip()
        return (self.found(queryset, term) if term else queryset), False

    def found(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        """The rows that a term is about."""
        raise NotImplementedError

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [field.name for field in self.model._meta.fields if field.name not in self.hidden]

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

    list_display = ("short_id", "updated_at", "owner", "kind", "length", "created_at")
    list_filter = ("kind",)
    whose = "owner"
    ordering = ("-updated_at",)
    search_help_text = _("An id, or a person's name or e-mail address.")

    def found(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        pk = _identifier(term)
        return queryset.filter(pk=pk) if pk else queryset.filter(owner__in=people_called(term))


class OfModel(admin.SimpleListFilter):
    """Replies of one model, by the catalog: to ask the rows which models there are would read all of them."""

    title = _("model")
    parameter_name = "model"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(model.name, model.label) for model in catalog.load(settings.CATALOG).models]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(Message)
class MessageAdmin(WithoutWords):
    """Its states, attempts, times and tokens."""

    list_display = (
        "short_id",
        "created_at",
        "owner",
        "role",
        "state",
        "answered_by",
        "attempt",
        "ttft_ms",
        "completion_tokens",
    )
    list_filter = ("role", "state", OfModel)
    whose = "conversation__owner"
    ordering = ("-created_at",)
    search_help_text = _("The id of a message or a conversation, or a person's name.")

    def found(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        pk = _identifier(term)
        if pk:
            return queryset.filter(Q(pk=pk) | Q(conversation=pk))
        return queryset.filter(conversation__owner__in=people_called(term))

    @admin.display(description=_("model"), ordering="model")
    def answered_by(self, message: Message) -> str:
        return serving.label(message.model)

    @admin.display(description=_("person"))
    def owner(self, message: Message) -> str:
        return message.conversation.owner.get_username()


def _identifier(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def people_called(term: str) -> list[int]:
    """The person of this name or address: asked for first, so that their rows are then found by an index."""
    people = User.objects.annotate(name=Lower("username"), address=Lower("email"))
    return list(people.filter(Q(name=term.lower()) | Q(address=term.lower())).values_list("pk", flat=True))

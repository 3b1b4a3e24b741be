"""The Markdown of a message, for copying it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.models import User
from conversations.database import in_database
from conversations.models import Message
from conversations.views import signed_in


@require_GET
@signed_in
async def source(request: HttpRequest, user: User, message_id: UUID) -> HttpResponse:
    """A message as it was written, as plain text."""
    message = await in_database(Message.objects.visible_to(user).only("text").get, pk=message_id)
    response = HttpResponse(message.text, content_type="text/plain; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response

"""What the keys do, as a dialog that the page asks for when somebody wants to know."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.models import User
from conversations.views import signed_in

Key = tuple[str, list[list[str]]]  # what it does, and the ways to press it, each a list of keys


@require_GET
@signed_in
async def sheet(request: HttpRequest, user: User) -> HttpResponse:
    """The sheet. Keys are named as on a PC; the page puts a Mac's signs in their place."""
    return render(request, "conversations/shortcuts.html", {"groups": groups()})


def groups() -> list[tuple[str, list[Key]]]:
    return [(_("Conversations"), _conversations()), (_("Writing"), _writing()), (_("Replies"), _replies())]


def _conversations() -> list[Key]:
    return [
        (_("New conversation"), [["Ctrl", "Shift", "O"]]),
        (_("Search"), [["Ctrl", "K"]]),
        (_("Conversation above"), [["Alt", "↑"]]),
        (_("Conversation below"), [["Alt", "↓"]]),
        (_("Show or hide the list"), [["Ctrl", "Shift", "S"]]),
    ]


def _writing() -> list[Key]:
    return [
        (_("To the message field"), [["Shift", "Esc"], ["/"]]),
        (_("Send"), [["Enter"]]),
        (_("New line"), [["Shift", "Enter"]]),
        (_("Edit the last message"), [["↑"], ["E"]]),
        (_("This sheet"), [["?"], ["Ctrl", "/"]]),
    ]


def _replies() -> list[Key]:
    return [
        (_("Stop"), [["Esc"]]),
        (_("Another reply"), [["R"]]),
        (_("Copy the last reply"), [["Ctrl", "Shift", "C"]]),
        (_("Copy the last code"), [["Ctrl", "Shift", ";"]]),
        (_("To the newest message"), [["End"]]),
    ]

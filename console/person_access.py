"""How a person gets in again: a link for a new password, and the removal of second factors that are lost."""

from typing import cast

from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import letters, sessions
from accounts.models import User
from audit.log import record
from console.roles import may_edit


@never_cache
@require_http_methods(["GET", "POST"])
def password_link(request: HttpRequest, pk: int) -> HttpResponse:
    """A link that gives the account a new password, shown once to who passes it on."""
    person = _person(request, pk)
    title = _("A password link for %(name)s") % {"name": person}
    if request.method != "POST" or not person.is_active:
        return _page(request, "console/restrain.html", title, person, button=_("Make a link"))
    record("password.link_made", actor=cast("User", request.user), subject=person)
    link = request.build_absolute_uri(letters.password_path(person))
    return _page(request, "console/invite.html", title, person, link=link)


@require_http_methods(["GET", "POST"])
def remove_factors(request: HttpRequest, pk: int) -> HttpResponse:
    """Passkeys, app and recovery codes go, and with them all sessions: whoever has the device is out."""
    person = _person(request, pk)
    if request.method != "POST":
        title = _("Remove the second factors of %(name)s?") % {"name": person}
        means = _("Passkeys, the app and recovery codes go, and every device is signed out. The password stays.")
        return _page(request, "console/restrain.html", title, person, button=_("Remove"), means=means)
    with transaction.atomic():
        sessions.end_all(person, stops=False)
        Authenticator.objects.filter(user=person).delete()
        record("second_factor.reset", actor=cast("User", request.user), subject=person)
    messages.success(
        request, _("%(name)s signs in with the password alone, and is signed out everywhere.") % {"name": person}
    )
    return HttpResponseRedirect(reverse("admin:accounts_user_overview", args=[person.pk]))


def _person(request: HttpRequest, pk: int) -> User:
    """The person, if the one who asks may change their account."""
    person = get_object_or_404(User, pk=pk)
    if not (request.user.has_perm("accounts.change_user") and may_edit(request.user, person)):
        raise PermissionDenied
    return person


def _page(request: HttpRequest, template: str, title: str, person: User, **more: object) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": title, "person": person, **more}
    return render(request, template, context)

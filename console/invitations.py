"""Invitations in the console: who was invited, by whom, until when; a new one by letter or as a link; revoking."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invitations, letters, tasks
from accounts.models import Invitation, User
from console.content import WithoutWords, people_called
from console.roles import GROUPS

DAYS = [("1", gettext_lazy("a day")), ("7", gettext_lazy("a week")), ("30", gettext_lazy("30 days"))]
STATES = {
    "open": pgettext_lazy("of an invitation", "open"),
    "accepted": pgettext_lazy("of an invitation", "accepted"),
    "revoked": gettext_lazy("revoked"),
    "expired": gettext_lazy("expired"),
}


class InviteForm(forms.Form):
    """Whom, into which group, and for how long."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("Only this address can use it. Empty: whoever has the link."),
    )
    group = forms.ModelChoiceField(
        label=gettext_lazy("Group"),
        required=False,
        queryset=Group.objects.exclude(name__in=GROUPS.values()).order_by("name"),
    )
    days = forms.ChoiceField(label=gettext_lazy("Ends after"), choices=DAYS, initial="7")

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        if address and User.objects.filter(email__iexact=address).exists():
            raise ValidationError(_("There is an account with this address already."))
        return address


class State(admin.SimpleListFilter):
    """Which can still be used, and what became of the others."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        expired = Q(expires_at__lte=timezone.now())
        unused = Q(accepted_at=None, revoked_at=None)
        wanted = {
            "open": unused & ~expired,
            "accepted": Q(accepted_at__isnull=False),
            "revoked": Q(revoked_at__isnull=False),
            "expired": unused & expired,
        }
        return queryset.filter(wanted[value]) if (value := self.value() or "") in wanted else queryset


@admin.register(Invitation)
class InvitationAdmin(WithoutWords):
    """Each by its address, or its number."""

    hidden = frozenset({"digest"})
    list_display = ("invited", "state", "group", "by", "created_at", "expires_at", "accepted_by")
    list_display_links = ("invited",)
    list_filter = (State,)
    list_select_related = ("group", "by", "accepted_by")
    actions = ("revoke",)
    whose = "accepted_by"
    ordering = ("-pk",)
    search_help_text = gettext_lazy("The address it is for, or a person's name or e-mail address.")

    def get_urls(self) -> list[URLPattern]:
        page = path("invite/", self.admin_site.admin_view(invite), name="accounts_invitation_invite")
        return [page, *super().get_urls()]

    def found(self, queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
        people = people_called(term)
        return queryset.filter(Q(email__iexact=term) | Q(by__in=people) | Q(accepted_by__in=people))

    @admin.display(description=gettext_lazy("for"), ordering="pk")
    def invited(self, row: Invitation) -> str:
        return row.email or _("whoever has the link (#%(number)d)") % {"number": row.pk}

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Invitation) -> SafeString:
        of_row = (
            "accepted" if row.accepted_at else "revoked" if row.revoked_at else "expired" if row.is_over else "open"
        )
        shown = "over" if row.is_over else "open"
        return format_html('<span class="state" data-state="{}">{}</span>', shown, STATES[of_row])

    @admin.action(description=gettext_lazy("Revoke"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        chosen = Invitation.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))
        ended = invitations.revoke(chosen, by=cast("User", request.user))
        words = ngettext("%(number)d invitation was revoked.", "%(number)d invitations were revoked.", ended)
        messages.success(request, words % {"number": ended})

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Asked by Django for the action."""
        return request.user.has_perm("accounts.change_invitation")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest) -> HttpResponse:
    """The form. Sent, the answer has the link, this once, unless a letter has it."""
    if not request.user.has_perm("accounts.add_invitation"):
        raise PermissionDenied
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, form=form)
    said = form.cleaned_data
    made, secret = invitations.invite(
        by=cast("User", request.user), email=said["email"], group=said["group"], days=int(said["days"])
    )
    if made.email and settings.EMAIL_URL:
        site = request.build_absolute_uri("/").rstrip("/")
        tasks.invitation.delay(made.pk, secret, site, translation.get_language())
        messages.success(request, _("An e-mail is on its way to %(address)s.") % {"address": made.email})
        return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))
    return _page(request, link=request.build_absolute_uri(letters.invitation_path(secret)), made=made)


def _page(request: HttpRequest, **more: Any) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": _("Invite somebody"), **more}
    return render(request, "console/invite.html", context)

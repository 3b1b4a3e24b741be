"""The page of a person's API keys: which there are, a new one whose secret is shown this once, and revoking."""

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import api_keys
from accounts.models import ApiKey, User
from conversations import offered
from conversations.api_keys.forms import KeyForm
from limits.policies import limits_of

MOST_LISTED = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """The list and the form. Posted, the answer has the secret: it is neither stored nor in an address."""
    user = cast("User", request.user)
    if request.method != "POST":
        return _page(request, user)
    form = KeyForm(request.POST, user=user)
    made = form.create(by=user)
    if made is None:
        return _page(request, user, status=422, form=form)
    key, secret = made
    model = key.models[0] if key.models else offered.in_force("", limits_of(user.pk)).name
    site = request.build_absolute_uri("/v1")
    return _page(request, user, status=201, made=key, secret=secret, model=model, address=site)


@require_POST
@login_required
def revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    """One key. Another person's is not found."""
    user = cast("User", request.user)
    theirs = ApiKey.objects.visible_to(user).filter(pk=key_id)
    if not theirs.exists():
        raise Http404
    api_keys.revoke(theirs, by=user)
    return HttpResponseRedirect(reverse("api_keys"))


@require_POST
@login_required
def revoke_all(request: HttpRequest) -> HttpResponse:
    """All of them."""
    user = cast("User", request.user)
    api_keys.revoke(ApiKey.objects.visible_to(user).active(), by=user)
    return HttpResponseRedirect(reverse("api_keys"))


def _page(request: HttpRequest, user: User, *, status: int = 200, **more: Any) -> HttpResponse:
    rows = list(ApiKey.objects.visible_to(user)[:MOST_LISTED])
    context: dict[str, Any] = {"keys": rows, "open": sum(not key.is_over for key in rows)}
    try:
        api_keys.check_may_use(user)
        context["form"] = KeyForm(user=user)
    except api_keys.KeyRefused as no:
        context["refusal"] = no.detail
    return render(request, "account/api_keys.html", {**context, **more}, status=status)

"""Banners in the admin: what is announced, to whom, and whether it is shown now."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit.admin import AuditedAdmin
from console import banners
from console.models import Banner

STATES = {
    "active": pgettext_lazy("state of a banner", "shown now"),
    "soon": pgettext_lazy("state of a banner", "later"),
    "over": pgettext_lazy("state of a banner", "over"),
}


@admin.register(Banner)
class BannerAdmin(AuditedAdmin):
    """With a preview of what the chat page shows."""

    list_display = ("__str__", "state", "level", "audience", "starts", "ends")
    list_filter = ("level", "audience")
    search_fields: ClassVar = ["text"]
    readonly_fields = ("preview",)
    fieldsets = (
        (None, {"fields": ("text", "level", "preview")}),
        (_("Who sees it, and when"), {"fields": ("audience", "starts", "ends", "dismissible")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **more: Any) -> Any:
        if db_field.name == "text":
            more["widget"] = forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})
        return super().formfield_for_dbfield(db_field, request, **more)

    class Media:
        css: ClassVar = {"all": ["css/banner.css"]}

    @admin.display(description=_("state"))
    def state(self, banner: Banner) -> SafeString:
        now = timezone.now()
        over = banner.ends is not None and banner.ends <= now
        state = "over" if over else "soon" if banner.starts > now else "active"
        return format_html('<span class="state" data-state="{}">{}</span>', state, STATES[state])

    @admin.display(description=_("preview"))
    def preview(self, banner: Banner) -> Any:
        if not banner.pk:
            return _("Save it and go on editing to see what it looks like.")
        return SafeString(render_to_string("console/banner.html", {"banner": banner, "hidden": False}))

    def save_model(self, request: HttpRequest, obj: Banner, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        banners.recent.forget()

    def delete_model(self, request: HttpRequest, obj: Banner) -> None:
        super().delete_model(request, obj)
        banners.recent.forget()

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        super().delete_queryset(request, queryset)
        banners.recent.forget()

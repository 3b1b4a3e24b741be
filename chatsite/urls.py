"""Addresses of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from accounts.appearance_page import set_language
from chatsite import health, installed, metrics
from console.security import csp_reports

# One door to sign in, the one that counts wrong passwords: the admin's own would take any number.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("conversations.urls")),
    path("", include("exports.urls")),
    path("accounts/data/", include("retention.urls")),
    path("v1/", include("conversations.api.urls")),
    path("v1/", include("exports.api.urls")),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("i18n/setlang/", set_language, name="set_language"),
    path("manifest.webmanifest", installed.manifest, name="manifest"),
    path("sw.js", installed.worker, name="worker"),
    path("offline/", installed.offline, name="offline"),
    path("csp-reports", csp_reports.take, name="csp_reports"),
    path("healthz", health.alive, name="alive"),
    path("readyz", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
]

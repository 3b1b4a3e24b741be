"""Addresses of the API for exports."""

from django.urls import path

from exports.api import views

urlpatterns = [
    path("exports", views.exports, name="api_exports"),
    path("exports/<uuid:export_id>", views.export, name="api_export"),
    path("exports/<uuid:export_id>/cancel", views.cancel, name="api_export_cancel"),
    path("exports/<uuid:export_id>/file", views.file, name="api_export_file"),
]

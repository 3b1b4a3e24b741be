"""Addresses of the API for exports and imports."""

from django.urls import path

from exports.api import imports, views

urlpatterns = [
    path("exports", views.exports, name="api_exports"),
    path("exports/<uuid:export_id>", views.export, name="api_export"),
    path("exports/<uuid:export_id>/cancel", views.cancel, name="api_export_cancel"),
    path("exports/<uuid:export_id>/file", views.file, name="api_export_file"),
    path("imports", imports.imports, name="api_imports"),
    path("imports/<uuid:import_id>", imports.one, name="api_import"),
    path("imports/<uuid:import_id>/begin", imports.begin, name="api_import_begin"),
    path("imports/<uuid:import_id>/cancel", imports.cancel, name="api_import_cancel"),
]

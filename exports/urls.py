"""Addresses of what leaves and what comes in."""

from django.urls import path

from exports import views
from exports.imports import views as imports
from exports.pages.urls import urlpatterns as pages

urlpatterns = [
    path("c/<uuid:conversation_id>/export/", views.dialog, name="export"),
    path("c/<uuid:conversation_id>/export/file/", views.file, name="export_file"),
    path("exports/import/", imports.imports, name="imports"),
    path("exports/import/<uuid:import_id>/", imports.one_import, name="import"),
    path("exports/import/<uuid:import_id>/begin/", imports.confirm, name="import_begin"),
    path("exports/import/<uuid:import_id>/cancel/", imports.cancel, name="import_cancel"),
    *pages,
]

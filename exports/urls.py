"""Addresses of what leaves."""

from django.urls import path

from exports import views
from exports.pages.urls import urlpatterns as pages

urlpatterns = [
    path("c/<uuid:conversation_id>/export/", views.dialog, name="export"),
    path("c/<uuid:conversation_id>/export/file/", views.file, name="export_file"),
    *pages,
]

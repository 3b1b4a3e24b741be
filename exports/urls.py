"""Addresses of what leaves."""

from django.urls import path

from exports import views

urlpatterns = [
    path("c/<uuid:conversation_id>/export/", views.dialog, name="export"),
    path("c/<uuid:conversation_id>/export/file/", views.file, name="export_file"),
]

"""Addresses of the page of exports."""

from django.urls import URLPattern, URLResolver, path

from exports.pages import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("exports/", views.exports, name="exports"),
    path("exports/list/", views.listed, name="exports_list"),
    path("exports/<uuid:export_id>/file/", views.file, name="exports_file"),
    path("exports/<uuid:export_id>/cancel/", views.cancel, name="exports_cancel"),
    path("exports/<uuid:export_id>/delete/", views.delete, name="exports_delete"),
    path("exports/<uuid:export_id>/update/", views.update, name="exports_update"),
    path("exports/schedules/<int:schedule_id>/delete/", views.delete_schedule, name="exports_schedule_delete"),
]

"""Addresses of a person's own data, below ``/accounts/data/``."""

from django.urls import path

from retention import pages

urlpatterns = [
    path("", pages.data, name="account_data"),
    path("copy/", pages.ask_copy, name="account_data_copy"),
    path("copy/<uuid:copy_id>/", pages.download, name="account_data_download"),
    path("leave/", pages.leave, name="account_leave"),
    path("receipt/<uuid:receipt_id>/", pages.receipt, name="deletion_receipt"),
]

"""Addresses of sign-in: those of allauth's that this site has a use for.

The others send mail, which nothing here does; among them is the one where people give themselves any e-mail address,
another person's too, and addresses are names to sign in with.
"""

from allauth.account import views
from django.urls import path
from django.views.generic import TemplateView

from accounts import appearance_page, security_page, usage

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("suspended/", TemplateView.as_view(template_name="account/suspended.html"), name="account_suspended"),
    path("security/", security_page.security, name="account_security"),
    path("sessions/<int:session_id>/end/", security_page.end_session, name="account_session_end"),
    path("sessions/end/", security_page.end_other_sessions, name="account_sessions_end"),
    path("signup/", views.signup, name="account_signup"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path(
        "password/reset/",
        TemplateView.as_view(template_name="account/password_reset.html"),
        name="account_reset_password",
    ),
    path("appearance/", appearance_page.appearance, name="account_appearance"),
    path("usage/", usage.usage, name="account_usage"),
    path("usage/days.csv", usage.usage_csv, name="account_usage_csv"),
]

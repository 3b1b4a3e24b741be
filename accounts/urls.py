"""Addresses of sign-in: those of allauth's that this site has a use for.

The others send mail, which nothing here does; among them is the one where people give themselves any e-mail address,
another person's too, and addresses are names to sign in with.
"""

from allauth.account import views
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as social
from django.urls import path, re_path
from django.views.generic import RedirectView, TemplateView

from accounts import appearance_page, joining, letters_page, security_page, single_sign_on, usage

urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("inactive/", views.account_inactive, name="account_inactive"),
    path("suspended/", TemplateView.as_view(template_name="account/suspended.html"), name="account_suspended"),
    path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("2fa/app/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("2fa/app/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("2fa/recovery-codes/generate/", recovery_codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("2fa/passkeys/", RedirectView.as_view(pattern_name="mfa_index"), name="mfa_list_webauthn"),
    path("2fa/passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("2fa/passkeys/<int:pk>/remove/", security_page.remove_passkey, name="mfa_remove_webauthn"),
    path("2fa/passkeys/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("2fa/passkeys/reauthenticate/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("oidc/<str:provider_id>/login/", single_sign_on.login, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", single_sign_on.callback, name="openid_connect_callback"),
    path("oidc/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path(
        "oidc/closed/",
        TemplateView.as_view(template_name="account/signup_closed.html"),
        name="socialaccount_signup",
    ),
    path("security/", security_page.security, name="account_security"),
    path("sessions/<int:session_id>/end/", security_page.end_session, name="account_session_end"),
    path("sessions/end/", security_page.end_other_sessions, name="account_sessions_end"),
    path("signup/", letters_page.sign_up, name="account_signup"),
    path("letter/", TemplateView.as_view(template_name="account/letter_sent.html"), name="account_letter_sent"),
    path("invitations/<str:secret>/", joining.invited, name="account_invitation"),
    path("join/", joining.join, name="account_join"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/set/", views.password_set, name="account_set_password"),
    path("password/reset/", letters_page.lost_password, name="account_reset_password"),
    re_path(
        r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("appearance/", appearance_page.appearance, name="account_appearance"),
    path("usage/", usage.usage, name="account_usage"),
    path("usage/days.csv", usage.usage_csv, name="account_usage_csv"),
]

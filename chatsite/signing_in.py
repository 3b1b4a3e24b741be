"""Django's settings for how people get in; ``chatsite.settings`` takes them all."""

from django.core.exceptions import ImproperlyConfigured

from chatsite.environment import read
from chatsite.mail import mail

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.ByAddressOrName"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "accounts.passwords.LongEnough",
        "django.contrib.auth.password_validation.CommonPasswordValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
MFA_ADAPTER = "accounts.mfa_adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses come from administrators, invitations or the other site
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # clocks of telephones: the codes of half a minute before and after count, each once
SOCIALACCOUNT_ADAPTER = "accounts.single_sign_on.SingleSignOnAdapter"
OIDC_ISSUER: str = read("CHATSITE_OIDC_ISSUER").rstrip("/")
OIDC_SIGN_UP: bool = read("CHATSITE_OIDC_SIGN_UP")
OIDC_TRUST_EMAIL: bool = read("CHATSITE_OIDC_TRUST_EMAIL")
OIDC = {
    "provider_id": "oidc",
    "name": read("CHATSITE_OIDC_NAME"),
    "client_id": read("CHATSITE_OIDC_CLIENT_ID"),
    "secret": read("CHATSITE_OIDC_CLIENT_SECRET"),
    "settings": {"server_url": OIDC_ISSUER, "oauth_pkce_enabled": True},
}
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [OIDC] if OIDC_ISSUER else [], "OAUTH_PKCE_ENABLED": True}}
SECOND_FACTOR: str = read("CHATSITE_SECOND_FACTOR")
ALLAUTH_TRUSTED_PROXY_COUNT = 0  # a request's address is right already: chatsite.proxies
ADMINS_READ: bool = read("CHATSITE_ADMINS_READ")
PHONE_REGIONS: list[str] = read("CHATSITE_PHONE_REGIONS")
SIGN_UP_DOMAINS: list[str] = [domain.lower().lstrip("@") for domain in read("CHATSITE_SIGN_UP_DOMAINS")]
EMAIL_URL: str = read("CHATSITE_EMAIL_URL")
if SIGN_UP_DOMAINS and not EMAIL_URL:
    raise ImproperlyConfigured("CHATSITE_SIGN_UP_DOMAINS needs CHATSITE_EMAIL_URL: addresses are proved by a letter.")
vars().update(mail(EMAIL_URL))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = read("CHATSITE_EMAIL_FROM")
PASSWORD_RESET_TIMEOUT = 86_400
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

"""Django's settings. Each environment variable is read once, here; ``chatsite.variables`` says what it means."""

import socket
import sys
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from chatsite.addresses import database, watched_redis
from chatsite.environment import ROOT, read
from chatsite.proxies import networks
from chatsite.redis_socket import redis_socket, socket_url
from chatsite.secret import secret_key
from chatsite.signing_in import *  # noqa: F403 - the settings of people
from chatsite.signing_in import OIDC_ISSUER
from inference.sentinels import ASKING

BASE_DIR = ROOT
DATA_DIR: Path = read("CHATSITE_DATA_DIR")
CACHE_DIR: Path = read("CHATSITE_CACHE_DIR")
DEBUG: bool = read("CHATSITE_DEBUG")
SECRET_KEY = read("CHATSITE_SECRET_KEY") or secret_key(DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS: list[str] = read("CHATSITE_SECRET_KEY_FALLBACKS")
SERVER: str = read("CHATSITE_SERVER")
BIND: str = read("CHATSITE_BIND")
PORT: int = read("CHATSITE_PORT")
HTTPS: bool = read("CHATSITE_HTTPS")
PROXIES: list[str] = read("CHATSITE_PROXIES")
networks(PROXIES)  # nonsense ends the start
if HTTPS and not PROXIES:  # without this each page would be led to itself for ever
    raise ImproperlyConfigured("CHATSITE_HTTPS needs CHATSITE_PROXIES: the addresses of the proxy that ends TLS.")
ALLOWED_HOSTS: list[str] = read("CHATSITE_HOSTS")
CSRF_TRUSTED_ORIGINS: list[str] = read("CHATSITE_ORIGINS")
FIRST_ADMIN_EMAIL: str = read("CHATSITE_ADMIN_EMAIL")
FIRST_ADMIN_PASSWORD: str = read("CHATSITE_ADMIN_PASSWORD")

INSTALLED_APPS = [
    "servestatic.runserver_nostatic",
    *(["daphne"] if "runserver" in sys.argv else []),  # it brings Twisted, 20 MB, into every process
    "console.apps.ConsoleAdminConfig",  # Django's admin, with the console's pages in it
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "audit",
    "limits",
    "moderation",
    "accounts",
    "inference",
    "conversations",
    "exports.apps.ExportsConfig",
    "retention.apps.RetentionConfig",
    "console.apps.ConsoleConfig",
    "chatsite",
]
MIDDLEWARE = [
    "conversations.api.apart.apart",  # first: what it answers passes none of the others
    "django.middleware.security.SecurityMiddleware",
    "chatsite.compression.compress_html",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.second_factor.first",
    "accounts.middleware.traces",
    "accounts.middleware.seen",
]
ROOT_URLCONF = "chatsite.urls"
ASGI_APPLICATION = "chatsite.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.banners.context",
                "accounts.appearance.context",
            ],
        },
    },
]

# --- Data -------------------------------------------------------------------------------------------------------------

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": str(DATA_DIR / "chatsite.sqlite3"),
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-8000;"
            "PRAGMA mmap_size=134217728; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;"
        ),
    },
}

DATABASE_URL: str = read("DATABASE_URL")
DATABASES = {"default": database(DATABASE_URL) if DATABASE_URL else SQLITE}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LEAVING_DAYS: int = read("CHATSITE_LEAVING_DAYS")
COPY_HOURS: int = read("CHATSITE_COPY_HOURS")
BACKUP_DIR: Path = read("CHATSITE_BACKUP_DIR") or DATA_DIR / "backups"
BACKUP_HOURS: int = read("CHATSITE_BACKUP_HOURS")
BACKUPS_KEPT: int = read("CHATSITE_BACKUPS_KEPT")
BACKUP_PASSPHRASE_FILE: Path | None = read("CHATSITE_BACKUP_PASSPHRASE_FILE")

REDIS_SOCKET = redis_socket(DATA_DIR)
REDIS_IS_EMBEDDED = not read("REDIS_URL")
REDIS_URL: str = read("REDIS_URL") or socket_url(REDIS_SOCKET)
WATCHED = watched_redis(REDIS_URL)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"pool_class": "inference.sentinels.Pool"} if WATCHED else {},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [WATCHED.channel_host if WATCHED else REDIS_URL], "prefix": "hints"},
    },
}

CELERY_BROKER_URL = WATCHED.broker_url if WATCHED else REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "background"
CELERY_TASK_ROUTES = {"conversations.tasks.reply": {"queue": "replies"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_keepalive": True,  # else a worker waits for hours at a server whose machine is gone
    "socket_keepalive_options": {socket.TCP_KEEPIDLE: 5, socket.TCP_KEEPINTVL: 2, socket.TCP_KEEPCNT: 3},
    "health_check_interval": 30,
    "ack_emulation": False,  # tickets are not kept until they are done: the rows are, and the sweeper replaces tickets
    **({"master_name": WATCHED.service, **ASKING} if WATCHED else {}),
}

# --- The model --------------------------------------------------------------------------------------------------------

CATALOG: Path = read("CHATSITE_CATALOG")
MODEL: str = read("CHATSITE_MODEL")
PROMPT_CHARS: int = read("CHATSITE_PROMPT_CHARS")
REPLIES_AT_ONCE: int = read("CHATSITE_REPLIES_AT_ONCE")
REPLY_TOKENS: int = read("CHATSITE_REPLY_TOKENS")
TITLES: bool = read("CHATSITE_TITLES")
TRASH_DAYS: int = read("CHATSITE_TRASH_DAYS")
IMPORT_MB: int = read("CHATSITE_IMPORT_MB")
IMPORT_UNPACKED_MB: int = read("CHATSITE_IMPORT_UNPACKED_MB")
IMPORT_CONVERSATION_MB: int = read("CHATSITE_IMPORT_CONVERSATION_MB")
IMPORT_CONVERSATIONS: int = read("CHATSITE_IMPORT_CONVERSATIONS")
IMPORT_MESSAGES: int = read("CHATSITE_IMPORT_MESSAGES")

# --- Words ------------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LANGUAGE_COOKIE_AGE = 31_536_000
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["chatsite.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
# An instance's own: two checkouts, or two instances of one, may share the cache.
STATIC_ROOT: Path = read("CHATSITE_STATIC_DIR") or DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "chatsite.static.Storage"},
}
SERVESTATIC_KEEP_ONLY_HASHED_FILES = False

EXPORT_DAYS: int = read("CHATSITE_EXPORT_DAYS")
EXPORTS_TO: str = read("CHATSITE_EXPORTS_TO")
EXPORTS_S3_ENDPOINT: str = read("CHATSITE_EXPORTS_S3_ENDPOINT")
EXPORTS_S3_KEY: str = read("CHATSITE_EXPORTS_S3_KEY")
EXPORTS_S3_SECRET: str = read("CHATSITE_EXPORTS_S3_SECRET")
if EXPORTS_TO and not EXPORTS_TO.startswith(("/", "s3://")):
    raise ImproperlyConfigured("CHATSITE_EXPORTS_TO is neither a folder from / on nor a bucket: s3://bucket/folder.")

# --- Safety -----------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        # The other site's, too, as it is led to by a form. Of an address its origin, as a path would not match.
        "form-action": [SELF, *(["/".join(OIDC_ISSUER.split("/")[:3])] if OIDC_ISSUER else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-reports",
    },
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
if HTTPS:  # with this prefix browsers take them from this host alone, over HTTPS alone
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]  # asked on this machine, behind the proxy
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
LARGEST_BODIES = {  # bytes, by the beginning of the address; more is refused before Django keeps it anywhere
    "/": DATA_UPLOAD_MAX_MEMORY_SIZE,
    "/admin/moderation/rule/": 9 << 20,  # word lists from files
    "/csp-reports": 16_384,
    "/exports/import/": (IMPORT_MB + 1) << 20,
    "/v1/imports": (IMPORT_MB + 1) << 20,
}

METRICS_TOKEN: str = read("CHATSITE_METRICS_TOKEN")
METRICS_BIND: str = read("CHATSITE_METRICS_BIND")
WORKER_METRICS_PORT: int = read("CHATSITE_WORKER_METRICS_PORT")
BACKGROUND_METRICS_PORT: int = read("CHATSITE_BACKGROUND_METRICS_PORT")

# --- Logs -------------------------------------------------------------------------------------------------------------

LOG_LEVEL: str = read("CHATSITE_LOG_LEVEL")
LOG_FORMAT: str = read("CHATSITE_LOG_FORMAT")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"reply": {"()": "inference.concerning.ReplyField"}},
    "formatters": {"line": {"()": "chatsite.logs.Line"}, "json": {"()": "chatsite.logs.Json"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["reply"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},  # it tells which letters a text has
        "fpdf": {"level": "ERROR"},  # so does this
        "uvicorn.access": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},  # anybody could fill the disk with its tracebacks
    },
}

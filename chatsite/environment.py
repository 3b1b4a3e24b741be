"""Every environment variable the site reads: name, type, default, meaning. ``docs/settings.md`` is made from it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable. ``shown_default`` is what is documented where the default depends on the machine."""

    name: str
    cast: type | str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()
    least: int = 0  # of a number
    shown_default: str = ""


def _home(name: str, fallback: str) -> Path:
    return Path(os.environ.get(name) or Path.home() / fallback)


VARIABLES = (
    Variable("CHATSITE_PORT", int, 8000, "Port of the site."),
    Variable("CHATSITE_BIND", str, "127.0.0.1", "Address the web process listens on."),
    Variable("CHATSITE_HOSTS", list, ["localhost", "127.0.0.1", "[::1]"], "Host names the site answers to."),
    Variable(
        "CHATSITE_ORIGINS",
        list,
        [],
        "Origins (https://chat.example.org) that may post and open sockets behind a proxy.",
    ),
    Variable("CHATSITE_HTTPS", bool, False, "The site is reached over HTTPS: secure cookies, HSTS, redirects."),
    Variable(
        "CHATSITE_PROXIES",
        list,
        [],
        "Addresses or networks of the proxies in front of the web process, with commas: theirs are the only "
        "X-Forwarded-For and X-Forwarded-Proto that are believed.",
    ),
    Variable(
        "CHATSITE_DATA_DIR",
        Path,
        ROOT / "data",
        "Folder of everything that must be kept: database, Redis dump, secret key, logs.",
        shown_default="data/ in the checkout",
    ),
    Variable(
        "CHATSITE_CACHE_DIR",
        Path,
        _home("XDG_CACHE_HOME", ".cache") / "chatsite",
        "Folder of what can be made again: converted models, wheels.",
        shown_default="~/.cache/chatsite",
    ),
    Variable(
        "CHATSITE_SECRET_KEY", str, "", "Django's secret key. Empty: made on first run and kept in the data folder."
    ),
    Variable(
        "CHATSITE_SECRET_KEY_FALLBACKS",
        list,
        [],
        "Earlier secret keys, with commas: what they signed still holds, so a new key signs nobody out. "
        "After `manage.py renew_secrets` and two weeks they may go.",
    ),
    Variable(
        "CHATSITE_STATIC_DIR",
        Path,
        None,
        "Folder of the collected static files, which an image brings along.",
        shown_default="static/ in the data folder",
    ),
    Variable("CHATSITE_ADMIN_EMAIL", str, "admin@localhost", "E-mail of the first administrator."),
    Variable(
        "CHATSITE_ADMIN_PASSWORD", str, "", "Password of the first administrator. Empty: one is made and shown once."
    ),
    Variable(
        "CHATSITE_CATALOG",
        Path,
        ROOT / "inference" / "catalog.toml",
        "The file that describes the models.",
        shown_default="inference/catalog.toml",
    ),
    Variable(
        "CHATSITE_MODEL",
        str,
        "",
        "Names of the catalog's models to serve, with commas; the first is the default. Empty: the best one this "
        "machine can run.",
    ),
    Variable("CHATSITE_SERVER", str, "uvicorn", "The web server.", choices=("uvicorn", "daphne")),
    Variable(
        "DATABASE_URL",
        str,
        "",
        "Database, e.g. postgres://user:password@host/name. Empty: SQLite in the data folder.",
    ),
    Variable(
        "REDIS_URL",
        str,
        "",
        "Redis or Valkey, e.g. redis://host:6379/0, or what Sentinels watch: sentinel://one:26379,two:26379/SERVICE/0. "
        "Empty: an embedded one in the data folder.",
    ),
    Variable(
        "CHATSITE_PROMPT_CHARS",
        int,
        32_000,
        "Longest message a person may send, in characters, where no policy says.",
        least=1,
    ),
    Variable(
        "CHATSITE_REPLIES_AT_ONCE",
        int,
        4,
        "Replies one person may have in writing at once, where no policy says; more wait their turn.",
        least=1,
    ),
    Variable("CHATSITE_REPLY_TOKENS", int, 1024, "Longest reply, in tokens, where no policy says.", least=1),
    Variable(
        "CHATSITE_TRASH_DAYS",
        int,
        30,
        "Days after which a conversation in the trash is deleted for ever. 0: when its owner says so.",
    ),
    Variable("CHATSITE_IMPORT_MB", int, 512, "Largest file that may be imported, in MB.", least=1),
    Variable(
        "CHATSITE_IMPORT_UNPACKED_MB",
        int,
        4096,
        "Most that is read of an imported zip archive, unpacked, in MB.",
        least=1,
    ),
    Variable(
        "CHATSITE_IMPORT_CONVERSATION_MB",
        int,
        16,
        "Largest conversation that is imported, as JSON, in MB; larger ones are skipped. One is in memory at a time.",
        least=1,
    ),
    Variable("CHATSITE_IMPORT_CONVERSATIONS", int, 200_000, "Most conversations that are read of one file.", least=1),
    Variable(
        "CHATSITE_IMPORT_MESSAGES",
        int,
        10_000,
        "Most messages of an imported conversation; longer ones are skipped.",
        least=1,
    ),
    Variable(
        "CHATSITE_LEAVING_DAYS",
        int,
        14,
        "Days after which an account is deleted whose person asked for it; signing in meanwhile keeps it. 0: at once.",
    ),
    Variable("CHATSITE_COPY_HOURS", int, 72, "Hours for which a copy of one's own data can be downloaded.", least=1),
    Variable(
        "CHATSITE_BACKUP_DIR",
        Path,
        None,
        "Folder of backups. One on another disk survives this one.",
        shown_default="backups/ in the data folder",
    ),
    Variable("CHATSITE_BACKUP_HOURS", int, 0, "Hours after which the next backup is made by itself. 0: never."),
    Variable("CHATSITE_BACKUPS_KEPT", int, 7, "Backups kept in a folder; older ones are removed.", least=1),
    Variable(
        "CHATSITE_BACKUP_PASSPHRASE_FILE",
        Path,
        None,
        "File with the passphrase under which backups hold the secret key. Empty: they hold none.",
        shown_default="empty",
    ),
    Variable(
        "CHATSITE_TITLES",
        bool,
        True,
        "The model gives a conversation its title after the first reply, in slots that no reply needs.",
    ),
    Variable(
        "CHATSITE_ADMINS_READ",
        bool,
        False,
        "Administrators may read people's conversations, each time with a reason, which the audit log keeps.",
    ),
    Variable(
        "CHATSITE_EXPORT_DAYS",
        int,
        7,
        "Days after which what an export made is deleted; it can be made again.",
        least=1,
    ),
    Variable(
        "CHATSITE_EXPORTS_TO",
        str,
        "",
        "Where scheduled exports are put as well: a folder (/srv/exports) or a bucket (s3://bucket/folder). Empty: "
        "nowhere else.",
    ),
    Variable("CHATSITE_EXPORTS_S3_ENDPOINT", str, "", "Address of an S3-compatible server. Empty: Amazon's own."),
    Variable("CHATSITE_EXPORTS_S3_KEY", str, "", "Access key of the bucket. Empty: as Amazon's own tools find one."),
    Variable("CHATSITE_EXPORTS_S3_SECRET", str, "", "The secret of that key."),
    Variable(
        "CHATSITE_PHONE_REGIONS",
        list,
        ["CN", "US"],
        "Countries (two letters) whose phone numbers are taken out of exports as they are written there; with + and a "
        "country's code they are found wherever they are from.",
    ),
    Variable(
        "CHATSITE_SECOND_FACTOR",
        str,
        "groups",
        "Who must have a second factor to use the site: members of the groups whose page in the console says so; "
        "besides them the staff; or everyone.",
        choices=("groups", "staff", "everyone"),
    ),
    Variable(
        "CHATSITE_EMAIL_URL",
        str,
        "",
        "Server for letters: invitations and lost passwords, e.g. smtp+tls://user:password@mail.example.org:587. "
        "Empty: the site sends none, and administrators pass links on.",
    ),
    Variable("CHATSITE_EMAIL_FROM", str, "chatsite@localhost", "Sender of the letters."),
    Variable(
        "CHATSITE_SIGN_UP_DOMAINS",
        list,
        [],
        "Who has an address at one of these domains (example.org) may make an account, by a letter to that address; "
        "needs CHATSITE_EMAIL_URL. Empty: only who is invited.",
    ),
    Variable(
        "CHATSITE_OIDC_ISSUER",
        str,
        "",
        "Issuer of an OpenID Connect provider with whose word people sign in, e.g. https://id.example.org/realms/team. "
        "Its redirect address here is /accounts/oidc/oidc/login/callback/. Empty: none.",
    ),
    Variable("CHATSITE_OIDC_CLIENT_ID", str, "", "What the provider calls this site."),
    Variable("CHATSITE_OIDC_CLIENT_SECRET", str, "", "The secret that the provider shares with this site."),
    Variable("CHATSITE_OIDC_NAME", str, "Single sign-on", "What the button on the sign-in page calls the provider."),
    Variable(
        "CHATSITE_OIDC_SIGN_UP",
        bool,
        False,
        "Whoever the provider knows, with a verified address, gets an account when they first come. Otherwise only who "
        "has one already comes in.",
    ),
    Variable(
        "CHATSITE_OIDC_TRUST_EMAIL",
        bool,
        False,
        "Addresses count as verified though the provider does not say so (email_verified). Only where nobody can give "
        "themselves a colleague's address there.",
    ),
    Variable("CHATSITE_DEBUG", bool, False, "Django's debug mode. Never on a site that others reach."),
    Variable(
        "CHATSITE_METRICS_TOKEN",
        str,
        "",
        "Bearer token with which Prometheus may read /metrics from elsewhere. Empty: only from this machine.",
    ),
    Variable("CHATSITE_METRICS_BIND", str, "127.0.0.1", "Address on which the workers serve their metrics."),
    Variable(
        "CHATSITE_WORKER_METRICS_PORT",
        int,
        0,
        "Port of an inference worker's /metrics; 0: off. Of several models: the first one's.",
    ),
    Variable("CHATSITE_BACKGROUND_METRICS_PORT", int, 0, "Port of a background worker's /metrics. 0: off."),
    Variable(
        "CHATSITE_LOG_LEVEL",
        str,
        "INFO",
        "How much is logged.",
        choices=("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Variable(
        "CHATSITE_LOG_FORMAT",
        str,
        "line",
        "How a log line looks: for people, or one JSON object for machines.",
        choices=("line", "json"),
    ),
)

FILE = "_FILE"  # after a variable's name: the file that holds its value, as containers are given secrets
_BY_NAME = {variable.name: variable for variable in VARIABLES}
_READER = environ.Env()


def read(name: str) -> Any:
    """The value of a listed variable.

    Raises ImproperlyConfigured, naming the variable and what is allowed, for a value of the wrong kind.
    """
    variable = _BY_NAME[name]
    _take_from_file(name)
    if not os.environ.get(name):
        return variable.default
    try:
        value = _READER.get_value(name, cast=variable.cast)
    except (ValueError, TypeError) as error:
        kind = getattr(variable.cast, "__name__", variable.cast)
        raise ImproperlyConfigured(f"{name}={os.environ[name]!r} is not of type {kind}. {variable.meaning}") from error
    if variable.choices and value not in variable.choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of: {', '.join(variable.choices)}.")
    if isinstance(value, int) and value < variable.least:
        raise ImproperlyConfigured(f"{name}={value} is less than {variable.least}. {variable.meaning}")
    return value.expanduser().resolve() if isinstance(value, Path) else value


def _take_from_file(name: str) -> None:
    """Where only ``NAME_FILE`` is set, what that file holds becomes the variable's value."""
    file = os.environ.get(name + FILE)
    if not file or os.environ.get(name):
        return
    try:
        os.environ[name] = Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise ImproperlyConfigured(f"{name}{FILE}={file!r} cannot be read: {reason}.") from error

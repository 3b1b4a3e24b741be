"""Where the site is, what it keeps its things in, what it runs on."""

import os
from pathlib import Path

from chatsite.variables.variable import ROOT, Variable


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
    Variable(
        "CHATSITE_SERVER",
        str,
        "uvicorn",
        "The web server. daphne keeps whole bodies, however large or slow: only behind a proxy that bounds them.",
        choices=("uvicorn", "daphne"),
    ),
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
)

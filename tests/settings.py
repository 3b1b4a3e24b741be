"""The product's settings on a data folder of their own, which ``tests.conftest`` makes and removes."""

import os
import secrets
import tempfile
from pathlib import Path

from chatsite.environment import VARIABLES

DATABASE = os.environ.get("CHATSITE_TEST_DATABASE", "sqlite")
FOLDER = Path(tempfile.gettempdir()) / f"chatsite-tests-{secrets.token_hex(4)}"
CACHE = os.environ.get("CHATSITE_CACHE_DIR", "")

for variable in VARIABLES:
    os.environ.pop(variable.name, None)
os.environ["CHATSITE_DATA_DIR"] = str(FOLDER)
os.environ["CHATSITE_SECRET_KEY"] = "only for tests"
if CACHE:
    os.environ["CHATSITE_CACHE_DIR"] = CACHE

from chatsite.addresses import database  # noqa: E402
from chatsite.settings import *  # noqa: E402, F403
from chatsite.settings import SQLITE  # noqa: E402

POSTGRESQL_FOLDER = FOLDER.with_name(FOLDER.name + "-postgresql")
DATABASES = {"default": {**SQLITE, "TEST": {"NAME": str(FOLDER / "tests.sqlite3")}}}
if DATABASE == "postgresql":
    DATABASES = {"default": {**database("postgres://tests@/tests"), "HOST": str(POSTGRESQL_FOLDER)}}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = FOLDER / "static"

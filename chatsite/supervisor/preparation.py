"""What a fresh checkout or an upgrade lacks is made before anything starts: files, tables, administrator, model."""

import fcntl
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import OperationalError, connection

from accounts.first_admin import create_first_admin
from chatsite.supervisor.preflight import StartError
from inference import placement, serving, weights
from inference.catalog import CatalogError
from inference.model import Model


@dataclass(frozen=True)
class Prepared:
    """What the ready block tells."""

    models: tuple[Model, ...]  # that are served, the default first
    sign_in: str  # who can, and how; with the password on the run that made it


def prepare(say: Callable[[str], None]) -> Prepared:
    """Raises StartError with one line for the person at the terminal."""
    models = prepare_models(say)
    collect_static()
    migrate(say)
    return Prepared(models, sign_in())


def prepare_models(say: Callable[[str], None]) -> tuple[Model, ...]:
    try:
        models = serving.models()
        placement.environments(models)
        for model in models:
            weights.prepare(model, settings.CACHE_DIR, say)
    except (CatalogError, weights.WeightsError) as error:
        raise StartError(str(error)) from None
    return models


def migrate(say: Callable[[str], None]) -> None:
    try:
        _connect_once()
    except (OperationalError, psycopg.OperationalError) as error:
        raise StartError(f"the database does not answer: {' '.join(str(error).split())}") from None
    before = set(connection.introspection.table_names())
    say("Updating the database" if before else "Making the database")
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except OperationalError as error:  # a full disk, or a database that another program holds
        raise StartError(f"the database could not be updated: {' '.join(str(error).split())}") from None


def sign_in() -> str:
    """Make the first administrator where nobody has an account; say how an administrator gets in."""
    new = create_first_admin(settings.FIRST_ADMIN_EMAIL, settings.FIRST_ADMIN_PASSWORD)
    if new:
        return f"{new.name} or {new.email}, password " + (new.password or "as set in CHATSITE_ADMIN_PASSWORD")
    admin = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if admin is None:
        return "no administrator; make one with: make manage ARGS=createsuperuser"
    name = admin.get_username()
    return f'{name}; a forgotten password: make manage ARGS="changepassword {name}"'


def _connect_once() -> None:
    """Raises OperationalError at once, where the pool of connections would try again for long, and say so."""
    if connection.vendor == "postgresql":
        psycopg.connect(**connection.get_connection_params()).close()
    else:
        connection.ensure_connection()


def collect_static() -> None:
    """Collect, hash and compress the static files, unless exactly these were collected before."""
    target = Path(settings.STATIC_ROOT)
    target.mkdir(parents=True, exist_ok=True)
    found = "\n".join(sorted(_static_sources()))
    fingerprint = hashlib.sha256(found.encode()).hexdigest()
    with target.with_name(f"{target.name}.stamp").open("a+") as stamp:
        fcntl.flock(stamp, fcntl.LOCK_EX)  # sites with other data folders may start from this checkout meanwhile
        stamp.seek(0)
        if stamp.read() != fingerprint:
            call_command("collectstatic", interactive=False, verbosity=0, clear=True)
            stamp.truncate(0)
            stamp.write(fingerprint)


def _static_sources() -> list[str]:
    files = [Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])]
    return [f"{file} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files]

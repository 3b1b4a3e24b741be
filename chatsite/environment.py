"""Reads environment variables, those of ``chatsite.variables`` only."""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from chatsite.variables import VARIABLES
from chatsite.variables.variable import ROOT

__all__ = ["FILE", "ROOT", "VARIABLES", "read"]

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

"""Which of the catalog's models this site serves."""

from functools import cache
from pathlib import Path

from django.conf import settings

from inference.catalog import Model, load


class NotServedError(LookupError):
    """This site serves no model of that name. ``str()`` says which it serves."""


@cache
def models() -> tuple[Model, ...]:
    """The catalog's entries that settings and this machine choose, the default first. Raises CatalogError with what is
    wrong in it."""
    return load(settings.CATALOG).served(settings.MODEL)


def model(name: str = "") -> Model:
    """The served model of this name, or for an empty one the default. Raises NotServedError."""
    for one in models():
        if name in ("", one.name):
            return one
    raise NotServedError(f"no model {name!r} is served here. Served: {', '.join(names())}.")


def label(name: str) -> str:
    """What people read for a model; of one that the catalog has no more its name."""
    return next((one.label for one in (*models(), *_known(settings.CATALOG)) if one.name == name), name)


def names() -> tuple[str, ...]:
    """Those of all served models, the default first."""
    return tuple(one.name for one in models())


@cache
def _known(catalog: Path) -> tuple[Model, ...]:
    """All of a catalog, served or not."""
    return load(catalog).models

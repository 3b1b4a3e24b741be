"""Which of the catalog's models this site serves."""

from functools import cache

from django.conf import settings

from inference.catalog import Model, load


@cache
def model() -> Model:
    """The catalog's entry that settings and this machine choose. Raises CatalogError with what is wrong in it."""
    return load(settings.CATALOG).choose(settings.MODEL)


def served_model() -> str:
    """Its name."""
    return model().name

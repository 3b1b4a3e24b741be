"""What permissions are called. Django names each once, when it makes it: those of an older site are called after what
their things were called then.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth import get_permission_codename
from django.contrib.auth.models import Permission


def rename(sender: AppConfig, using: str, **more: Any) -> None:
    """After ``migrate``: each has the name that a new site gives it; those of apps that are gone keep theirs."""
    names = {
        (model._meta.app_label, model._meta.model_name, codename): name
        for model in apps.get_models()
        for codename, name in _names(model._meta)
    }
    renamed = []
    for one in Permission.objects.using(using).select_related("content_type"):
        name = names.get((*one.content_type.natural_key(), one.codename), one.name)
        if one.name != name:
            one.name = name
            renamed.append(one)
    Permission.objects.using(using).bulk_update(renamed, ["name"])


def _names(options: Any) -> Iterator[tuple[str, str]]:
    for action in options.default_permissions:
        yield get_permission_codename(action, options), f"Can {action} {options.verbose_name_raw}"
    yield from options.permissions

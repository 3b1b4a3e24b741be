"""The models that a person may use with a key."""

from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from accounts.models import ApiKey
from conversations.checks import check_api
from conversations.offered import offered
from limits.policies import limits_of


def models(key: ApiKey) -> list[dict[str, Any]]:
    """In OpenAI's shape. Raises Refused where the person may not use the API."""
    limits = limits_of(key.user_id)
    check_api(limits)
    mine = [model.name for model in offered(limits) if key.allows_model(model.name)]
    since = _since(settings.CATALOG)
    return [{"id": name, "object": "model", "created": since, "owned_by": "chatsite"} for name in mine]


@cache
def _since(catalog: Path) -> int:
    """When the catalog was last changed: no model says when it was made."""
    return int(catalog.stat().st_mtime)

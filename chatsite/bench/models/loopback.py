"""A second site that serves a model over its API, and a catalog whose one model is that API."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from chatsite.bench.models.plan import Plan
from chatsite.bench.models.sides import through
from inference.model import Model

CATALOG = """
[[model]]
name = {name}
label = {label}
engine = "openai"
context_window = {model.context_window}
slots = {model.slots}

[model.options]
url = "http://127.0.0.1:{port}/v1"
model = {model_name}
key_file = {key_file}
"""


@contextlib.contextmanager
def loopback(model: Model, plan: Plan, folder: Path) -> Iterator[Path]:
    """The catalog file, as long as the site behind it runs."""
    behind = Plan(users=plan.users, tokens=plan.tokens, rate_tokens=plan.rate_tokens)
    with through(settings.CATALOG, model.name, folder, behind) as (running, _):
        running.python("chatsite.bench.people", "make", "1")
        (key,) = running.python("chatsite.bench.people", "keys", "1")
        key_file = folder / "key"
        key_file.touch(mode=0o600)
        key_file.write_text(key)
        path = folder / "api.toml"
        path.write_text(_entry(model, running.port, key_file))
        yield path


def _entry(model: Model, port: int, key_file: Path) -> str:
    """The prompt of the system is the second site's to add."""
    return CATALOG.format(
        model=model,
        port=port,
        **{
            name: json.dumps(value)
            for name, value in {
                "name": f"{model.name}-api",
                "label": f"{model.label} over the API",
                "model_name": model.name,
                "key_file": str(key_file),
            }.items()
        },
    )

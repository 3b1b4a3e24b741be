"""What a running site's processes expose, and what Grafana's dashboard and Prometheus' alerts ask for."""

import json
import re
from pathlib import Path

import httpx
from django.conf import settings
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.sites import Site
from tests.waiting import until

DOCKER = Path(settings.BASE_DIR) / "docker"
DASHBOARD = DOCKER / "grafana" / "dashboard.json"
ALERTS = DOCKER / "prometheus" / "alerts.yml"
NAME = re.compile(r"\b(?:chatsite_|vllm:|process_|python_)\w+")
PROMETHEUS_ITSELF = {"up"}

Families = dict[str, Metric]


def scrape(port: int) -> Families:
    """One process' metrics by family, as soon as it answers."""
    text = until(lambda: _read(port), what=f"the metrics of port {port}")
    return {family.name: family for family in text_string_to_metric_families(text)}


def _read(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).raise_for_status().text
    except httpx.ConnectError:
        return ""


def all_of(site: Site) -> dict[str, Families]:
    """Each process' metrics, by the job names of prometheus.yml."""
    return {
        "chatsite-web": scrape(site.port),
        "chatsite-worker": scrape(site.worker_metrics),
        "chatsite-background": scrape(site.background_metrics),
    }


def series(processes: dict[str, Families]) -> set[str]:
    """The names of all series, as queries use them, those too that have no samples: of a GPU where there is none."""
    families = [family for one in processes.values() for family in one.values()]
    empty = {family.name + "_total" * (family.type == "counter") for family in families if not family.samples}
    return empty | {sample.name for family in families for sample in family.samples}


def value(families: Families, name: str, **labels: str) -> float:
    """The sum of the samples of this name that have these labels."""
    found = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert found, f"no {name} with {labels}"
    return sum(found)


def dashboard_queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def alert_queries() -> dict[str, str]:
    """Each alert's query by its name."""
    parts = re.split(r"^ +- alert: (\w+)$", ALERTS.read_text(), flags=re.M)[1:]
    expression = re.compile(r"^ +expr: (?:>-\n +)?(.+)$", re.M)
    found = {}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        match = expression.search(body)
        assert match, f"{name} has no query"
        found[name] = match[1]
    return found


def names(query: str) -> set[str]:
    """The metrics a query asks for."""
    return set(NAME.findall(re.sub(r'"[^"]*"', '""', query)))

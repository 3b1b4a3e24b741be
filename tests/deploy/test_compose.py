"""compose.yml: one machine with two GPUs."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from chatsite.proxies import networks
from tests.deploy.files import COMPOSE, DOCKER, GIVEN, ROOT, compose, is_known
from tests.metrics.scrapes import ALERTS

CPU = DOCKER / "compose.cpu.yml"
SERVICES = compose()
LASTING = [name for name, service in SERVICES.items() if service["restart"] == "unless-stopped"]
FOREIGN = {"HF_TOKEN", "VLLM_CACHE_ROOT", "TRITON_CACHE_DIR", "FLASHINFER_WORKSPACE_BASE"}  # the engine's


def test_all_that_a_site_needs_is_there() -> None:
    site = {"web", "inference", "background", "scheduler", "proxy", "postgres", "redis", "prometheus", "grafana"}
    assert set(LASTING) == site
    assert set(SERVICES) - site == {"secrets", "prepare", "weights"}


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_container_may_do_is_little(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert service["security_opt"] == ["no-new-privileges:true"]
    if not service["image"].startswith("chatsite"):  # whose images say it
        assert service["user"].split(":")[0] not in {"0", "root"}
    assert not service.get("privileged")


@pytest.mark.parametrize("name", SERVICES)
def test_no_container_fills_the_machine(name: str) -> None:
    service = SERVICES[name]
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["pids_limit"]
    assert all("size=" in one for one in service.get("tmpfs", ()))  # it is memory: half of the machine's, else
    if name in {"web", "background"}:
        assert service["mem_limit"]


@pytest.mark.parametrize("name", LASTING)
def test_each_is_asked_whether_it_is_well(name: str) -> None:
    watched_by_an_alert = {"scheduler": "ChatsiteSweeperStopped"}
    brings_its_own = {"web", "proxy", "prometheus", "grafana"}  # by its image, or nothing that people wait for
    if name in watched_by_an_alert:
        assert watched_by_an_alert[name] in ALERTS.read_text()
    else:
        assert name in brings_its_own or SERVICES[name]["healthcheck"]["test"]


@pytest.mark.parametrize("file", [COMPOSE, CPU], ids=lambda file: file.name)
def test_variables_are_those_that_the_site_reads(file: Path) -> None:
    named = {
        name
        for service in compose(file).values()
        if service.get("image", "chatsite").startswith("chatsite")
        for name in service.get("environment", ())
    }
    assert "CHATSITE_MODEL" in named
    assert {name for name in named - FOREIGN if not is_known(name)} == set()


@pytest.mark.parametrize("name", [name for name, one in SERVICES.items() if one["image"].startswith("chatsite")])
def test_commands_exist(name: str) -> None:
    command = SERVICES[name].get("command", ["python", "-m", "chatsite.serve"])
    words = " ".join(command).replace(",", " ")
    for asked in re.findall(r"manage\.py (\w+)", words):
        assert asked in get_commands()
    for script in re.findall(r"docker/\w+\.py", words):
        assert (ROOT / script).exists()
    assert re.search(r"manage\.py \w+|docker/\w+\.py|-m chatsite\.serve", words)


def test_what_is_not_the_sites_is_reached_by_nobody_else() -> None:
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["inside"]["internal"] is True
    for name in ("postgres", "redis", "web", "inference", "background", "scheduler"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]
    for name in ("prometheus", "grafana"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_who_reads_what_others_wrote_has_no_secrets() -> None:
    weights = SERVICES["weights"]
    assert weights["volumes"] == ["cache:/cache"]
    assert weights["networks"] == ["outside"]
    assert not [name for name in weights["environment"] if name.endswith("_FILE")]


def test_a_person_may_choose_what_the_example_names() -> None:
    example = dict(re.findall(r"^(\w+)=(.*)$", (DOCKER / ".env.example").read_text(), re.M))
    asked = dict(GIVEN.findall(COMPOSE.read_text()))
    assert example == asked
    assert not [name for name in example if "PASSWORD" in name or "SECRET" in name]


def test_all_other_settings_are_in_a_file_that_nobody_commits() -> None:
    for name in ("web", "inference", "background", "scheduler", "prepare"):
        assert SERVICES[name]["env_file"] == [{"path": "site.env", "required": False}]
    assert "docker/site.env" in (ROOT / ".gitignore").read_text().splitlines()


def test_files_that_are_mounted_exist() -> None:
    mounted = [
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert "./grafana/dashboard.json" in mounted
    assert all((DOCKER / name).exists() for name in mounted)


def test_volumes_are_declared_and_used() -> None:
    declared = set(yaml.safe_load(COMPOSE.read_text())["volumes"])
    used = {volume.partition(":")[0] for one in SERVICES.values() for volume in one.get("volumes", ())}
    assert {name for name in used if not name.startswith(".")} == declared


def test_what_one_makes_and_another_serves_lies_in_one_volume() -> None:
    assert all("data:/data" in SERVICES[name]["volumes"] for name in ("web", "background"))


def test_both_gpus_go_to_the_worker_and_to_nobody_without_one() -> None:
    (devices,) = SERVICES["inference"]["deploy"]["resources"]["reservations"]["devices"]
    assert (devices["driver"], devices["count"], devices["capabilities"]) == ("nvidia", 2, ["gpu"])
    assert compose(CPU)["inference"]["deploy"]["resources"]["reservations"]["devices"] is None
    assert set(compose(CPU)) <= set(SERVICES)


def test_prometheus_asks_services_at_ports_they_have() -> None:
    scrapes = yaml.safe_load((DOCKER / "prometheus" / "compose.yml").read_text())["scrape_configs"]
    here = yaml.safe_load((DOCKER / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    assert [job["job_name"] for job in scrapes] == [job["job_name"] for job in here]
    ports = {"web": "8000"} | {
        name: service["environment"][f"CHATSITE_{kind}_METRICS_PORT"]
        for name, kind in (("inference", "WORKER"), ("background", "BACKGROUND"))
        for service in [SERVICES[name]]
    }
    asked = dict(target.split(":") for job in scrapes for one in job["static_configs"] for target in one["targets"])
    assert asked == ports
    assert all(name in SERVICES["web"]["environment"]["CHATSITE_HOSTS"] for name in ("web", "127.0.0.1"))


def test_the_proxy_leads_to_the_web_process() -> None:
    proxy = SERVICES["proxy"]
    assert proxy["environment"]["CHATSITE_UPSTREAM"] == "web:8000"
    (shipped,) = (one for one in proxy["volumes"] if one.endswith("/Caddyfile:ro"))
    said = (DOCKER / shipped.partition(":")[0]).read_text()
    assert {"{$" + name for name in proxy["environment"] if name.startswith("CHATSITE_")} == set(
        re.findall(r"{\$\w+", said)
    )
    inside = yaml.safe_load(COMPOSE.read_text())["networks"]["inside"]
    believed = SERVICES["web"]["environment"]["CHATSITE_PROXIES"]
    assert inside["ipam"]["config"] == [{"subnet": believed}]
    assert networks([believed])

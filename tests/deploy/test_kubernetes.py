"""The Kubernetes manifests: valid, known to the site, and with what keeps it up."""

import re
import shutil
import subprocess
from typing import Any

import kubernetes_validate
import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve

from tests.deploy.files import KUBERNETES, OURS, ROOT, containers, is_known, manifests, pods
from tests.metrics.scrapes import names
from tests.metrics.test_names import OURS as EXPORTED

VERSION = "1.37"
RESOURCES = [(f"{file.parent.name}-{one['kind']}-{one['metadata']['name']}", one) for file, one in manifests()]
OVERLAYS = ("trial", "production")


def of_kind(kind: str) -> list[dict[str, Any]]:
    return [one for _, one in RESOURCES if one["kind"] == kind]


@pytest.mark.parametrize("resource", [one for _, one in RESOURCES], ids=[name for name, _ in RESOURCES])
def test_kubernetes_would_take_it(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, VERSION, strict=True)


def test_kubernetes_would_not_take_anything() -> None:
    web = next(one for _, one in RESOURCES if one["kind"] == "Deployment")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**web, "spec": {**web["spec"], "replicaz": 2}}, VERSION, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_overlays_can_be_rendered(overlay: str) -> None:
    for kustomization in KUBERNETES.rglob("kustomization.yaml"):
        content = yaml.safe_load(kustomization.read_text())
        files = [*content["resources"], *(one["path"] for one in content.get("patches", ()) if "path" in one)]
        assert all((kustomization.parent / name).exists() for name in files)
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not here to render it")
    command = ["kubectl", "kustomize", str(KUBERNETES / "overlays" / overlay)]
    rendered = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rendered.returncode == 0, rendered.stderr
    (worker,) = [
        one
        for one in yaml.safe_load_all(rendered.stdout)
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", "inference")
    ]
    kubernetes_validate.validate(worker, VERSION, strict=True)
    images = set(re.findall(r"image: (\S+)", rendered.stdout))
    wanted = {"trial": "chatsite-local", "production": "registry.example.org/chatsite-cuda"}[overlay]
    assert any(image.startswith(wanted) for image in images), images


def test_variables_are_those_that_the_site_reads() -> None:
    found = {name for _, one in containers() for name in (each["name"] for each in one.get("env", ()))}
    for kustomization in KUBERNETES.rglob("kustomization.yaml"):
        for generator in yaml.safe_load(kustomization.read_text()).get("configMapGenerator", ()):
            found |= {literal.partition("=")[0] for literal in generator["literals"]}
    ours = {name for name in found if OURS.fullmatch(name)}
    assert {"CHATSITE_MODEL", "CHATSITE_HOSTS", "CHATSITE_WORKER_METRICS_PORT"} <= ours
    assert all(map(is_known, ours))


def test_commands_exist() -> None:
    commands = [" ".join(one["command"]) for _, one in containers()]
    assert len(commands) == 10
    for command in commands:
        assert re.search(r"manage\.py \w+|-m chatsite\.serve", command)
        assert all(name in get_commands() for name in re.findall(r"manage\.py (\w+)", command))


def test_what_a_container_may_do_is_little() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["automountServiceAccountToken"] is False, name
    for name, container in containers():
        assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["limits"]["memory"], name


def test_no_pod_fills_its_nodes_disk() -> None:
    for name, pod in pods():
        for volume in pod.get("volumes", ()):
            assert "emptyDir" not in volume or volume["emptyDir"]["sizeLimit"], f"{volume['name']} of {name}"


def test_the_first_password_is_for_the_job_that_needs_it() -> None:
    """What is in a pod's environment, whoever breaks into it reads."""
    for name, container in containers():
        given = {one["secretRef"]["name"] for one in container["envFrom"] if "secretRef" in one}
        assert ("chatsite-admin" in given) is (name == "prepare"), name
    page = (ROOT / "docs" / "self-hosting.md").read_text()
    made = dict(re.findall(r"create secret generic (\S+) \\\n(.+?)(?=^kubectl|^```)", page, re.M | re.S))
    assert "CHATSITE_ADMIN_PASSWORD" in made["chatsite-admin"]
    assert "CHATSITE_ADMIN_PASSWORD" not in made["chatsite"]


def test_what_one_makes_and_another_serves_lies_in_one_volume() -> None:
    claims = {one["metadata"]["name"]: one["spec"]["accessModes"] for one in of_kind("PersistentVolumeClaim")}
    assert claims == {"cache": ["ReadWriteMany"], "data": ["ReadWriteMany"]}
    kept = {name: {one["name"]: one for one in pod["volumes"]} for name, pod in pods() if "volumes" in pod}
    for name in ("web", "background"):
        assert kept[name]["data"] == {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}


def test_what_the_site_takes_passes_the_ingress() -> None:
    (ingress,) = of_kind("Ingress")
    most = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert int(most.removesuffix("m")) << 20 >= max(settings.LARGEST_BODIES.values())


def test_probes_ask_what_the_site_answers() -> None:
    asked = []
    for name, container in containers():
        ports = {one["name"]: one["containerPort"] for one in container.get("ports", ())}
        given = {one["name"]: one.get("value") for one in container.get("env", ())}
        for probe in (container[key] for key in container if key.endswith("Probe")):
            if "httpGet" in probe:
                assert resolve(probe["httpGet"]["path"]).url_name in {"alive", "ready"}
                assert ports[probe["httpGet"]["port"]] == 8000
            else:
                program, script, where = probe["exec"]["command"]
                assert program == "python"
                assert (ROOT / script).exists()
                port, _, path = where.partition("/")
                assert path == "metrics"
                assert port in given.values()
                assert int(port) in ports.values()
            asked.append(name)
    assert set(asked) == {"web", "inference", "background"}


def test_what_is_drained_is_never_all() -> None:
    budgets = {one["metadata"]["name"]: one["spec"] for one in of_kind("PodDisruptionBudget")}
    lasting = {one["metadata"]["name"] for one in of_kind("Deployment")}
    assert set(budgets) == lasting - {"scheduler"}  # of which there is one at a time
    for name, budget in budgets.items():
        assert budget["selector"]["matchLabels"] == {"app.kubernetes.io/component": name}


def test_workers_grow_with_the_queue_by_a_metric_that_the_site_exports() -> None:
    scaled = {one["metadata"]["name"]: one["spec"] for one in of_kind("HorizontalPodAutoscaler")}
    asked = scaled["inference"]["metrics"][0]["external"]["metric"]["name"]
    rules = yaml.safe_load((KUBERNETES / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    (rule,) = [one for one in rules if one["name"]["as"] == asked]
    assert set(names(rule["metricsQuery"])) | set(names(rule["seriesQuery"])) == {"chatsite_queue_replies"}
    assert "chatsite_queue_replies" in EXPORTED
    deployments = {one["metadata"]["name"]: one["spec"] for one in of_kind("Deployment")}
    for name, one in scaled.items():
        assert one["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployments[name]  # or every apply would undo what the autoscaler did


def test_a_worker_has_the_time_to_hand_over() -> None:
    graces = {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in of_kind("Deployment")}
    assert graces["inference"]["terminationGracePeriodSeconds"] >= 45
    assert graces["web"]["terminationGracePeriodSeconds"] >= 5 + 12


def test_only_who_must_may_talk() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    https = {"port": 443, "protocol": "TCP"}
    anywhere = [name for name, one in policies.items() for rule in one.get("egress", ()) if https in rule["ports"]]
    assert anywhere == ["weights"]
    (weights,) = [one for name, one in containers() if name == "weights"]
    given = [one["secretRef"]["name"] for one in weights["envFrom"] if "secretRef" in one]
    assert given == ["chatsite-weights"]  # none of the site's

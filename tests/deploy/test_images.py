"""The Dockerfile."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.files import DOCKER, OURS, ROOT, dockerfile, image_environment, is_known

IMAGES = ("site", "local", "cuda")


def hadolint(file: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).with_name("hadolint"), file], capture_output=True, text=True, check=False
    )


def test_the_linter_has_nothing_to_say() -> None:
    found = hadolint(DOCKER / "Dockerfile")
    assert found.returncode == 0, found.stdout


def test_the_linter_would_say_it(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN sudo apt-get install gcc\n")
    assert hadolint(tmp_path / "Dockerfile").returncode == 1


@pytest.mark.parametrize("image", IMAGES)
def test_nobody_is_root(image: str) -> None:
    stage = dockerfile()[image]
    assert stage.of("USER")[-1].split(":")[0].isdigit()
    assert stage.of("USER")[-1] != "0:0"
    *_, last = [line.split()[0] for line in stage.lines if line.split()[0] in {"USER", "RUN", "COPY", "CMD"}]
    assert last == "CMD"  # nothing is made after the user was changed


@pytest.mark.parametrize("image", IMAGES)
def test_each_image_says_whether_it_is_well(image: str) -> None:
    (check,) = dockerfile()[image].of("HEALTHCHECK")
    assert "docker/healthy.py" in check


def test_packages_are_those_that_are_pinned() -> None:
    lines = [line for stage in dockerfile().values() for line in stage.of("RUN") if "pip install" in line]
    assert len(lines) == 3
    for line in lines:
        assert line.count("pip install") == line.count("--require-hashes")
    named = {name for stage in dockerfile().values() for line in stage.of("COPY") for name in line.split()}
    files = {name for name in named if name.startswith("requirements/")}
    assert files == {f"requirements/{name}.txt" for name in ("base", "local", "local-nodeps", "vllm-cuda")}
    assert all((ROOT / name).exists() for name in files)


def test_vllm_for_gpus_has_cuda_and_that_for_processors_has_not() -> None:
    assert "nvidia-cudnn" in (ROOT / "requirements" / "vllm-cuda.txt").read_text()
    assert "nvidia-cudnn" not in (ROOT / "requirements" / "vllm-cpu.txt").read_text()


def test_the_site_reads_what_images_set() -> None:
    ours = [name for name in image_environment() if OURS.fullmatch(name)]
    assert "CHATSITE_DATA_DIR" in ours
    assert all(map(is_known, ours))


def test_secrets_and_data_stay_out() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    assert {".git", "data", "**/.env", "**/site.env", ".venv"} <= set(ignored)

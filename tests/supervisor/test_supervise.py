"""The supervisor's loop on small processes: order, restarts, giving up, stopping, and what a kill leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

# A site of small processes. Each is (name, code, stop rank, patience, after); its code may use the folder F.
HARNESS = """
import os, sys
from pathlib import Path
from chatsite.supervisor.console import Console
from chatsite.supervisor.process import Spec
from chatsite.supervisor.supervise import Supervisor
F = Path(sys.argv[1])
FOLDER = f"import os, signal, sys, time, subprocess; from pathlib import Path; F = Path({str(F)!r});"
def spec(name, code, rank=0, patience=5.0, after="", quiet=False, vital=True, **environment):
    up = lambda: (F / f"{name}.up").exists()
    return Spec(name, [sys.executable, "-c", FOLDER + code], rank, patience, up, after, quiet, vital, environment)
specs = [spec(*row[:-1], **row[-1]) if isinstance(row[-1], dict) else spec(*row) for row in eval(sys.argv[2])]
sys.exit(Supervisor(specs, Console(), F / "logs", lambda: True).run())
"""
CHILD = (
    "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); print('child', p.pid, flush=True);"
)
UP = "(F / f'{NAME}.up').touch(); print(os.getpid(), flush=True);"


def code(name: str, body: str = "time.sleep(60)") -> str:
    return f"NAME = {name!r}; {UP} {body}"


class Run:
    """The harness as a process, and what it printed."""

    def __init__(self, folder: Path, *rows: tuple[object, ...]) -> None:
        self.folder = folder
        self.printed = folder / "printed"
        with self.printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-c", HARNESS, str(folder), repr(rows)],
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        return self.printed.read_text()

    def wait_for(self, pattern: str, times: int = 1) -> list[str]:
        """The groups of this pattern, once the log has it this often."""
        deadline = time.monotonic() + 60
        while len(found := re.findall(pattern, self.log)) < times:
            assert time.monotonic() < deadline, f"no {pattern!r} in:\n{self.log}"
            time.sleep(0.02)
        return [str(match) for match in found]

    def pid(self, name: str) -> int:
        return int(self.wait_for(rf"{name} +\| (\d+)\n")[-1])


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    made: list[Run] = []
    yield made
    for run in made:
        if run.process.poll() is None:
            run.process.kill()
        run.process.wait()


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_gone(*pids: int) -> None:
    deadline = time.monotonic() + 60
    while any(map(is_alive, pids)):
        assert time.monotonic() < deadline, f"still alive: {list(filter(is_alive, pids))}"
        time.sleep(0.02)


def test_lines_carry_the_name_and_land_in_the_log_file(tmp_path: Path, runs: list[Run]) -> None:
    runs.append(run := Run(tmp_path, ("one", code("one", "print('caf\\u00e9'); time.sleep(60)"))))
    run.wait_for(r"one        \| café\n")
    assert "café\n" in (tmp_path / "logs" / "one.log").read_text()


def test_a_settings_module_of_the_teams_own_is_handed_on(
    tmp_path: Path, runs: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "team_settings")
    body = "print(os.environ['DJANGO_SETTINGS_MODULE']); time.sleep(60)"
    runs.append(run := Run(tmp_path, ("one", code("one", body))))
    run.wait_for(r"one        \| team_settings\n")


def test_a_process_waits_for_the_one_it_needs(tmp_path: Path, runs: list[Run]) -> None:
    first = "time.sleep(0.5); print('first'); " + code("first")
    runs.append(run := Run(tmp_path, ("second", code("second"), 0, 5.0, "first"), ("first", first)))
    run.pid("second")
    assert run.log.index("| first") < run.log.index("second")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_stops_in_order(tmp_path: Path, runs: list[Run], number: signal.Signals) -> None:
    body = "signal.signal(signal.SIGTERM, lambda *_: (print(NAME, 'ends', flush=True), sys.exit())); time.sleep(60)"
    rows = [(name, code(name, body), rank) for name, rank in (("last", 3), ("first", 0), ("middle", 1))]
    runs.append(run := Run(tmp_path, *rows))
    pids = [run.pid(name) for name in ("last", "first", "middle")]
    run.process.send_signal(number)
    assert run.process.wait(30) == 0
    assert re.findall(r"(\w+) ends", run.log) == ["first", "middle", "last"]
    assert "Stopped" in run.log
    wait_gone(*pids)


def test_what_does_not_stop_is_killed_after_its_patience(tmp_path: Path, runs: list[Run]) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    runs.append(run := Run(tmp_path, ("one", code("one", deaf), 0, 0.5)))
    run.wait_for("deaf")
    run.process.terminate()
    assert run.process.wait(30) == 0
    assert "one did not stop within" in run.log
    wait_gone(run.pid("one"))


def test_a_second_signal_stops_at_once(tmp_path: Path, runs: list[Run]) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    runs.append(run := Run(tmp_path, ("one", code("one", deaf), 0, 60.0)))
    run.wait_for("deaf")
    run.process.send_signal(signal.SIGINT)
    run.wait_for("once more stops at once")
    time.sleep(0.6)  # less counts as the same Ctrl-C, which can arrive twice
    run.process.send_signal(signal.SIGINT)
    run.process.wait(30)
    wait_gone(run.pid("one"))


def test_a_dead_process_is_started_again(tmp_path: Path, runs: list[Run]) -> None:
    runs.append(run := Run(tmp_path, ("one", code("one")), ("two", code("two"))))
    first, two = run.pid("one"), run.pid("two")
    os.kill(first, signal.SIGKILL)
    run.wait_for(r"one ended by itself \(signal SIGKILL\)")
    run.wait_for(r"one +\| \d+\n", times=2)
    assert is_alive(run.pid("one"))
    assert run.pid("one") != first
    assert run.pid("two") == two


def test_one_that_keeps_dying_stops_everything(tmp_path: Path, runs: list[Run]) -> None:
    runs.append(run := Run(tmp_path, ("bad", "print('why', flush=True); sys.exit(3)"), ("good", code("good"))))
    good = run.pid("good")
    assert run.process.wait(30) == 1
    assert run.log.count("bad        | why") == 5
    assert "bad keeps ending, last with exit status 3" in run.log
    wait_gone(good)


def test_one_that_is_not_vital_may_keep_dying(tmp_path: Path, runs: list[Run]) -> None:
    bad = ("bad one", "print('why', os.environ['WHICH'], flush=True); sys.exit(3)", {"vital": False, "WHICH": "mine"})
    runs.append(run := Run(tmp_path, bad, ("good", code("good"))))
    run.wait_for(r"bad one ended by itself \(exit status 3\); starting it again in 60.0 s")
    assert run.log.count("| why mine") == 5
    assert (tmp_path / "logs" / "bad-one.log").read_text().count("why") == 5
    assert is_alive(run.pid("good"))
    run.process.terminate()
    assert run.process.wait(30) == 0


def test_a_quiet_process_is_heard_when_it_dies(tmp_path: Path, runs: list[Run]) -> None:
    last_words = "time.sleep(0.3); print('\\n'.join(map(str, range(100, 130))), flush=True); time.sleep(60)"
    runs.append(run := Run(tmp_path, ("one", code("one", last_words), 0, 5.0, "", True), ("two", code("two"))))
    run.pid("two")
    log = tmp_path / "logs" / "one.log"
    while not log.exists() or "129" not in log.read_text():
        time.sleep(0.02)
    assert "one  " not in run.log
    os.kill(int(log.read_text().split()[0]), signal.SIGKILL)
    run.wait_for("one ended by itself")
    assert re.findall(r"one +\| (\d+)", run.log) == [str(number) for number in range(120, 130)]


def test_a_dead_process_takes_its_own_children_along(tmp_path: Path, runs: list[Run]) -> None:
    runs.append(run := Run(tmp_path, ("one", code("one", CHILD + "time.sleep(60)"))))
    child_pid = int(run.wait_for(r"child (\d+)")[0])
    assert is_alive(child_pid)
    os.kill(run.pid("one"), signal.SIGKILL)
    wait_gone(child_pid)


def test_killing_the_supervisor_leaves_nothing(tmp_path: Path, runs: list[Run]) -> None:
    deaf = "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    runs.append(run := Run(tmp_path, ("one", code("one", deaf + CHILD + "time.sleep(60)")), ("two", code("two"))))
    pids = [run.pid("one"), run.pid("two"), int(run.wait_for(r"child (\d+)")[0])]
    run.process.kill()
    wait_gone(*pids)


def test_a_chatty_process_and_a_line_without_end_are_passed_on_whole(tmp_path: Path, runs: list[Run]) -> None:
    talk = "sys.stdout.write('x' * 200_000 + '\\n' + '\\n'.join(map(str, range(5000))) + '\\nno newline');"
    runs.append(run := Run(tmp_path, ("one", code("one", talk + "sys.stdout.flush(); time.sleep(60)"))))
    run.wait_for(r"\| 4999\n")
    run.process.terminate()
    assert run.process.wait(30) == 0
    assert run.log.count("x") >= 200_000
    assert re.findall(r"\| (\d{1,4})\n", run.log)[-5000:][:3] == ["0", "1", "2"]
    assert "no newline\n" in run.log


def test_a_process_that_closes_its_output_costs_nothing(tmp_path: Path, runs: list[Run]) -> None:
    runs.append(run := Run(tmp_path, ("one", code("one", "os.close(1); os.close(2); time.sleep(60)"))))
    run.pid("one")
    time.sleep(0.2)
    before = cpu_seconds(run.process.pid)
    time.sleep(0.5)
    assert cpu_seconds(run.process.pid) - before < 0.1


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

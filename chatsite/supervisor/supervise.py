"""The loop that starts the processes, watches them, and stops them in order. One thread, woken by signals and lines."""

import selectors
import signal
import socket
import time
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from types import FrameType

from chatsite.supervisor.console import Console
from chatsite.supervisor.process import Process, Spec
from chatsite.supervisor.undertaker import Undertaker

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK = 0.1
SAME_REQUEST = 0.5


class Supervisor:
    """Runs ``specs`` until a signal, or until one of them cannot be kept alive.

    ``on_tick`` is called about ten times a second until it returns True.
    """

    def __init__(self, specs: list[Spec], console: Console, logs: Path, on_tick: Callable[[], bool]) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._console = console
        self._undertaker = Undertaker()
        self._processes = {spec.name: Process(spec, console, self._undertaker, logs) for spec in specs}
        self._selector = selectors.DefaultSelector()
        self._on_tick = on_tick
        self._settled = False
        self._stop_requests = 0
        self._stop_asked_at = -SAME_REQUEST
        self._reason = ""

    def run(self) -> int:
        """Returns the exit status: 0 after an orderly stop, 1 when a process died too often."""
        receiver, sender = socket.socketpair()
        with receiver, sender:
            receiver.setblocking(False)
            sender.setblocking(False)
            self._selector.register(receiver, selectors.EVENT_READ, lambda: receiver.recv(4096))
            signal.set_wakeup_fd(sender.fileno())
            signal.signal(signal.SIGCHLD, lambda *_: None)
            for number in STOP_SIGNALS:
                signal.signal(number, self._request_stop)
            try:
                self._watch()
                self._stop()
            finally:
                self._kill()
                signal.set_wakeup_fd(-1)
                self._undertaker.close()
        return 1 if self._reason else 0

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        # One Ctrl-C or kill can arrive twice: to the group of processes, and again through make.
        if time.monotonic() - self._stop_asked_at > SAME_REQUEST:
            self._stop_requests += 1
            self._stop_asked_at = time.monotonic()

    # --- Running ------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._stop_requests and not self._reason:
            self._start_due()
            self._wait()
            self._see_up()
            self._revive()
            self._settled = self._settled or self._on_tick()

    def _start_due(self) -> None:
        for process in self._processes.values():
            after = self._processes.get(process.spec.after)
            if not process.is_running and process.start_at <= time.monotonic() and (after is None or after.was_up):
                process.start()
                self._selector.register(process.output, selectors.EVENT_READ, process.read)

    def _see_up(self) -> None:
        for process in self._processes.values():
            if process.is_running and not process.was_up:
                process.was_up = process.spec.is_up()

    def _revive(self) -> None:
        for process in self._processes.values():
            if not process.has_ended():
                continue
            name, how = process.spec.name, self._reap(process)
            if process.note_death():
                pause = process.start_at - time.monotonic()
                self._console.say(f"{name} ended by itself ({how}); starting it again in {pause:.1f} s")
            else:
                log = f"logs/{process.spec.log_name}"
                self._reason = f"{name} keeps ending, last with {how}; its last lines are above and in {log}"

    def _reap(self, process: Process) -> str:
        if process.output in self._selector.get_map():
            self._selector.unregister(process.output)
        status = process.reap()
        return f"exit status {status}" if status >= 0 else f"signal {signal.Signals(-status).name}"

    def _wait(self) -> None:
        """Until a process wrote something, a signal came, or it is time to look again."""
        all_run = all(process.is_running and process.was_up for process in self._processes.values())
        for key, _ in self._selector.select(None if all_run and self._settled else TICK):
            key.data()
        for process in self._processes.values():
            if process.at_end and process.is_running and process.output in self._selector.get_map():
                self._selector.unregister(process.output)

    # --- Stopping -----------------------------------------------------------------------------------------------------

    def _stop(self) -> None:
        self._console.end_progress()
        self._console.say(f"Stopping: {self._reason}" if self._reason else "Stopping; once more stops at once")
        ranked = sorted(self._processes.values(), key=lambda process: process.spec.stop_rank)
        requests = self._stop_requests
        for _, rank in groupby(ranked, key=lambda process: process.spec.stop_rank):
            self._stop_all([process for process in rank if process.is_running], requests)
            if self._stop_requests > requests:
                return
        self._console.say("Stopped")

    def _stop_all(self, processes: list[Process], requests: int) -> None:
        began = time.monotonic()
        for process in processes:
            process.terminate()
        while processes and self._stop_requests == requests:
            self._selector_step()
            for process in list(processes):
                if process.has_ended():
                    self._reap(process)
                    processes.remove(process)
                elif time.monotonic() - began > process.spec.patience:
                    self._console.say(f"{process.spec.name} did not stop within {process.spec.patience:.0f} s: killed")
                    self._reap(process)
                    processes.remove(process)

    def _selector_step(self) -> None:
        for key, _ in self._selector.select(TICK):
            key.data()

    def _kill(self) -> None:
        for process in self._processes.values():
            if process.is_running:
                self._reap(process)

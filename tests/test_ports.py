"""A port is given to one process of tests at a time."""

import random
import socket
import subprocess
import sys

import pytest

from tests import ports

OTHER = "from tests.ports import free_port; print(free_port(), flush=True); input()"


class Offered:
    """In the place of chance: these ports first, in this order."""

    def __init__(self, *offered: int) -> None:
        self._offered = list(offered)

    def choice(self, all_of_them: range) -> int:
        return self._offered.pop(0) if self._offered else random.SystemRandom().choice(all_of_them)


def test_nobody_else_is_given_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ports.free_port()
    command = [sys.executable, "-c", OTHER]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
        socket.create_server(("127.0.0.1", 0)) as busy,
    ):
        assert other.stdout
        taken = [ours, int(other.stdout.readline()), busy.getsockname()[1]]
        offered = Offered(*taken)
        monkeypatch.setattr(ports, "_chance", offered)
        assert ports.free_port() not in taken
        assert offered.choice(range(1)) == 0, "all of them were offered"
        other.communicate("\n")

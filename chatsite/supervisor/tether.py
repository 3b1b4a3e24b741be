"""Become a command that dies with the supervisor: ``python tether.py SUPERVISOR_PID COMMAND …``.

A script of its own, since code between fork and exec in the supervisor could deadlock. On systems without
``prctl`` the undertaker alone does this.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    supervisor, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The supervisor may have died before the line above took hold.
    if os.getppid() != supervisor:
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    main()

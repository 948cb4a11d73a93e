"""Job control: suspension by the shell, and the foreground of the terminal."""

from __future__ import annotations

import os
import signal


def has_shell() -> bool:
    """Whether a shell can resume this process after it was stopped.

    A session leader, as under `ssh host dltui` or in a window of tmux, has none.
    """
    session, group, pid = os.getsid(0), os.getpgrp(), os.getppid()
    try:
        while pid > 1 and os.getsid(pid) == session:
            if os.getpgid(pid) != group:
                return True
            pid = _parent_of(pid)
    except (OSError, ValueError, IndexError):
        return False
    return False


def stop() -> None:
    """As Ctrl+Z in a shell: send SIGTSTP to the process group."""
    os.kill(0, signal.SIGTSTP)


def wait_for_foreground(terminal: int) -> None:
    """Stop until the process group is in the foreground: after `bg` there is no screen to draw on."""
    try:
        while os.tcgetpgrp(terminal) != os.getpgrp() and has_shell():
            os.kill(os.getpid(), signal.SIGSTOP)
    except OSError:
        return  # the terminal is gone: the app sees it too


def _parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])

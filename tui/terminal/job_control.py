"""The shell that started the app: whether it can stop it, and who has the terminal."""

from __future__ import annotations

import os
import signal


def has_shell() -> bool:
    """Whether somebody will be told that this process was stopped, and can bring it back.

    A process that is the first of its session, as under `ssh host dltui` or in a window of tmux, has nobody.
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
    """As Ctrl+Z in a shell: every process of the group is told to stop."""
    os.kill(0, signal.SIGTSTP)


def wait_for_foreground(terminal: int) -> None:
    """Stop again for as long as the terminal belongs to somebody else: `bg` brings back no screen."""
    try:
        while os.tcgetpgrp(terminal) != os.getpgrp() and has_shell():
            os.kill(os.getpid(), signal.SIGSTOP)
    except OSError:
        return  # the terminal is gone: the app sees it too


def _parent_of(pid: int) -> int:
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])

"""Kill and reap all processes that the worker started, also those in other groups and sessions."""

from __future__ import annotations

import os
import select
import signal
import time


def kill_all() -> bool:
    """Kill every child until there is none; orphans become children of the subreaper one by one.

    False when some are still there after ten seconds: the kernel does not let them end.
    """
    deadline = time.monotonic() + 10.0
    while _has_children():
        pidfds = [_kill(pid) for pid in children()]
        watched = [fd for fd in pidfds if fd is not None]
        left = max(0.0, deadline - time.monotonic())
        try:
            select.select(watched, [], [], min(left, 0.2) if watched else 0.01)
        finally:
            for fd in watched:
                os.close(fd)
        _reap()
        if time.monotonic() >= deadline:
            return not _has_children()
    return True


def children() -> list[int]:
    """Process ids whose parent is this process."""
    mine = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and _parent(name) == mine]


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return 0
    return int(text[text.rindex(b")") + 2 :].split()[1])


def _kill(pid: int) -> int | None:
    """A pidfd that becomes readable at its end. `pid` cannot be reused: it is a child, not reaped yet."""
    try:
        os.kill(pid, signal.SIGKILL)
        return os.pidfd_open(pid)
    except OSError:
        return None


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass  # none is left


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True

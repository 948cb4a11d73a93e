"""The processes that a command has started, also those in sessions of their own."""

from __future__ import annotations

import os
import select
import signal

from engine.process_tree import children


class ScriptTree:
    """Holds them from the moment of `look`: orphans are no longer found below the command."""

    def __init__(self, pid: int) -> None:
        """`pid` is that of the command, which is not among them."""
        self._pid = pid
        self._held: dict[int, int] = {}
        """the pidfd of each process"""

    def look(self) -> None:
        waiting = [self._pid]
        while waiting:
            parent = waiting.pop()
            for child in children(parent):
                waiting.append(child)
                if child not in self._held:
                    self._hold(child, parent)

    def _hold(self, pid: int, parent: int) -> None:
        try:
            held = os.pidfd_open(pid)
        except OSError:
            return  # it has ended
        if pid in children(parent):
            self._held[pid] = held
        else:
            os.close(held)  # it has ended, and its id may be that of another process

    def send(self, number: signal.Signals) -> None:
        for held in self._held.values():
            try:
                signal.pidfd_send_signal(held, number)
                if number == signal.SIGTERM:
                    signal.pidfd_send_signal(held, signal.SIGCONT)
            except OSError:
                pass  # it has ended, or runs as another user

    @property
    def are_running(self) -> bool:
        """Whether one of those that were found still runs."""
        ended = set(select.select(list(self._held.values()), [], [], 0)[0]) if self._held else set()
        for pid, held in list(self._held.items()):
            if held in ended:
                os.close(held)
                del self._held[pid]
        return bool(self._held)

"""Leaving: cleanly where that is possible, by force where the terminal takes nothing any more."""

from __future__ import annotations

import os
import signal
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from tui.terminal.output import BREAK_OFF

PATIENCE = 1.5
"""seconds a clean way out may take"""
SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
RESTORE = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?1004l\x1b[<u"
STDIN, STDERR = 0, 2


class AppExit:
    """A stalled terminal blocks the app's loop; the interpreter itself still hears signals."""

    def __init__(self, leave: Callable[[], object], save: Callable[[], object]) -> None:
        self._leave, self._save = leave, save
        self._modes = _modes()
        self._hurry: threading.Timer | None = None
        self._before: dict[signal.Signals, Any] = {}

    def open(self) -> None:
        """Hear the signals. From the main thread."""
        self._before = {number: signal.signal(number, self._heard) for number in SIGNALS}

    def close(self) -> None:
        """Let others hear them again, unless the way out is being taken."""
        if self._hurry is None:
            for number, before in self._before.items():
                signal.signal(number, before)

    def hurry(self) -> None:
        """From now on the process has little time left."""
        if self._hurry is None:
            self._hurry = threading.Timer(PATIENCE, self.force)
            self._hurry.daemon = True
            self._hurry.start()

    def force(self) -> None:
        """Save the view, give the terminal back as far as it lets us, and end."""
        self._save()
        try:
            if self._modes is not None:
                termios.tcsetattr(STDIN, termios.TCSANOW, self._modes)
            termios.tcflush(STDERR, termios.TCOFLUSH)  # what nobody reads would keep the rest from being sent
            terminal = os.open(os.ttyname(STDERR), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            os.write(terminal, BREAK_OFF + RESTORE)
        except (OSError, termios.error):
            pass  # there is no terminal any more
        os._exit(0)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        self.hurry()
        self._leave()


def _modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(STDIN)
    except termios.error:
        return None

"""Exit: a clean one where possible, else by `os._exit` where the terminal accepts no output."""

from __future__ import annotations

import os
import signal
import termios
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from tui.terminal.output import CANCEL_SEQUENCE

CLEAN_EXIT_SECONDS = 1.5
"""that a clean exit may take"""
STALLED_SECONDS = 1.0
"""without accepted output, after which the exit need not wait for the keys typed before"""
SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
RESTORE = b"\x1b[?1049l\x1b[?25h\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?2004l\x1b[?1004l\x1b[<u"
STDIN, STDERR = 0, 2


class AppExit:
    """Signal handlers that exit the app. A stalled terminal blocks its loop, but not signal handlers."""

    def __init__(self, leave: Callable[[], object], save: Callable[[], object]) -> None:
        self._leave, self._save = leave, save
        self._modes = _modes()
        self._deadline: threading.Timer | None = None
        self._stall_check: threading.Timer | None = None
        self._before: dict[signal.Signals, Any] = {}

    def install(self) -> None:
        """Install the signal handlers. From the main thread."""
        self._before = {number: signal.signal(number, self._handle) for number in SIGNALS}

    def uninstall(self) -> None:
        """Restore the handlers of before, unless the exit is under way."""
        if self._deadline is None:
            for number, before in self._before.items():
                signal.signal(number, before)

    def start_deadline(self) -> None:
        """Force the exit after CLEAN_EXIT_SECONDS."""
        if self._deadline is None:
            self._deadline = threading.Timer(CLEAN_EXIT_SECONDS, self.force)
            self._deadline.daemon = True
            self._deadline.start()

    def force_if(self, is_stalled: Callable[[float], bool]) -> None:
        """Force the exit after CLEAN_EXIT_SECONDS if the terminal accepts no output then."""
        if self._stall_check is None or not self._stall_check.is_alive():
            self._stall_check = threading.Timer(CLEAN_EXIT_SECONDS, self._force_if, [is_stalled])
            self._stall_check.daemon = True
            self._stall_check.start()

    def _force_if(self, is_stalled: Callable[[float], bool]) -> None:
        if is_stalled(STALLED_SECONDS):
            self.force()

    def force(self) -> None:
        """Save the view state, restore the terminal as far as it accepts output, and end the process."""
        self._save()
        try:
            if self._modes is not None:
                termios.tcsetattr(STDIN, termios.TCSANOW, self._modes)
            termios.tcflush(STDERR, termios.TCOFLUSH)  # unread output would block the rest
            terminal = os.open(os.ttyname(STDERR), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
            os.write(terminal, CANCEL_SEQUENCE + RESTORE)
        except (OSError, termios.error):
            pass  # there is no terminal any more
        os._exit(0)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.start_deadline()
        self._leave()


def _modes() -> list[Any] | None:
    try:
        return termios.tcgetattr(STDIN)
    except termios.error:
        return None

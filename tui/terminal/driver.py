"""The driver of the app: keyboard input, output in few bytes, suspension by the shell."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from tui.terminal import job_control
from tui.terminal.keyboard import KeyboardDriver
from tui.terminal.output import TerminalOutput
from tui.terminal.sgr import SgrWriter

SYNC_END = "\x1b[?2026l"


class TerminalDriver(KeyboardDriver):
    """Textual's driver with output that never blocks the app, and with suspension by the shell."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sgr_writer = SgrWriter()
        self._output: TerminalOutput | None = None
        self._is_suspended = False

    def write(self, data: str) -> None:
        if self._output is not None:
            if self._output.accepts(data):
                self._output.write(self._sgr_writer.minimise(data))
        elif self._writer_thread is not None:
            super().write(self._sgr_writer.minimise(data))

    def start_application_mode(self) -> None:
        """Start once the app is in the foreground of its shell."""
        self._is_suspended = True
        job_control.wait_for_foreground(self.fileno)
        self._is_suspended = False
        self._sgr_writer.reset()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._writer_thread is None:
            return
        self._writer_thread.stop()
        assert sys.__stderr__ is not None
        self._output = TerminalOutput(sys.__stderr__, self._redraw_soon)
        self._output.start()
        self._writer_thread = self._output  # type: ignore[assignment]

    def stop_application_mode(self) -> None:
        if self._output is not None:
            self._output.discard()
            self._sgr_writer.reset()
        super().stop_application_mode()

    def close(self) -> None:
        super().close()
        self._output = self._writer_thread = None

    # --- suspended and resumed by a shell ------------------------------------------------------------------

    def _sigtstp_application(self, *_: object) -> None:
        """In a signal handler, where the loop may hold a lock: suspend from the loop instead."""
        if job_control.has_shell():
            self._loop.call_soon_threadsafe(self._suspend)

    def _sigcont_application(self, *_: object) -> None:
        """After a SIGSTOP, which cannot be handled."""
        if not self._is_suspended:
            self._loop.call_soon_threadsafe(self._restart)

    def _suspend(self) -> None:
        """Stop the process; returns when the shell has brought it back to the foreground."""
        if self._is_suspended or self._output is None:
            return
        self._is_suspended = True
        self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._resume()

    def _restart(self) -> None:
        if self._output is not None and not self._is_suspended:
            self._is_suspended = True
            self.suspend_application_mode()
            self._resume()

    def _resume(self) -> None:
        self.resume_application_mode()
        self._app.call_later(self._app.refresh, layout=True)

    def _redraw_soon(self) -> None:
        """Called from the output thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._redraw)

    def _redraw(self) -> None:
        if self._output is not None:
            self.write(SYNC_END)
            self._app.refresh(layout=True)

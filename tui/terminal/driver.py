"""The terminal, both ways: the keyboard's bytes as events, the screen's in as few bytes as show it."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from tui.terminal import job_control
from tui.terminal.keyboard import Keyboard
from tui.terminal.output import TerminalOutput
from tui.terminal.sgr import SgrWriter

SYNC_END = "\x1b[?2026l"


class Terminal(Keyboard):
    """Textual's driver, but a terminal that does not read keeps nobody waiting, and a shell may stop it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._pen = SgrWriter()
        self._output: TerminalOutput | None = None
        self._is_suspended = False

    def write(self, data: str) -> None:
        if self._output is not None:
            if self._output.accepts(data):
                self._output.write(self._pen.terse(data))
        elif self._writer_thread is not None:
            super().write(self._pen.terse(data))

    def start_application_mode(self) -> None:
        """Once the terminal is ours: what is started in the background waits for the shell."""
        self._is_suspended = True
        job_control.wait_for_foreground(self.fileno)
        self._is_suspended = False
        self._pen.forget()
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
            self._pen.forget()
        super().stop_application_mode()

    def close(self) -> None:
        super().close()
        self._output = self._writer_thread = None

    # --- stopped by a shell, and going on ------------------------------------------------------------------

    def _sigtstp_application(self, *_: object) -> None:
        """In a signal handler: whatever lock the loop holds at this moment, it will have let go of it."""
        if job_control.has_shell():
            self._loop.call_soon_threadsafe(self._stop_for_the_shell)

    def _sigcont_application(self, *_: object) -> None:
        """After a SIGSTOP, which nobody can prepare for."""
        if not self._is_suspended:
            self._loop.call_soon_threadsafe(self._start_over)

    def _stop_for_the_shell(self) -> None:
        """Returns when the shell has brought the app back to the foreground."""
        if self._is_suspended or self._output is None:
            return
        self._is_suspended = True
        self.suspend_application_mode()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._resume()

    def _start_over(self) -> None:
        if self._output is not None and not self._is_suspended:
            self._is_suspended = True
            self.suspend_application_mode()
            self._resume()

    def _resume(self) -> None:
        self.resume_application_mode()
        self._app.call_later(self._app.refresh, layout=True)

    def _redraw_soon(self) -> None:
        """From the thread that writes."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._redraw)

    def _redraw(self) -> None:
        if self._output is not None:
            self.write(SYNC_END)
            self._app.refresh(layout=True)

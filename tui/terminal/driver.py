"""The driver of the app: keyboard input, output in few bytes, suspension by the shell."""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import Any

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.keys import Keys

from tui.messages import PasteTruncated
from tui.terminal import job_control
from tui.terminal.output import TerminalOutput
from tui.terminal.paste import PasteFilter
from tui.terminal.sent_cells import SentCells
from tui.terminal.sgr import SgrWriter

SYNC_END = "\x1b[?2026l"
CHUNK = 1 << 14
DIGITS = frozenset("123456789")
POLL_SECONDS = 0.1
"""the timeout of the parser for the rest of an escape sequence"""
PARTS_OF_DRIVER = ("_app", "_debug", "_loop", "_writer_thread", "exit_event", "fileno")
PARTS_OF_PARSER = ("feed", "tick")


def driver_for(app: App[Any], **options: Any) -> LinuxDriver:
    """The driver below; Textual's own where it lacks the parts that the driver below relies on."""
    own = LinuxDriver(app, **options)
    is_known = all(hasattr(own, part) for part in PARTS_OF_DRIVER)
    if is_known and all(hasattr(XTermParser, part) for part in PARTS_OF_PARSER):
        return TerminalDriver(app, **options)
    return own


class KeyParser(XTermParser):
    """Textual's parser, but it ignores invalid character codes instead of raising, and reads escape before a
    digit as alt with that digit, not as the character of a Mac keyboard."""

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> list[Key]:
        if (digit := sequence.removeprefix("\x1b")) in DIGITS and sequence != digit:
            return [Key(f"alt+{digit}", None)]
        try:
            return list(super()._sequence_to_key_events(sequence, alt))
        except (ValueError, OverflowError):
            return [Key(Keys.Ignore, sequence)]


class TerminalDriver(LinuxDriver):
    """Textual's driver with another reader, with output that never blocks the app, and with suspension.

    The reader: no input ends it, and a paste never contains keys.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._sgr_writer = SgrWriter()
        self.sent_cells = SentCells()
        self._output: TerminalOutput | None = None
        self._is_suspended = False

    # --- input ---------------------------------------------------------------------------------------------

    def run_input_thread(self) -> None:
        parser = KeyParser(self._debug)
        pastes = PasteFilter(lambda: self.send_message(PasteTruncated()))
        while not self.exit_event.is_set():
            data = self._read()
            if data == b"":
                return  # the terminal is gone: the app sees it too
            text = pastes.feed(data) if data else pastes.idle()
            for event in parser.feed(text) if text else ():  # empty text would end the parser
                self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    def _read(self) -> bytes | None:
        """The next bytes; None without input, empty when the terminal is gone."""
        if not select.select([self.fileno], [], [], POLL_SECONDS)[0]:
            return None
        try:
            return os.read(self.fileno, CHUNK)
        except OSError:
            return b""

    # --- output --------------------------------------------------------------------------------------------

    def is_stalled(self, seconds: float) -> bool:
        """Whether the terminal has accepted no output for so long although some is pending."""
        return self._output is not None and self._output.is_stalled(seconds)

    def write(self, data: str) -> None:
        if self._output is not None:
            if self._output.accepts(data):
                self._output.write(self._sgr_writer.minimise(data))
            else:
                self.sent_cells.forget()
        elif self._writer_thread is not None:
            super().write(self._sgr_writer.minimise(data))

    def start_application_mode(self) -> None:
        """Start once the app is in the foreground of its shell."""
        self._is_suspended = True
        job_control.wait_for_foreground(self.fileno)
        self._is_suspended = False
        self._forget_output()
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
            self._forget_output()
        super().stop_application_mode()

    def _forget_output(self) -> None:
        """Other output may have reached the terminal."""
        self._sgr_writer.reset()
        self.sent_cells.forget()

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

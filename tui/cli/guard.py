"""Runs a command: exit status, and one line for an error. Tracebacks go to the log."""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from engine import files, places
from engine.errors import DltuiError, without_error_number
from tui.cli.engine_call import exit_code, print_error, print_stderr
from tui.cli.output import OutputFailed
from tui.terminal.plain_text import plain

CLOSED_PIPE = 141
"""exit status of a process that SIGPIPE ended"""
INTERRUPTED = 130
LOG_LIMIT = 1024 * 1024


def run_command(command: Callable[[], object]) -> int:
    """Run the command, flush stdout; returns the exit status."""
    try:
        status = _run(command)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return report_error(error)
    return status


def report_error(error: BaseException) -> int:
    """Print an error in one line; returns its exit status."""
    match error:
        case OutputFailed(is_closed_pipe=True):
            return CLOSED_PIPE
        case OutputFailed():
            print_stderr(f"The output cannot be written: {error}.")
        case KeyboardInterrupt():
            return INTERRUPTED
        case DltuiError():
            print_error(error)
            return exit_code(error)
        case _:
            print_stderr(_unexpected(error))
    return 1


def _run(command: Callable[[], object]) -> int:
    try:
        command()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    return 0


def _unexpected(error: BaseException) -> str:
    """One line for an unexpected error; its traceback goes to the log."""
    message = plain(f"{type(error).__name__}: {error}".split("\n")[0], limit=200).removesuffix(".")
    place = append_to_log("".join(traceback.format_exception(error)))
    return f"Internal error: {message}. {place}"


def append_to_log(text: str) -> str:
    """Append to the log of the CLI, truncated at LOG_LIMIT; returns a sentence that names its path."""
    try:
        path = places.home().shell_log
        log = files.open_log(path, LOG_LIMIT)
        try:
            head = time.strftime("%Y-%m-%d %H:%M:%S")
            os.write(log, f"--- {head}, process {os.getpid()}\n{text}\n".encode(errors="backslashreplace"))
        finally:
            os.close(log)
    except (OSError, DltuiError) as error:
        return f"Its traceback could not be kept: {without_error_number(str(error))}"
    return f"Its traceback is in {path}"


class _LogFileHandler(logging.Handler):
    """Writes log records of libraries to the log of the CLI, not to the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        append_to_log(self.format(record))


def log_background_errors() -> None:
    """Send errors of background tasks and destructors to the log instead of the terminal."""
    logging.getLogger("asyncio").addHandler(_LogFileHandler(logging.WARNING))
    logging.getLogger("asyncio").propagate = False
    sys.excepthook = _log_exception
    sys.unraisablehook = lambda error: _log_exception(error.exc_type, error.exc_value, error.exc_traceback)


def _log_exception(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    append_to_log("".join(traceback.format_exception(kind, error, trace)))

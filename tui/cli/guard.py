"""The end of every verb: an exit status, and one line where something went wrong. Never a traceback."""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType

from engine import places
from engine.errors import DltuiError
from tui.cli.engine_call import exit_code, tell, tell_error
from tui.cli.output import OutputRefused
from tui.terminal.plain_text import plain

CLOSED_PIPE = 141
"""what a shell says of a program that SIGPIPE ended"""
INTERRUPTED = 130
LOG_LIMIT = 1024 * 1024


def status_of(verb: Callable[[], object]) -> int:
    """Run the verb to its last written byte; the exit status."""
    try:
        status = _run(verb)
        sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:
        return told(error)
    return status


def told(error: BaseException) -> int:
    """Say in one line what went wrong; the exit status of that."""
    match error:
        case OutputRefused(is_closed_pipe=True):
            return CLOSED_PIPE
        case OutputRefused():
            tell(f"The output cannot be written: {error}.")
        case KeyboardInterrupt():
            return INTERRUPTED
        case DltuiError():
            tell_error(error)
            return exit_code(error)
        case _:
            tell(_unforeseen(error))
    return 1


def _run(verb: Callable[[], object]) -> int:
    try:
        verb()
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else 0 if leave.code is None else 1
    return 0


def _unforeseen(error: BaseException) -> str:
    """One line for an error nobody thought of; its traceback goes to the log."""
    what = plain(f"{type(error).__name__}: {error}".split("\n")[0], limit=200).removesuffix(".")
    kept = keep("".join(traceback.format_exception(error)))
    return f"Internal error: {what}. {kept}"


def keep(text: str) -> str:
    """Append to the log of the shell; where it lies, in words. The log begins anew when it is long."""
    try:
        path = places.home().shell_log
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        log = os.open(path, flags, 0o600)
        try:
            if os.fstat(log).st_size > LOG_LIMIT:
                os.ftruncate(log, 0)
            head = time.strftime("%Y-%m-%d %H:%M:%S")
            os.write(log, f"--- {head}, process {os.getpid()}\n{text}\n".encode(errors="backslashreplace"))
        finally:
            os.close(log)
    except (OSError, DltuiError) as error:
        return f"Its traceback could not be kept: {error}"
    return f"Its traceback is in {path}"


class _KeptRecords(logging.Handler):
    """What a library logs about a fault in the background is for the log, not for the terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        keep(self.format(record))


def keep_background_faults() -> None:
    """From now on what goes wrong where nobody waits for it is kept in the log, not shown."""
    logging.getLogger("asyncio").addHandler(_KeptRecords(logging.WARNING))
    logging.getLogger("asyncio").propagate = False
    sys.excepthook = _keep_exception
    sys.unraisablehook = lambda fault: _keep_exception(fault.exc_type, fault.exc_value, fault.exc_traceback)


def _keep_exception(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    keep("".join(traceback.format_exception(kind, error, trace)))

"""Exceptions: each has one line of message and, where there is one, a remedy."""

from __future__ import annotations

import errno
import re
from typing import Any

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""errno values of a full disk, an exhausted quota or the limit of file size"""


def without_error_number(text: str) -> str:
    """The text of an OSError as words: Permission denied: 'FILE'"""
    return re.sub(r"\[Errno -?\d+\] ", "", text)


class DltuiError(Exception):
    """`message` is one line: what failed, what was expected, what came. `remedy` is what to do, or empty."""

    def __init__(self, message: str, remedy: str = "") -> None:
        message = _without_double_period(without_error_number(message))
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InputError(DltuiError):
    """A parameter, an option or a filter is not valid. The CLI exits with 2."""


class ParamError(InputError):
    """A parameter is unknown, out of bounds or not of its type."""


class UnknownExperiment(InputError):
    """The catalog has no experiment of that name."""


class RunNotFound(DltuiError):
    """No run, or more than one, matches the given name."""


class RunRefused(DltuiError):
    """The run exists, but its state does not allow the command."""


class CorruptRun(DltuiError):
    """A file of a home, mostly of a run or a sweep, is unreadable or has the wrong format."""


class DataError(DltuiError):
    """A data set is missing, damaged or of the wrong format."""


class TextError(DataError, InputError):
    """The text given to a language model is not valid input."""


class EngineError(DltuiError):
    """The service cannot be started, reached or trusted."""


class HomeUnusable(EngineError):
    """The folder that DLTUI_HOME names cannot be used until the user has repaired it.

    `why` is a short reason, `command` the shell command that repairs it, or empty.
    """

    def __init__(self, message: str, remedy: str = "", *, why: str = "", command: str = "") -> None:
        super().__init__(message, remedy or command)
        self.why, self.command = why or message, command


class EngineSilent(EngineError):
    """The service runs as process `pid` and does not answer."""

    def __init__(self, message: str, remedy: str, pid: int) -> None:
        super().__init__(message, remedy)
        self.pid = pid


class OtherVersion(EngineError):
    """The service, process `pid`, is of another version of dltui."""

    def __init__(self, message: str, remedy: str, pid: int, *, is_older: bool) -> None:
        super().__init__(message, remedy)
        self.pid, self.is_older = pid, is_older


class ProtocolError(DltuiError):
    """A frame on the socket, or a request, does not follow the protocol."""


class Diverged(DltuiError):
    """A loss or a weight stopped being a finite number."""


class ResumeRefused(DltuiError):
    """A strict resume would not be exact: something differs from the checkpoint."""


# --- over a socket ----------------------------------------------------------------------------------------


def error_to_json(error: DltuiError) -> dict[str, object]:
    return {"message": error.message, "remedy": error.remedy, "input": isinstance(error, InputError)}


def error_from_json(data: dict[str, Any]) -> DltuiError:
    """The inverse of `error_to_json`: an InputError or a DltuiError."""
    kind = InputError if data.get("input") else DltuiError
    return kind(data["message"], data["remedy"])


def _without_double_period(message: str) -> str:
    """`message` with one period at the end where it has two."""
    return message[:-1] if message.endswith("..") and not message.endswith("...") else message

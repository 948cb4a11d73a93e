"""What can go wrong, said so that a person can go on."""

from __future__ import annotations

import errno
from typing import Any

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""a disk, a quota or the limit of file size takes no more"""


class DltuiError(Exception):
    """One clear line (what, expected, came) and, where there is one, the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        message = _without_double_period(message)
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class InputError(DltuiError):
    """What was asked for is not what it has to be: a parameter, an option, a filter. A shell exits with 2."""


class ParamError(InputError):
    """A parameter is unknown, out of bounds or not of its type."""


class UnknownExperiment(InputError):
    """The catalog has no experiment of that name."""


class RunNotFound(DltuiError):
    """No run, or more than one, answers to that name."""


class RunRefused(DltuiError):
    """The run exists but cannot do that now."""


class CorruptRun(DltuiError):
    """A file of a home, mostly of a run or a sweep, cannot be read as what it has to be."""


class DataError(DltuiError):
    """A data set is missing, damaged or not what it claims to be."""


class TextError(DataError, InputError):
    """The text that a model is asked about is not what it has to be."""


class EngineError(DltuiError):
    """The service cannot be started, reached or trusted."""


class HomeUnusable(EngineError):
    """The folder that DLTUI_HOME names cannot be used until the person has done something.

    `why` in a few words, and the `command` that mends it, where there is one.
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
    """A frame on the socket is not a frame of ours."""


class Diverged(DltuiError):
    """A loss or a weight stopped being a finite number."""


class ResumeRefused(DltuiError):
    """A strict resume would not be exact: something differs from the checkpoint."""


# --- over a socket ----------------------------------------------------------------------------------------


def error_to_json(error: DltuiError) -> dict[str, object]:
    return {"message": error.message, "remedy": error.remedy, "input": isinstance(error, InputError)}


def error_from_json(data: dict[str, Any]) -> DltuiError:
    """An InputError where it was one."""
    kind = InputError if data.get("input") else DltuiError
    return kind(data["message"], data["remedy"])


def _without_double_period(message: str) -> str:
    """A sentence that ends with another one has one period."""
    return message[:-1] if message.endswith("..") and not message.endswith("...") else message

"""What can go wrong, said so that a person can go on."""

from __future__ import annotations


class DltuiError(Exception):
    """One clear line (what, expected, came) and, where there is one, the remedy."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class ParamError(DltuiError):
    """A parameter is unknown, out of bounds or not of its type."""


class UnknownExperiment(DltuiError):
    """The catalog has no experiment of that name."""


class RunNotFound(DltuiError):
    """No run, or more than one, answers to that name."""


class RunRefused(DltuiError):
    """The run exists but cannot do that now."""


class CorruptRun(DltuiError):
    """A file of a home, mostly of a run or a sweep, cannot be read as what it has to be."""


class DataError(DltuiError):
    """A data set is missing, damaged or not what it claims to be."""


class EngineError(DltuiError):
    """The service cannot be started, reached or trusted."""


class HomeUnusable(EngineError):
    """The folder that DLTUI_HOME names cannot be used until the person has done something."""


class ProtocolError(DltuiError):
    """A frame on the socket is not a frame of ours."""


class Diverged(DltuiError):
    """A loss or a weight stopped being a finite number."""


class ResumeRefused(DltuiError):
    """A strict resume would not be exact: something differs from the checkpoint."""

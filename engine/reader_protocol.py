"""Requests of the service to the process of the readers (`engine.readers`), and its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.params import Value
from engine.session_protocol.request import Request, StreamRequest


@dataclass(frozen=True, slots=True)
class LogDescription:
    """A run that was found in a log."""

    kind: str
    """tensorboard, csv, wandb or mlflow"""
    source: str
    """absolute path of its folder or file; in a database with the id of the run behind it"""
    name: str
    first: str
    """SHA-256 of its first record: with kind and source the identity of the run"""
    began_at: float
    """seconds since 1970, of the first record"""
    bytes: int
    params: Mapping[str, Value] = field(default_factory=dict)
    tags: Sequence[str] = ()
    """as the other program has them"""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LogToRead:
    """A log, and the file to which its points are written."""

    id: str
    """of the run"""
    kind: str
    source: str
    name: str
    began_at: float
    out: str
    follow: bool = False
    """whether `PollLogs` reads on"""


@dataclass(frozen=True, slots=True)
class FoundLogs:
    found: Sequence[LogDescription] = ()
    left_out: str = ""
    """why a log cannot be read, or empty"""


@dataclass(frozen=True, slots=True)
class LogProgress:
    """What was read of one log."""

    id: str
    bytes: int = 0
    points: int = 0
    damages: Sequence[str] = ()
    """parts of its files that could not be read"""
    is_written: bool = False
    """the events of its run have grown"""
    has_ended: bool = False
    """nothing more of it follows"""
    error: str = ""
    """why it cannot be read, or no longer"""


@dataclass(frozen=True, slots=True)
class LogsProgress:
    """What was read at one time."""

    logs: Sequence[LogProgress]


@dataclass(frozen=True, slots=True)
class FindLogs(StreamRequest[FoundLogs]):
    """The logs at a path."""

    METHOD = "find"
    path: str


@dataclass(frozen=True, slots=True)
class ReadLogs(StreamRequest[LogsProgress]):
    """Read logs one after the other, each from where its last reading ended."""

    METHOD = "read"
    logs: Sequence[LogToRead]


@dataclass(frozen=True, slots=True)
class PollLogs(StreamRequest[LogProgress]):
    """Read what was added to the logs that are followed; a part for each that has grown or is gone."""

    METHOD = "poll"


@dataclass(frozen=True, slots=True)
class WrittenPoints:
    count: int


@dataclass(frozen=True, slots=True)
class WriteTensorBoard(StreamRequest[WrittenPoints]):
    """Write the curves of a run to a new folder `name` in `folder`, as an event file."""

    METHOD = "write"
    events: str
    """path of its events"""
    folder: str
    name: str
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class ForgetLogs(Request[None]):
    """Follow these runs no longer."""

    METHOD = "forget"
    runs: Sequence[str]

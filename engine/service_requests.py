"""Requests to the service that have more than the name of a run or a sweep; both sides use them.

SubmitRequest is beside Spec in engine.protocol, SweepSubmitRequest beside SweepSpec in
engine.sweep_protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from engine.experiment_files.description import FileExperiment


@dataclass(frozen=True, slots=True)
class ResumeRequest:
    JSON_OMITTED: ClassVar = ("code", "withheld", "file")

    run: str
    mode: str = "strict"
    code: str = ""
    """kept, to train with the code that the run keeps though its file was changed"""
    withheld: Mapping[str, str] | None = None
    file: FileExperiment | None = None
    """the changed experiment, with which the run goes on in mode fast"""


@dataclass(frozen=True, slots=True)
class SetRequest:
    run: str
    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class AnnotateRequest:
    """What shall change of the name, the tags and the note of a run."""

    JSON_OMITTED: ClassVar = ("name", "note", "before", "add", "remove")

    run: str
    name: str | None = None
    """None: it stays; empty: the name with which it was submitted"""
    note: str | None = None
    """None: it stays; empty: none"""
    before: str | None = None
    """the note that was edited: where it is another one now, nothing is changed"""
    add: tuple[str, ...] = ()
    """tags"""
    remove: tuple[str, ...] = ()
    """tags"""


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    runs: Sequence[str]
    now: bool = False
    """delete the files"""


@dataclass(frozen=True, slots=True)
class ApplicableRequest:
    """To which runs does `verb` apply, of `runs` and those that pass the filter `where`?"""

    verb: str
    runs: Sequence[str] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class SweepEditRequest:
    sweep: str
    verb: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SweepRemoveRequest:
    sweep: str
    runs: bool = False
    """those of its trials too"""
    now: bool = False

"""What happened, as messages: to the engine, to the runs, to the view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.message import Message

from engine.protocol import Finding, Resources, RunSummary


@dataclass
class EngineConnected(Message):
    """The engine answers; everything may have changed since it last did."""

    findings: Sequence[Finding] = ()


@dataclass
class EngineLost(Message):
    """The engine does not answer; it is tried again."""

    words: str


@dataclass
class RunsChanged(Message):
    """Some runs are not what they were, or are no more."""

    changed: Sequence[RunSummary]
    removed: Sequence[str]
    total: int


@dataclass
class ResourcesChanged(Message):
    """The machine does something else."""

    resources: Resources


@dataclass
class CurvesGrew(Message):
    """A run that is followed has told more of its story."""

    run: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, CurvesGrew) and message.run == self.run


class ViewChanged(Message):
    """Something worth remembering is looked at in another way."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewChanged)


class HintsChanged(Message):
    """Other keys matter now."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, HintsChanged)


@dataclass
class RunsCounted(Message):
    """How many runs there are, in words."""

    words: str


@dataclass
class RunSubmitted(Message):
    """The engine has taken a run that was asked for here."""

    run: RunSummary

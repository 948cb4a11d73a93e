"""What happened, as messages: to the engine, to the runs, to the view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.message import Message

from engine.protocol import Resources, RunSummary
from tui.tabs import TabName

if TYPE_CHECKING:
    from engine.sweep_protocol import SweepSummary


@dataclass
class EngineConnected(Message):
    """The engine answers; everything may have changed since it last did."""

    notice: str = ""
    """what the person should know about it"""


@dataclass
class EngineRefused(Message):
    """The engine is there and cannot be used by this version; it is tried again."""

    words: str


@dataclass
class EngineStalled(Message):
    """The engine has not answered for so many seconds; 0: it answers again."""

    seconds: float
    was_there: bool = False
    """whether it had answered before"""


@dataclass
class EngineLost(Message):
    """The engine does not answer; it is tried again."""

    words: str
    was_there: bool = True
    """whether it had answered before"""
    is_refusal: bool = False
    """whether the words say why a new connection failed, not that the last one ended"""


@dataclass
class HomeRefused(Message):
    """The home folder cannot be used until the person has done something."""

    why: str
    remedy: str
    command: str


@dataclass
class RunsChanged(Message, bubble=False):
    """Some runs are not what they were, or are no more."""

    changed: Sequence[RunSummary]
    removed: Sequence[str]
    total: int


@dataclass
class SweepsChanged(Message, bubble=False):
    """Some sweeps are not what they were, or are no more."""

    changed: Sequence[SweepSummary]
    removed: Sequence[str]


@dataclass
class ResourcesChanged(Message):
    """The machine does something else."""

    resources: Resources


@dataclass
class CurvesGrew(Message, bubble=False):
    """A run that is followed has told more of its story."""

    run: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, CurvesGrew) and message.run == self.run


class ViewChanged(Message):
    """Something worth remembering is looked at in another way."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewChanged)


@dataclass
class PaneTurned(Message):
    """The next pane of details is wanted, or the one before."""

    by: int


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


@dataclass
class OpenView(Message):
    """Open a view of a tab with something selected in it: a run, a network, an image."""

    tab: TabName
    view: str = ""
    selection: Mapping[str, Any] = field(default_factory=dict)
    """what to select, by keys that the view defines"""


class PasteCut(Message):
    """More was pasted than is taken."""

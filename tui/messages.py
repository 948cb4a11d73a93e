"""Messages that cross modules: about the engine, the runs, the view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.message import Message

from engine.machine_protocol import Resources
from engine.protocol import RunSummary
from tui.tabs import TabName

if TYPE_CHECKING:
    from engine.notifications import TerminalNotification
    from engine.sweep_protocol import SweepSummary


@dataclass
class EngineConnected(Message):
    """A connection to the engine was made; anything may have changed since the last one."""

    notice: str = ""
    """for the user; may be empty"""


@dataclass
class EngineRefused(Message):
    """The engine runs another version and refused the connection; it will be tried again."""

    reason: str


@dataclass
class EngineStalled(Message):
    """The engine has not answered for `seconds`; 0: it answers again."""

    seconds: float
    was_connected: bool = False
    """whether there was a connection before"""


@dataclass
class EngineLost(Message):
    """The connection ended or could not be made; it will be tried again."""

    reason: str
    was_connected: bool = True
    """whether there was a connection before"""
    is_refusal: bool = False
    """whether `reason` is that of a failed attempt to connect, not of a lost connection"""


@dataclass
class NotificationsSent(Message):
    """The engine notifies the user, by the terminal too."""

    notifications: tuple[TerminalNotification, ...]


@dataclass
class HomeRefused(Message):
    """The home folder cannot be used until the user has acted."""

    reason: str
    remedy: str
    command: str


@dataclass
class RunsChanged(Message, bubble=False):
    """Runs were added, changed or removed."""

    changed: Sequence[RunSummary]
    removed: Sequence[str]
    total: int


@dataclass
class SweepsChanged(Message, bubble=False):
    """Sweeps were added, changed or removed."""

    changed: Sequence[SweepSummary]
    removed: Sequence[str]


@dataclass
class ResourcesChanged(Message):
    """A new measurement of CPU, memory, GPUs and slots."""

    resources: Resources


@dataclass
class HistoryChanged(Message, bubble=False):
    """Events were added to the history of a run that is followed."""

    run: str

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, HistoryChanged) and message.run == self.run


class ViewStateChanged(Message):
    """Something that is saved in the view state has changed."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewStateChanged)


@dataclass
class SwitchPane(Message):
    """Show the next pane of details (1) or the previous one (-1)."""

    by: int


class KeyHintsChanged(Message):
    """The keys or labels of the footer have changed."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, KeyHintsChanged)


@dataclass
class RunCountChanged(Message):
    """The number of runs, as text for the tab bar."""

    text: str


@dataclass
class RunSubmitted(Message):
    """The engine has accepted a run that was submitted here."""

    run: RunSummary


@dataclass
class OpenView(Message):
    """Open a view of a tab with something selected in it: a run, a network, an image."""

    tab: TabName
    view: str = ""
    selection: Mapping[str, Any] = field(default_factory=dict)
    """what to select, by keys that the view defines"""
    returns_to: TabName | None = None
    """the tab to which escape goes back where the view has no use for it"""


class LearnedMore(Message):
    """An answer was marked or an exam ended: another number of cards may be due."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LearnedMore)


class PasteTruncated(Message):
    """A paste was longer than the limit."""

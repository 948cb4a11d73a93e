"""What an aid on the screen tells the view around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.session_protocol.learn import ComputedAid
    from tui.learn.aid_state import AidState


@dataclass
class AidComputed(Message):
    """The aid that is shown was computed for the parameters that it has."""

    answer: ComputedAid


class AidLeft(Message):
    """The user goes back to where the aid was opened."""


@dataclass
class LabWanted(Message):
    """The lab is to show what the aid shows."""

    state: AidState


@dataclass
class PredictionWanted(Message):
    """A prediction about the aid is to be asked."""

    aid: str


@dataclass
class TrainWanted(Message):
    """A run that the aid can look into is to be started: the launch form opens with these texts."""

    experiment: str
    settings: Mapping[str, str]

"""What every tab may use."""

from __future__ import annotations

from dataclasses import dataclass

from engine.client.session import Session
from engine.places import Places
from tui.data.connection import Connection
from tui.keys.keymap import Keymap
from tui.terminal.clipboard import Clipboard
from tui.view_state import ViewState


@dataclass(frozen=True, slots=True)
class TabContext:
    """One of each for the whole app."""

    places: Places
    connection: Connection
    session: Session
    """looks into models and data; its process starts with the first question"""
    state: ViewState
    keymap: Keymap
    clipboard: Clipboard

"""What the app passes to every tab."""

from __future__ import annotations

from dataclasses import dataclass

from engine.client.session import Session
from engine.places import Places
from tui.data.connection import Connection
from tui.keys.user_keymap import Keymap
from tui.terminal.clipboard import Clipboard
from tui.view_state import ViewState


@dataclass(frozen=True, slots=True)
class TabContext:
    """Objects of which the app has one each."""

    places: Places
    connection: Connection
    session: Session
    """client of the session process, which starts with the first request"""
    state: ViewState
    keymap: Keymap
    clipboard: Clipboard

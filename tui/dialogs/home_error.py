"""A screen for a home folder that cannot be used, with the remedy."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.dialogs.dialog import DIALOG_CSS, KeyLine
from tui.keys import all_keys
from tui.messages import HomeRefused
from tui.terminal.plain_text import plain


class HomeScreen(ModalScreen[None]):
    """Shown until the folder can be used; the connection retries every few seconds, and on a key."""

    BINDINGS = all_keys.bindings("home")
    CSS_PATH = DIALOG_CSS

    def __init__(self, refused: HomeRefused) -> None:
        super().__init__()
        self._refused = refused

    def compose(self) -> ComposeResult:
        with Vertical(id="home"):
            yield Static(plain(self._refused.reason), markup=False, classes="question")
            yield Static(self._remedy, markup=False, classes="words", id="home-remedy")
            yield KeyLine((("home.retry", "try again"), ("home.leave", "quit")))

    @property
    def _remedy(self) -> str:
        if self._refused.command:
            return f"Run:  {plain(self._refused.command)}\n\nthen press r."
        return plain(self._refused.remedy)

    def action_retry(self) -> None:
        self.post_message(self.Retried())

    class Retried(Message):
        """The user asks for another attempt."""

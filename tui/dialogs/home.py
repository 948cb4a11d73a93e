"""The whole screen says what to do about a home folder that cannot be used."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.dialogs.dialog import DIALOG_CSS, Keys
from tui.keys import all_keys
from tui.messages import HomeRefused
from tui.terminal.plain_text import plain


class HomeScreen(ModalScreen[None]):
    """It stays until the folder can be used; that is looked at every few seconds, and on a key."""

    BINDINGS = all_keys.bindings("home")
    CSS_PATH = DIALOG_CSS

    def __init__(self, refused: HomeRefused) -> None:
        super().__init__()
        self._refused = refused

    def compose(self) -> ComposeResult:
        with Vertical(id="home"):
            yield Static(plain(self._refused.why), markup=False, classes="question")
            yield Static(self._words, markup=False, classes="words", id="home-remedy")
            yield Keys((("home.retry", "try again"), ("home.leave", "quit")))

    @property
    def _words(self) -> str:
        if self._refused.command:
            return f"Run:  {plain(self._refused.command)}\n\nthen press r."
        return plain(self._refused.remedy)

    def action_retry(self) -> None:
        self.post_message(self.Retried())

    class Retried(Message):
        """The person says that the folder can be used."""

"""Where one talks to a model: a line of text whose digits and tab take the words on offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.message import Message

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.tabs import TABS
from tui.ui.text_field import LONGEST, TextField

DIGITS, QUOTE = "123456789", "'"


class PromptLine(TextField):
    """Says what was typed; it knows no models.

    Where words are on offer, a digit behind a space takes one; behind an apostrophe it is typed instead of
    that. In an empty line a digit opens a tab, as everywhere.
    """

    SCOPE: ClassVar[Scope] = "prompt"
    PASTE = LONGEST
    BINDINGS = all_keys.bindings("prompt")

    class Said(Message):
        """The line is to be answered."""

    @dataclass
    class Took(Message):
        """The n-th word on offer, from 0 on."""

        place: int

    @dataclass
    class Stepped(Message):
        """Along the lines said before: -1 to an earlier one."""

        by: int

    class Searched(Message):
        """Search what was said before; again: the next one."""

    class Escaped(Message):
        """Out of whatever goes on."""

    @dataclass
    class Paged(Message):
        """Look at what was said before."""

        by: int

    class Trained(Message):
        """A model is to be trained."""

    @dataclass
    class Pasted(Message):
        """Several lines at once."""

        lines: list[str]

    def __init__(self, value: str = "", **widget: Any) -> None:
        super().__init__(value, select_on_focus=False, **widget)
        self.is_searching = False
        self.offered: int | None = 0
        """words that digits take; None while they are asked for"""

    @property
    def takes_digits(self) -> bool:
        """Where a digit is a choice, and not a letter."""
        return self._is_free and self.value.endswith(" ")

    @property
    def _is_free(self) -> bool:
        """At the end of a line for which there are words."""
        return not self.is_searching and self.offered != 0 and self.cursor_position >= len(self.value)

    @property
    def _is_quoted(self) -> bool:
        return self._is_free and (self.value == QUOTE or self.value.endswith(" " + QUOTE))

    def put(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(self.value)

    async def _on_key(self, event: events.Key) -> None:
        digit = event.character if event.character and event.character in DIGITS else ""
        if digit and not self.value and int(digit) <= len(TABS):
            await self.app.run_action(f"open_tab('{TABS[int(digit) - 1].name}')")
        elif digit and self._is_quoted:
            self.put(self.value[: -len(QUOTE)] + digit)
        elif digit and self.takes_digits and (self.offered is None or int(digit) <= self.offered):
            self.post_message(self.Took(int(digit) - 1))
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        # Line ends are those of a corpus: str.splitlines parts at form feeds and other signs too.
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if len(lines) > 1:
            event.stop()
            event.prevent_default()
            self.post_message(self.Pasted(lines))
            return
        room = self.room
        if lines and len(lines[0]) > room:
            words = f"Only {room:,} characters of {len(lines[0]):,} fit: a line holds {LONGEST:,}."
            self.notify(words, severity="warning", markup=False)
        super()._on_paste(event)

    def action_say(self) -> None:
        self.post_message(self.Said())

    def action_take(self) -> None:
        self.post_message(self.Took(0))

    def action_step(self, by: int) -> None:
        self.post_message(self.Stepped(by))

    def action_search(self) -> None:
        self.post_message(self.Searched())

    def action_page(self, by: int) -> None:
        self.post_message(self.Paged(by))

    def action_new(self) -> None:
        self.post_message(self.Trained())

    def action_escape(self) -> None:
        self.post_message(self.Escaped())

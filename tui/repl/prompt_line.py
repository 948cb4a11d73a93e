"""Prompt: a text field in which tab and digits insert the suggested words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.message import Message

from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.tabs import TABS
from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span
from tui.ui.text_field import LONGEST, TextField

DIGITS, QUOTE = "123456789", "'"


class PromptLine(TextField):
    """Posts what was typed, pasted or requested by a key as messages.

    Where there are suggested words, a digit after a space inserts one; after an apostrophe it is typed. In an
    empty line a digit opens a tab, as everywhere.
    """

    SCOPE: ClassVar[Scope] = "prompt"
    PASTE = LONGEST
    BINDINGS = all_keys.bindings("prompt")

    class LineSubmitted(Message):
        """Enter was pressed."""

    @dataclass
    class WordTaken(Message):
        """The suggested word at `place`, from 0, is to be inserted."""

        place: int

    @dataclass
    class HistoryStepped(Message):
        """A step in the input history: -1 to an earlier line, 1 to a later one."""

        by: int

    class HistorySearched(Message):
        """The input history is to be searched; during a search: its next match is to be shown."""

    class Escaped(Message):
        """Escape was pressed."""

    @dataclass
    class PageScrolled(Message):
        """The transcript is to be scrolled by so many pages."""

        by: int

    class TrainRequested(Message):
        """The form for a new training run is to be opened."""

    @dataclass
    class LinesPasted(Message):
        """Several lines were pasted."""

        lines: list[str]

    def __init__(self, value: str = "", **widget: Any) -> None:
        super().__init__(value, select_on_focus=False, **widget)
        self.is_searching = False
        self.word_count: int | None = 0
        """how many words can be inserted; None while they are requested"""

    @property
    def takes_digits(self) -> bool:
        """Whether a digit inserts a word instead of being typed."""
        return self._accepts_words and self.value.endswith(" ")

    @property
    def _accepts_words(self) -> bool:
        """Whether the cursor is at the end of a line with suggested words."""
        return not self.is_searching and self.word_count != 0 and self.cursor_position >= len(self.value)

    @property
    def _is_quoted(self) -> bool:
        return self._accepts_words and (self.value == QUOTE or self.value.endswith(" " + QUOTE))

    def set_text(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(self.value)

    async def _on_key(self, event: events.Key) -> None:
        digit = event.character if event.character and event.character in DIGITS else ""
        if digit and not self.value and int(digit) <= len(TABS):
            await self.app.run_action(f"open_tab('{TABS[int(digit) - 1].name}')")
        elif digit and self._is_quoted:
            self.set_text(self.value[: -len(QUOTE)] + digit)
        elif digit and self.takes_digits and (self.word_count is None or int(digit) <= self.word_count):
            self.post_message(self.WordTaken(int(digit) - 1))
        else:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:
        # Line ends are those of a corpus: str.splitlines splits at form feeds and other characters too.
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        if len(lines) > 1:
            event.stop()
            event.prevent_default()
            self.post_message(self.LinesPasted(lines))
            return
        room = self.room
        if lines and len(lines[0]) > room:
            words = f"Only {room:,} characters of {len(lines[0]):,} fit: a line holds {LONGEST:,}."
            self.notify(words, severity="warning", markup=False)
        super()._on_paste(event)

    def action_say(self) -> None:
        self.post_message(self.LineSubmitted())

    def action_take(self) -> None:
        self.post_message(self.WordTaken(0))

    def action_step(self, by: int) -> None:
        self.post_message(self.HistoryStepped(by))

    def action_search(self) -> None:
        self.post_message(self.HistorySearched())

    def action_page(self, by: int) -> None:
        self.post_message(self.PageScrolled(by))

    def action_new(self) -> None:
        self.post_message(self.TrainRequested())

    def action_escape(self) -> None:
        self.post_message(self.Escaped())


class PromptSign(Line):
    """Sign in front of the prompt: points to the right; to the left for a reversed model."""

    DEFAULT_CSS = "PromptSign { width: 3; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._reverse = False

    def set_direction(self, reverse: bool) -> None:
        self._reverse = reverse
        self.draw()

    def row(self, width: int) -> Row:
        return (Span(f" {glyphs().choice[0 if self._reverse else 1]} ", "key"),)

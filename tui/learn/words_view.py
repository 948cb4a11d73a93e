"""The view `words`: the glossary, the entry under the cursor in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.course.reading import plain_words
from engine.session_protocol.learn import GlossaryWord, ListedWords, WordsRequest
from tui.learn.cursor_list import ListRow, cursor_sign
from tui.learn.today_rows import number_of
from tui.learn.view import LearnListView
from tui.terminal.plain_text import plain
from tui.ui.span import Span
from tui.ui.wrap import wrap_row

WIDEST = 80


class WordsView(LearnListView):
    SCOPE = "words"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self._words: Sequence[GlossaryWord] = ()
        self._wanted = ""

    def fetch(self) -> None:
        self.request(WordsRequest(), self._update, "learn words")

    def _update(self, listed: ListedWords) -> None:
        self._words = listed.words
        self.entries.draw()
        self._find(self._wanted)

    def list_rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        rows: list[ListRow] = []
        for place, word in enumerate(self._words):
            is_here = place == cursor
            also = f"  also {', '.join(word.aliases)}" if word.aliases else ""
            head = (
                cursor_sign(is_here),
                Span(plain(word.name, limit=80), "key" if is_here else "strong"),
                Span(plain(also, limit=120), "muted"),
                Span(f"   lecture {number_of(word.lecture)}", "muted"),
            )
            rows.append((head, place))
            if is_here:
                rows += [(row, place) for row in word_rows(word, width)]
        return rows

    def action_open(self) -> None:
        if self.entries.cursor < len(self._words):
            self._open_word(self._words[self.entries.cursor])

    def _open_word(self, word: GlossaryWord) -> None:
        if word.aid:
            self.turn_to("aid", name=word.aid, back="words")
        else:
            self.turn_to("reader", lecture=word.lecture, find=word.name)

    def action_read(self) -> None:
        if self.entries.cursor < len(self._words):
            word = self._words[self.entries.cursor]
            self.turn_to("reader", lecture=word.lecture, find=word.name)

    def select(self, selection: Any) -> None:
        """Put the cursor on `selection["word"]`."""
        self._wanted = str(selection.get("word", ""))
        self._find(self._wanted)

    def _find(self, wanted: str) -> None:
        """Put the cursor there, once the words are known."""
        names = [word.name for word in self._words]
        if wanted in names:
            self.entries.move_to(names.index(wanted))
            self._wanted = ""


def word_rows(word: GlossaryWord, width: int) -> list[tuple[Span, ...]]:
    """Its text, and the aid that shows it."""
    spans = [Span("     ")]
    spans += [
        Span(plain(part.text, limit=2_000), "strong" if part.style == "strong" else "text")
        for part in plain_words(word.text)
    ]
    rows = wrap_row(tuple(spans), min(width - 2, WIDEST), 5)
    if word.aid:
        rows.append((Span("     try it: ", "muted"), Span(word.aid.replace("_", " "), "link")))
    return [*rows, ()]

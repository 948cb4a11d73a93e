"""List of the named corpora, with their origin and licence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import set_cell_size
from textual.message import Message

from engine.session_protocol.corpus import CorpusRow
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span

ORIGINS = {
    "DLTUI_DATA": "in DLTUI_DATA", "cache": "downloaded", "download": "can be downloaded",
    "embedded": "comes with Python", "": "not here",
}  # fmt: skip
ABOUT = 110
"""least width in cells for the description"""


class CorpusList(Sheet):
    """One line each; `chosen` is the one under the cursor."""

    @dataclass
    class Moved(Message):
        name: str

    def __init__(self, chosen: str, **widget: Any) -> None:
        super().__init__(**widget)
        self.chosen = chosen
        self._corpora: list[CorpusRow] = []

    def update(self, corpora: Sequence[CorpusRow]) -> None:
        self._corpora = list(corpora)
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        rows: list[Row] = []
        for corpus in self._corpora:
            here = corpus.name == self.chosen
            sign = glyphs().choice[1] if here else " "
            style_name = "key" if here and self.has_focus else "strong" if here else "text"
            where = ORIGINS.get(str(corpus.origin), str(corpus.origin))
            lies = "good" if corpus.found else "muted"
            about = plain(str(corpus.about)) if width >= ABOUT else ""
            rows.append(
                (
                    Span(f" {sign} ", "key"), Span(set_cell_size(plain(str(corpus.name)), 17), style_name),
                    Span(set_cell_size(plain(where), 19), lies),
                    Span(set_cell_size(plain(str(corpus.licence)), 15), "muted"),
                    Span(about, "muted"),
                )
            )  # fmt: skip
        return rows

    def action_scroll(self, rows: int) -> None:
        names = [str(corpus.name) for corpus in self._corpora]
        if names:
            place = names.index(self.chosen) if self.chosen in names else 0
            self.chosen = names[max(0, min(place + rows, len(names) - 1))]
            self.draw()
            self.post_message(self.Moved(self.chosen))

    def action_scroll_to(self, end: int) -> None:
        self.action_scroll(len(self._corpora) if end else -len(self._corpora))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()

"""The view `lectures`: all of them, and how far one is in each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.session_protocol.learn import LectureLine, LecturesRequest, ListedLectures
from tui.learn.cursor_list import ListRow, cursor_sign
from tui.learn.share_bar import share_bar
from tui.learn.today_rows import number_of, number_width
from tui.learn.view import LearnListView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, justified
from tui.ui.wrap import wrap_row

TITLE = 52
BAR = 10
WIDE = 90
"""least cells for aids, goals and essays of a lecture beside its cards"""


class LecturesView(LearnListView):
    SCOPE = "lectures"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self._listed: ListedLectures | None = None

    def fetch(self) -> None:
        self.request(LecturesRequest(), self._update, "learn lectures")

    def _update(self, listed: ListedLectures) -> None:
        self._listed = listed
        self.entries.draw()

    def list_rows(self, width: int, cursor: int) -> Sequence[ListRow]:
        if self._listed is None:
            return [((), None), ((Span(f"   {glyphs().cut}", "muted"),), None)]
        rows: list[ListRow] = [((), None)]
        digits = number_width(self._listed.lectures)
        is_roomy = 3 * len(self._listed.lectures) < self.size.height
        for place, line in enumerate(self._listed.lectures):
            if place and is_roomy:
                rows.append(((), None))
            rows += [(row, place) for row in lecture_entry(line, width, place == cursor, digits)]
        for name, reason in self._listed.left_out.items():
            text = plain(f"   The deck {name} is left out: {reason}", limit=300)
            rows += [(row, None) for row in ((), *wrap_row((Span(text, "warn"),), width, 3))]
        return rows

    def action_open(self) -> None:
        if self._listed is not None and self.entries.cursor < len(self._listed.lectures):
            self.turn_to("reader", lecture=self._listed.lectures[self.entries.cursor].id)

    def select(self, selection: Mapping[str, Any]) -> None:
        """Put the cursor on `selection["lecture"]`."""
        names = [line.id for line in self._listed.lectures] if self._listed is not None else []
        if selection.get("lecture") in names:
            self.entries.move_to(names.index(selection["lecture"]))


def lecture_entry(line: LectureLine, width: int, is_here: bool, digits: int = 1) -> list[Row]:
    """Two rows: title and cards due; how far one is."""
    title_room = min(TITLE + 4, max(20, width - 24))
    progress = line.progress
    head = (
        cursor_sign(is_here),
        Span(f" {number_of(line.id):>{digits}} ", "key"),
        Span(justified(plain(progress.title, limit=90), title_room), "strong" if is_here else "text"),
        Span(f"{line.minutes:>3} min  ", "muted"),
        Span(f"{line.due} due" if line.due else "", "accent"),
    )
    cards = progress.new + progress.learning + progress.known
    read = progress.sections
    parts = [f"{read.done} of {read.of} sections", f"{progress.known} of {cards} cards known"]
    if width >= WIDE:
        parts += [
            _share("aid", progress.aids.done, progress.aids.of),
            _share("goal", progress.goals.done, progress.goals.of),
            _share("essay", progress.essays.done, progress.essays.of),
        ]
    if progress.learning + progress.known:
        parts.append(f"{progress.recalled:.0f} recalled now")
    below = (
        Span(" " * (digits + 5)),
        *share_bar(read.done / read.of if read.of else 0.0, BAR),
        Span("  " + ", ".join(parts), "muted"),
    )
    return [head, below]


def _share(noun: str, done: int, of: int) -> str:
    return f"{done} of {of} {noun}{'' if of == 1 else 's'}"

"""The lectures beside a text, with how far one is; the one that is read has its sections below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from textual.geometry import Region

from engine.course.reading import Lecture
from engine.session_protocol.learn import LectureLine, ListedLectures
from tui.learn.share_bar import share_bar
from tui.learn.today_rows import number_of
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_row

INDENT = 5
BAR = 8


class LectureColumn(Sheet, can_focus=False, inherit_bindings=False):
    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._lecture: Lecture | None = None
        self._listed: Sequence[LectureLine] = ()
        self._seen: Collection[str] = ()
        self._here = ""
        self._first, self._behind = 0, 1
        """rows of the lecture that is read"""

    def update_lecture(self, lecture: Lecture, seen: Collection[str]) -> None:
        """The lecture that is read, and the slugs of its sections that were read."""
        self._lecture, self._seen = lecture, seen
        self.draw()

    def update_lectures(self, listed: ListedLectures) -> None:
        self._listed = listed.lectures
        self.draw()

    def update_line(self, line: LectureLine) -> None:
        """One lecture, as it is by now."""
        self._listed = [line if line.id == one.id else one for one in self._listed]
        self.draw()

    def select(self, section: str) -> None:
        if section != self._here:
            self._here = section
            self.draw()
            self.call_after_refresh(self._show_here)

    def _show_here(self) -> None:
        """Scroll so far that the lecture that is read is in sight."""
        self.scroll_to_region(
            Region(0, self._first, 1, self._behind - self._first), animate=False, immediate=True
        )

    def rows(self, width: int) -> Sequence[Row]:
        if self._lecture is None:
            return ()
        found: list[Row] = [()]
        for line in self._listed:
            first, is_here = len(found), line.id == self._lecture.id
            found += _lecture_rows(line, is_here, width - 1)
            if is_here:
                found += [(), *self._sections(self._lecture, width - 1)]
                self._first, self._behind = first, len(found)
            found.append(())
        return found if self._listed else [(), *self._sections(self._lecture, width - 1)]

    def _sections(self, lecture: Lecture, width: int) -> list[Row]:
        found: list[Row] = []
        for number, section in enumerate(lecture.sections, 1):
            is_here = section.slug == self._here
            sign = glyphs().choice[1] if is_here else glyphs().dot if section.slug in self._seen else " "
            row = (
                Span(f"   {sign} ", "key" if is_here else "good"),
                Span(f"{number:>2} ", "muted"),
                Span(plain(section.title, limit=90), "strong" if is_here else "text"),
            )
            found += wrap_row(row, width, INDENT + 3)
        return found


def _lecture_rows(line: LectureLine, is_here: bool, width: int) -> list[Row]:
    """Number and title, and below them how far one is."""
    progress = line.progress
    head = (
        Span(f" {number_of(line.id):>2}  ", "key"),
        Span(plain(progress.title, limit=90), "strong" if is_here else "text"),
    )
    cards = progress.new + progress.learning + progress.known
    read = progress.sections
    told = f"{line.due} due" if line.due else f"{progress.known} of {cards} known"
    below = (
        Span(" " * INDENT),
        *share_bar(read.done / read.of if read.of else 0.0, BAR),
        Span(f"  {told}", "accent" if line.due else "muted"),
    )
    return [*wrap_row(head, width, INDENT), below]

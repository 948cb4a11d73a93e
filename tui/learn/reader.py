"""The text of a lecture as a scrolling widget with a cursor on what one can open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual import events
from textual.message import Message

from engine.course.reading import Lecture
from tui.learn.lecture_rows import LecturePage, LectureTexts, Opening, lecture_page
from tui.learn.today_rows import learning_day
from tui.ui.sheet import Sheet
from tui.ui.span import Row

BLANK_ROWS = 2
"""between two sections"""


class Reader(Sheet, can_focus=False, inherit_bindings=False):
    """Sections that were read to their end are posted once each."""

    @dataclass
    class SectionRead(Message):
        slug: str

    @dataclass
    class Moved(Message):
        """The text was scrolled, or another opening is under the cursor."""

    @dataclass
    class Opened(Message):
        """An opening was clicked."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.lecture: Lecture | None = None
        self.texts = LectureTexts()
        self.chosen = -1
        self._page = LecturePage()
        self._read: set[str] = set()
        self._empty_text = ""
        self._drawn_width = 0
        self._wanted: tuple[str, int] | None = None
        """section and rows below its first, to scroll to once it is drawn"""

    def rows(self, width: int) -> Sequence[Row]:
        if self.lecture is None:
            return ()
        self._page = lecture_page(self.lecture, self.texts, width, self.chosen, learning_day())
        return self._page.rows

    def show_lecture(self, lecture: Lecture, section: str = "", below: int = 0) -> None:
        self.lecture, self.chosen = lecture, -1
        self.texts = replace(self.texts, open_terms=())
        self._read = set()
        self._wanted = (section, below)
        self.draw()

    def draw(self) -> None:
        width = self.scrollable_content_region.width
        if width != self._drawn_width and self._wanted is None and self._page.rows:
            self._wanted = (self.section_at_top, self.rows_below)  # lines are broken elsewhere
        self._drawn_width = width
        super().draw()
        if self._wanted is not None and self._page.rows and self.size.height:
            self.call_after_refresh(self._go_to_wanted)
        self.call_after_refresh(self._note_read)

    def _go_to_wanted(self) -> None:
        """Once it is laid out; meanwhile the width may have changed, and with it the rows."""
        if self._wanted is not None:
            (section, below), self._wanted = self._wanted, None
            self._go_to_row(self._page.sections.get(section, (0, 0))[0] + below)

    def _go_to_row(self, row: int) -> None:
        self.scroll_to(y=row, animate=False, force=True, immediate=True)
        self.post_message(self.Moved())

    def update_texts(self, texts: LectureTexts) -> None:
        if texts != self.texts:
            self.texts = texts
            self.draw()

    # --- where one is ------------------------------------------------------------------------------------

    @property
    def opening(self) -> Opening | None:
        """The one under the cursor."""
        known = 0 <= self.chosen < len(self._page.openings)
        return self._page.openings[self.chosen] if known else None

    @property
    def section(self) -> str:
        """The slug of the section at the top, or of the opening under the cursor where it is in sight."""
        if self.opening is not None and self._is_visible(self.chosen):
            return self.opening.section
        return self.section_at_top

    @property
    def rows_below(self) -> int:
        """The rows of the section at the top that are scrolled away."""
        first = self._page.sections.get(self.section_at_top, (0, 0))[0]
        return max(0, self.scroll_offset.y - first)

    @property
    def section_at_top(self) -> str:
        """The section that begins at the top, or a few blank rows below it."""
        return self._page.section_at(self.scroll_offset.y + BLANK_ROWS)

    def aid_here(self) -> Opening | None:
        """The aid that one has come to: under the cursor, else of the section that is read, else the last one
        before it."""
        if self.opening is not None and self.opening.kind == "aid":
            return self.opening
        top, height = self.scroll_offset.y, self.size.height
        section = self._page.section_at(top + height // 3)
        places = zip(self._page.openings, self._page.lines, strict=True)
        aids = [(opening, line) for opening, line in places if opening.kind == "aid"]
        own = [opening for opening, line in aids if opening.section == section and line < top + height]
        own = own[-1:] or [opening for opening, _ in aids if opening.section == section]
        before = [opening for opening, line in aids if line < top]
        return next(iter([*own, *before[-1:], *(opening for opening, _ in aids[:1])]), None)

    def _is_visible(self, number: int) -> bool:
        line = self._page.lines[number] - self.scroll_offset.y
        return 0 <= line < self.size.height

    # --- keys --------------------------------------------------------------------------------------------

    def step(self, by: int) -> None:
        """To the next opening or the one before: where none is in sight, the first that is visible."""
        count = len(self._page.openings)
        if not count:
            return
        if self.opening is not None and self._is_visible(self.chosen):
            number = max(0, min(self.chosen + by, count - 1))
        else:
            top, height = self.scroll_offset.y, self.size.height
            after = [n for n, line in enumerate(self._page.lines) if line >= top]
            before = [n for n, line in enumerate(self._page.lines) if line < top + height]
            number = (after[0] if after else count - 1) if by > 0 else (before[-1] if before else 0)
        self.chosen = number
        self.draw()
        self._show(number)
        self.post_message(self.Moved())

    def _show(self, number: int) -> None:
        line, top, height = self._page.lines[number], self.scroll_offset.y, self.size.height
        if line < top + 1:
            self.scroll_to(y=max(0, line - height // 3), animate=False, immediate=True)
        elif line > top + height - 2:
            self.scroll_to(y=line - height * 2 // 3, animate=False, immediate=True)

    def toggle_term(self) -> None:
        opened = set(self.texts.open_terms) ^ {self.chosen}
        self.update_texts(replace(self.texts, open_terms=frozenset(opened)))

    def go_to_section(self, slug: str) -> None:
        self.chosen = -1
        self.draw()
        self._go_to_row(self._page.sections.get(slug, (0, 0))[0])

    def find(self, opening: str) -> None:
        """Put the cursor on the opening of that name."""
        names = [one.name for one in self._page.openings]
        if opening in names:
            self.chosen = names.index(opening)
            self.draw()
            self._show(self.chosen)
            self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())
        self._note_read()

    def _note_read(self) -> None:
        """Post the sections whose last line was in sight."""
        end = self.scroll_offset.y + self.size.height
        if not self.is_on_screen or self.size.height < 3:
            return
        for slug, (_, behind) in self._page.sections.items():
            if behind - 2 <= end and slug not in self._read:
                self._read.add(slug)
                self.post_message(self.SectionRead(slug))

    def on_click(self, event: events.Click) -> None:
        line = event.y + self.scroll_offset.y
        numbers = [n for n, at in enumerate(self._page.lines) if at == line]
        if numbers:
            self.chosen = numbers[0]
            self.draw()
            self.post_message(self.Moved())
            self.post_message(self.Opened())

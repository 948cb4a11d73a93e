"""The shown item of each run beside each other, and the list of tags."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.color import Color
from textual.timer import Timer

from engine.session_protocol.media import LoggedTable, MediaPlace
from engine.session_protocol.request import Request
from tui.drawings.heat import colour_mode_of
from tui.runs.media_rows import (
    MediaStyle,
    difference_request_of,
    request_of,
    rows_of,
    side_by_side,
    table_difference,
    table_rows,
)
from tui.runs.media_tags import TagOfRuns
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, clipped, fitted, justified, row_width
from tui.ui.wrap import wrap_text

LEAST_WIDTH, GAP = 24, 2
"""cells of a column of one run, and between two"""
HEAD = 2
ANSWERS = 64
"""that are kept"""
MOST_SPANS = 2_400
"""of the images while one scrubs: a picture of noise in full takes a tenth of a second at 200x60"""
REST = 0.25
"""seconds without a scrub after which images are drawn in full"""
Ask = Callable[[Request[Any]], None]


@dataclass(frozen=True, slots=True)
class MediaColumn:
    """What is shown of one run."""

    run: str
    name: str
    hue: int
    step: int | None
    """the newest at the wanted step or before; None: there is none"""
    first: int
    """the first that it has logged"""
    before: MediaPlace | None = None
    """that of which the difference is shown"""
    before_name: str = ""
    value: str = ""
    """of the metric on the chart, there"""


@dataclass(frozen=True, slots=True)
class ShownMedia:
    kind: str
    tag: str
    wanted: int
    """step"""
    columns: Sequence[MediaColumn]


class MediaSheet(Sheet):
    """Draws ShownMedia. What it lacks it asks for by `ask`, and draws when `answer` has brought it."""

    def __init__(self, ask: Ask, **widget: Any) -> None:
        super().__init__(**widget)
        self.can_focus = False
        self._ask = ask
        self._shown: ShownMedia | None = None
        self._text = ""
        self._left = 0
        self._answers: OrderedDict[Request[Any], Any] = OrderedDict()
        self._resting: Timer | None = None
        """while it runs one scrubs"""
        self._is_loading = False
        """whether an answer that is shown is on its way"""
        self._last: dict[tuple[str, str, str, bool], list[Row]] = {}
        """what was drawn last of a run, kind and tag, or of their difference, until the next is there"""

    def show(self, shown: ShownMedia | None, text: str = "") -> None:
        """`text` stands where there is nothing to show."""
        before = self._shown
        self._shown, self._text = shown, text
        if before is None or shown is None or (before.kind, before.tag) != (shown.kind, shown.tag):
            self._left = 0
            self.scroll_to(y=0, animate=False)
        if shown is not None and shown.kind == "image" and shown != before:
            self._await_rest()
        self.draw()

    def _await_rest(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST, self._draw_in_full)

    def _draw_in_full(self) -> None:
        if self._is_loading:
            self._await_rest()
            return
        self._resting = None
        self.draw()

    def answer(self, request: Request[Any], answer: Any) -> None:
        """An answer, or the error in its place."""
        self._answers[request] = answer
        while len(self._answers) > ANSWERS:
            self._answers.popitem(last=False)
        self.draw()

    def expire(self) -> None:
        """Ask again: more was logged."""
        self._answers.clear()

    @property
    def columns_that_fit(self) -> int:
        return max(1, (self.size.width + GAP) // (LEAST_WIDTH + GAP))

    @property
    def _count(self) -> int:
        """of the columns in sight"""
        return min(self.columns_that_fit, len(self._shown.columns)) if self._shown is not None else 1

    def shift_columns(self, by: int) -> None:
        """Other columns of a table."""
        self._left = max(0, self._left + by)
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        shown, self._is_loading = self._shown, False
        if shown is None:
            return wrap_text(self._text, width, "muted") if self._text else ()
        columns = shown.columns[: self.columns_that_fit]
        each = (width - GAP * (len(columns) - 1)) // len(columns)
        height = max(4, self.size.height - HEAD)
        drawn = [self._column(shown, column, each, height) for column in columns]
        return side_by_side(drawn, each, GAP)

    def _column(self, shown: ShownMedia, column: MediaColumn, width: int, height: int) -> list[Row]:
        key = (column.run, shown.kind, shown.tag, column.before is not None)
        if column.step is None:
            return _head(shown, column, width)
        rows = self._content(shown, column, width, height)
        if rows is None:
            return [*_head(shown, replace(column, value="loading"), width), *self._last.get(key, ())]
        self._last[key] = rows
        return [*_head(shown, column, width), *rows]

    def _content(self, shown: ShownMedia, column: MediaColumn, width: int, height: int) -> list[Row] | None:
        """None while it is loading."""
        assert column.step is not None
        place = MediaPlace(column.run, shown.tag, column.step)
        style = self._style()
        if column.before is None:
            beside = [one.run for one in shown.columns[: self.columns_that_fit] if one.step is not None]
            request = request_of(shown.kind, place, width, height, beside)
            answer = self._answered(request)
            return None if answer is None else rows_of(answer, width, height, style, self._left)
        wanted = difference_request_of(shown.kind, column.before, place, width, height)
        if wanted is None:
            return self._table_difference(column.before, place, width, height)
        answer = self._answered(wanted)
        return None if answer is None else rows_of(answer, width, height, style)

    def _table_difference(
        self, before: MediaPlace, after: MediaPlace, width: int, height: int
    ) -> list[Row] | None:
        found = [self._answered(request_of("table", place, width, height)) for place in (before, after)]
        for one in found:
            if not isinstance(one, LoggedTable):
                return None if one is None else rows_of(one, width, height, self._style())
        made = table_difference(*found)
        return (
            wrap_text(made, width, "muted") if isinstance(made, str) else table_rows(made, width, self._left)
        )

    def _answered(self, request: Request[Any]) -> Any:
        """The answer or error; None, and it is asked for, where there is none yet."""
        if request not in self._answers:
            self._is_loading = True
            self._ask(request)
            return None
        self._answers.move_to_end(request)
        return self._answers[request]

    def _style(self) -> MediaStyle:
        variables = self.app.get_css_variables()
        ground, low, high = (Color.parse(variables[name]) for name in ("surface", "primary", "accent"))
        most = MOST_SPANS // self._count if self._resting is not None else 0
        return MediaStyle(colour_mode_of(self.app), low.rgb, ground.rgb, high.rgb, most)


def _head(shown: ShownMedia, column: MediaColumn, width: int) -> list[Row]:
    swatch = Span(f"{glyphs().swatch} ", f"hue-{column.hue}")
    name = Span(column.name, "strong")
    minus = Span(f" minus {column.before_name}", "muted") if column.before is not None else Span("")
    return [clipped((swatch, name, minus), width), _step_row(shown, column)]


def _step_row(shown: ShownMedia, column: MediaColumn) -> Row:
    """The step, said where it is not the one that was asked for."""
    if column.step is None:
        return (Span(f"begins at step {column.first:,}", "muted"),)
    value = Span(f"  {column.value}", "muted")
    if column.step == shown.wanted:
        return (Span(f"step {column.step:,}", "text"), value)
    return (Span(f"step {column.step:,}", "warn"), Span(f", none at {shown.wanted:,}", "muted"), value)


class TagList(Sheet):
    """A window of the tags around the chosen one, each with its kind and how many there are."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.can_focus = False
        self._tags: Sequence[TagOfRuns] = ()
        self._cursor = 0
        self._note = ""

    def update(self, tags: Sequence[TagOfRuns], cursor: int, note: str) -> None:
        self._tags, self._cursor, self._note = tags, cursor, note
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        room = max(1, self.size.height - bool(self._note))
        first = max(0, min(self._cursor - room // 2, len(self._tags) - room))
        note: list[Row] = [(Span(self._note, "muted"),)] if self._note else []
        shown = range(first, min(len(self._tags), first + room))
        return [*note, *(self._row(place, width) for place in shown)]

    def _row(self, place: int, width: int) -> Row:
        one, is_here = self._tags[place], place == self._cursor
        count = Span(f" {len(one.steps):,}", "muted")
        kind = Span(justified(SHORT.get(one.kind, one.kind), 6), "muted")
        sign = Span(f"{glyphs().choice[1] if is_here else ' '} ", "key")
        name = Span(plain(one.tag, limit=200), "key" if is_here else "text")
        room = width - row_width((sign, kind, count))
        return (sign, kind, *fitted(clipped((name,), room), room), count)


SHORT = {"histogram": "histo"}
"""kinds whose names are longer than their column"""

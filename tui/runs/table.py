"""The run table: a virtual list of all runs and sweeps, whose visible rows are fetched page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from engine.protocol import Query, RunSummary, SweepRow
from tui.data.run_pages import RunPages, TableRow
from tui.data.run_text import name_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.messages import SwitchPane
from tui.runs.differing_params import differing_params
from tui.runs.run_columns import MOST_NAME, RunColumn, TableStyle, columns, header, row_of
from tui.runs.sweep_cells import row_of_sweep, sweep_title
from tui.ui.line import changed_cells, merge_spans
from tui.ui.span import Row, Span, fitted
from tui.ui.styles import styles_of

PLAIN = TableStyle()
ATTEMPTS = 4
LEAST_ROWS = 4
INDENT = 2
"""cells by which the name of a trial is indented below its sweep"""


class RunTable(ScrollView, can_focus=True):
    """Only changed rows are refreshed; the cursor stays on its run when rows move."""

    DEFAULT_CSS = "RunTable { scrollbar-size: 1 1; overflow-x: hidden; overflow-y: auto; }"
    SCOPE: ClassVar[Scope] = "table"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Selected(Message):
        """The cursor is on another row: a run, or a sweep that stands for its trials."""

        run: RunSummary | None
        sweep: SweepRow | None = None

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, RunTable.Selected)

    @dataclass
    class Marked(Message):
        run: RunSummary

    @dataclass
    class SweepMarked(Message):
        sweep: SweepRow

    @dataclass
    class SweepToggled(Message):
        """Expand or collapse the trials of a sweep."""

        sweep: SweepRow

    class Opened(Message):
        """Enter was pressed on a run."""

    @dataclass
    class Missing(Message):
        """Visible rows have to be fetched, by these queries."""

        queries: Sequence[Query]

    def __init__(self, pages: RunPages, **widget: Any) -> None:
        super().__init__(**widget)
        self._pages = pages
        self._cursor = 0
        self._selected = ""
        self._wanted, self._attempts_left = "", 0
        self._metric = "loss"
        self._row_styles: Mapping[str, TableStyle] = {}
        self._columns: tuple[RunColumn, ...] = ()
        self._painted: dict[int, Row] = {}
        self.empty_row: Callable[[], Row] = tuple

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)

    def _restyle(self) -> None:
        self.refresh()

    @property
    def selected(self) -> RunSummary | None:
        row = self._pages.at(self._cursor)
        return row if isinstance(row, RunSummary) else None

    @property
    def sweep(self) -> SweepRow | None:
        """The sweep under the cursor; None on a run."""
        row = self._pages.at(self._cursor)
        return row if isinstance(row, SweepRow) else None

    @property
    def visible_rows(self) -> tuple[int, int]:
        """First and last visible row."""
        return self.scroll_offset.y, self.scroll_offset.y + max(1, self.size.height) - 2

    def select(self, run: str) -> None:
        """Move the cursor to a run or sweep once it is loaded; dropped after a few pages without it."""
        self._wanted, self._attempts_left = run, ATTEMPTS
        self.pages_changed()

    def set_metric(self, metric: str) -> None:
        if metric != self._metric:
            self._metric = metric
            self._repaint()

    def set_row_styles(self, styles: Mapping[str, TableStyle]) -> None:
        """Hues and marks by run id."""
        self._row_styles = dict(styles)
        self.rows_changed(range(self.visible_rows[0], self.visible_rows[1] + 1))

    def rows_changed(self, rows: Sequence[int]) -> None:
        """Refresh those of these rows that are visible and differ."""
        first, last = self.visible_rows
        for index in rows:
            if first <= index <= last and index in self._painted:
                old, new = self._painted[index], self._compose_row(index)
                change = changed_cells(old, new)
                if change is not None:
                    self._painted[index] = new
                    self.refresh(Region(change[0], index - first + 1, change[1], 1))

    def pages_changed(self) -> None:
        """Rows were added, removed or moved: restore the cursor, repaint, request missing rows."""
        found = self._pages.index_of(self._wanted or self._selected)
        if self._wanted and self._pages.loaded:
            self._attempts_left -= 1
            if found is not None or not self._attempts_left:
                self._wanted = ""
            else:
                found = self._pages.index_of(self._selected)
        last = max(0, self._pages.matching - 1)
        moved = self._cursor != (cursor := min(found if found is not None else self._cursor, last))
        self._cursor = cursor
        size = Size(self.size.width, self._pages.matching + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        self._repaint()
        if moved:
            self._scroll_to_cursor()
        self._post_selected()
        self.request_missing()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of rows, at most two fifths of the screen: the curves are below it."""
        return max(LEAST_ROWS, min(self._pages.matching + 1, self.app.size.height * 2 // 5))

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self._pages.matching + 1)
        self._repaint()
        self._scroll_to_cursor()
        self.request_missing()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._columns = ()
        self._painted.clear()
        self.request_missing()

    def on_focus(self) -> None:
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        self._refresh_row(self._cursor)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._columns:
            self._columns = self._columns_of_visible_rows(width - 7)
        if y == 0:
            return self._strip(header(self._columns, self._pages.query), width)
        index = y - 1 + self.scroll_offset.y
        if index >= self._pages.matching:
            row = self.empty_row() if y == 2 and not self._pages.matching else ()
            return self._strip(row, width)
        row = self._painted[index] = self._compose_row(index)
        return self._strip(row, width, is_cursor=index == self._cursor)

    def _columns_of_visible_rows(self, width: int) -> tuple[RunColumn, ...]:
        rows = [
            row
            for place in range(self.visible_rows[0], self.visible_rows[1] + 1)
            if (row := self._pages.at(place))
        ]
        longest = max((self._name_width(row) for row in rows), default=MOST_NAME)
        runs = [row for row in rows if isinstance(row, RunSummary)]
        return columns(width, self._metric, longest, differing_params(runs))

    def _name_width(self, row: TableRow) -> int:
        if isinstance(row, SweepRow):
            return cell_len(sweep_title(row))
        return cell_len(name_of(row)) + (INDENT if self._is_below_sweep(row) else 0)

    def _is_below_sweep(self, run: RunSummary) -> bool:
        """Whether the run is a trial whose sweep has a row."""
        return bool(run.spec.sweep) and self._pages.find_sweep(run.spec.sweep) is not None

    def action_move(self, rows: int) -> None:
        self._move_to(self._cursor + rows)

    def action_page(self, pages: int) -> None:
        self._move_to(self._cursor + pages * max(1, self.size.height - 2))

    def action_top(self) -> None:
        self._move_to(0)

    def action_bottom(self) -> None:
        self._move_to(self._pages.matching - 1)

    def action_mark(self) -> None:
        if self.selected is not None:
            self.post_message(self.Marked(self.selected))
            self._move_to(self._cursor + 1)
        elif self.sweep is not None:
            self.post_message(self.SweepMarked(self.sweep))

    def action_open(self) -> None:
        self.post_message(self.SweepToggled(self.sweep) if self.sweep is not None else self.Opened())

    def action_turn(self, by: int) -> None:
        """On a sweep, right expands and left collapses it; otherwise they select another pane."""
        sweep = self.sweep
        toggles_sweep = sweep is not None and sweep.is_open == (by < 0)
        self.post_message(self.SweepToggled(sweep) if sweep and toggles_sweep else SwitchPane(by))

    def on_click(self, event: events.Click) -> None:
        if event.y > 0:
            self._move_to(event.y - 1 + self.scroll_offset.y)

    def _move_to(self, index: int) -> None:
        index = max(0, min(index, self._pages.matching - 1))
        if index != self._cursor:
            old, self._cursor = self._cursor, index
            self._refresh_row(old)
            self._refresh_row(index)
            self._scroll_to_cursor()
        self._wanted = self._selected = ""
        self._post_selected()

    def _post_selected(self) -> None:
        row = self._pages.at(self._cursor)
        if row is not None:
            self._selected = row.id
        self.post_message(self.Selected(self.selected, self.sweep))

    def _scroll_to_cursor(self) -> None:
        first, last = self.visible_rows
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor > last:
            self.scroll_to(y=self._cursor - (last - first), animate=False, immediate=True)

    def request_missing(self) -> None:
        """Post Missing for the visible rows that are not loaded."""
        first, last = self.visible_rows
        queries = self._pages.missing(first, max(first, min(last, self._pages.matching - 1)))
        if queries:
            self.post_message(self.Missing(queries))

    def _repaint(self) -> None:
        self._columns = ()
        self._painted.clear()
        self.refresh()

    def _refresh_row(self, index: int) -> None:
        first, last = self.visible_rows
        if first <= index <= last:
            self.refresh(Region(0, index - first + 1, self.size.width, 1))

    def _compose_row(self, index: int) -> Row:
        row = self._pages.at(index)
        if row is None:
            return fitted((Span(" …", "muted"),), self.size.width)
        if isinstance(row, SweepRow):
            return merge_spans(fitted(row_of_sweep(row, self._columns, self._metric), self.size.width))
        indent = INDENT if self._is_below_sweep(row) else 0
        cells = row_of(row, self._row_styles.get(row.id, PLAIN), self._columns, indent)
        return merge_spans(fitted(cells, self.size.width))

    def _strip(self, row: Row, width: int, *, is_cursor: bool = False) -> Strip:
        styles = styles_of(self.app)
        over = (styles.cursor if self.has_focus else styles.resting) if is_cursor else None
        text = styles["text"]
        segments = []
        for span in merge_spans(fitted(row, width)):
            style = styles[span.style_name] if span.style_name else text
            if over is not None:
                style = (text if styles.is_plain and self.has_focus else style) + over
            segments.append(Segment(span.text, style))
        return Strip(segments, width).apply_style(self.rich_style)

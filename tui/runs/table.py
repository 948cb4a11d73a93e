"""The run table: as many rows as there are runs, fetched where they are looked at."""

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
from tui.runs.differing_params import params_apart
from tui.runs.run_columns import MOST_NAME, RunColumn, TableStyle, columns, header, row_of
from tui.runs.sweep_cells import row_of_sweep, sweep_title
from tui.ui.line import changed_cells, merge_spans
from tui.ui.span import Row, Span, fitted
from tui.ui.styles import styles_of

PLAIN = TableStyle()
PATIENCE = 4
LEAST_ROWS = 4
INDENT = 2
"""cells before the name of a trial below the row of its sweep"""


class RunTable(ScrollView, can_focus=True):
    """Rows are drawn one by one; the cursor stays with its run when rows move."""

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
    class SweepTurned(Message):
        """The trials of a sweep are to follow its row, or to go."""

        sweep: SweepRow

    class Opened(Message):
        """The person wants to see more of the run."""

    @dataclass
    class Missing(Message):
        """Rows are in sight that were not fetched yet."""

        queries: Sequence[Query]

    def __init__(self, pages: RunPages, **widget: Any) -> None:
        super().__init__(**widget)
        self._pages = pages
        self._cursor = 0
        self._selected = ""
        self._wanted, self._patience = "", 0
        self._metric = "loss"
        self._looks: Mapping[str, TableStyle] = {}
        self._columns: tuple[RunColumn, ...] = ()
        self._painted: dict[int, Row] = {}
        self.empty_words: Callable[[], Row] = tuple

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._dress, init=False)

    def _dress(self) -> None:
        self.refresh()

    @property
    def selected(self) -> RunSummary | None:
        row = self._pages.at(self._cursor)
        return row if isinstance(row, RunSummary) else None

    @property
    def sweep(self) -> SweepRow | None:
        """The one whose row is under the cursor."""
        row = self._pages.at(self._cursor)
        return row if isinstance(row, SweepRow) else None

    @property
    def seen(self) -> tuple[int, int]:
        """First and last row in sight."""
        return self.scroll_offset.y, self.scroll_offset.y + max(1, self.size.height) - 2

    def select(self, run: str) -> None:
        """Put the cursor on that run, or sweep, as soon as it is there; not after a few answers without."""
        self._wanted, self._patience = run, PATIENCE
        self.pages_changed()

    def set_metric(self, metric: str) -> None:
        if metric != self._metric:
            self._metric = metric
            self._repaint()

    def set_looks(self, looks: Mapping[str, TableStyle]) -> None:
        """Colours and marks by run id."""
        self._looks = dict(looks)
        self.rows_changed(range(self.seen[0], self.seen[1] + 1))

    def rows_changed(self, rows: Sequence[int]) -> None:
        """Draw those of these rows that are in sight and look different."""
        first, last = self.seen
        for index in rows:
            if first <= index <= last and index in self._painted:
                old, new = self._painted[index], self._compose_row(index)
                change = changed_cells(old, new)
                if change is not None:
                    self._painted[index] = new
                    self.refresh(Region(change[0], index - first + 1, change[1], 1))

    def pages_changed(self) -> None:
        """Rows came, went or moved."""
        found = self._pages.index_of(self._wanted or self._selected)
        if self._wanted and self._pages.loaded:
            self._patience -= 1
            if found is not None or not self._patience:
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
            self._reveal()
        self._announce()
        self.ask_for_missing()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As high as its rows, at most two fifths of the screen: the curves are below it."""
        return max(LEAST_ROWS, min(self._pages.matching + 1, self.app.size.height * 2 // 5))

    def on_resize(self) -> None:
        self.virtual_size = Size(self.size.width, self._pages.matching + 1)
        self._repaint()
        self._reveal()
        self.ask_for_missing()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._columns = ()
        self._painted.clear()
        self.ask_for_missing()

    def on_focus(self) -> None:
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        self._refresh_row(self._cursor)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if not self._columns:
            self._columns = self._columns_of_rows_in_sight(width - 7)
        if y == 0:
            return self._strip(header(self._columns, self._pages.query), width)
        index = y - 1 + self.scroll_offset.y
        if index >= self._pages.matching:
            words = self.empty_words() if y == 2 and not self._pages.matching else ()
            return self._strip(words, width)
        row = self._painted[index] = self._compose_row(index)
        return self._strip(row, width, is_cursor=index == self._cursor)

    def _columns_of_rows_in_sight(self, width: int) -> tuple[RunColumn, ...]:
        rows = [row for place in range(self.seen[0], self.seen[1] + 1) if (row := self._pages.at(place))]
        longest = max((self._name_width(row) for row in rows), default=MOST_NAME)
        runs = [row for row in rows if isinstance(row, RunSummary)]
        return columns(width, self._metric, longest, params_apart(runs))

    def _name_width(self, row: TableRow) -> int:
        if isinstance(row, SweepRow):
            return cell_len(sweep_title(row))
        return cell_len(name_of(row)) + (INDENT if self._is_below_sweep(row) else 0)

    def _is_below_sweep(self, run: RunSummary) -> bool:
        """Whether the row of its sweep is above it."""
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
        self.post_message(self.SweepTurned(self.sweep) if self.sweep is not None else self.Opened())

    def action_turn(self, by: int) -> None:
        """On the row of a sweep, right unfolds it and left folds it; else they turn to another pane."""
        sweep = self.sweep
        turns_sweep = sweep is not None and sweep.is_open == (by < 0)
        self.post_message(self.SweepTurned(sweep) if sweep and turns_sweep else SwitchPane(by))

    def on_click(self, event: events.Click) -> None:
        if event.y > 0:
            self._move_to(event.y - 1 + self.scroll_offset.y)

    def _move_to(self, index: int) -> None:
        index = max(0, min(index, self._pages.matching - 1))
        if index != self._cursor:
            old, self._cursor = self._cursor, index
            self._refresh_row(old)
            self._refresh_row(index)
            self._reveal()
        self._wanted = self._selected = ""
        self._announce()

    def _announce(self) -> None:
        row = self._pages.at(self._cursor)
        if row is not None:
            self._selected = row.id
        self.post_message(self.Selected(self.selected, self.sweep))

    def _reveal(self) -> None:
        first, last = self.seen
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor > last:
            self.scroll_to(y=self._cursor - (last - first), animate=False, immediate=True)

    def ask_for_missing(self) -> None:
        """Say which rows in sight have to be fetched."""
        first, last = self.seen
        queries = self._pages.missing(first, max(first, min(last, self._pages.matching - 1)))
        if queries:
            self.post_message(self.Missing(queries))

    def _repaint(self) -> None:
        self._columns = ()
        self._painted.clear()
        self.refresh()

    def _refresh_row(self, index: int) -> None:
        first, last = self.seen
        if first <= index <= last:
            self.refresh(Region(0, index - first + 1, self.size.width, 1))

    def _compose_row(self, index: int) -> Row:
        row = self._pages.at(index)
        if row is None:
            return fitted((Span(" …", "muted"),), self.size.width)
        if isinstance(row, SweepRow):
            return merge_spans(fitted(row_of_sweep(row, self._columns, self._metric), self.size.width))
        indent = INDENT if self._is_below_sweep(row) else 0
        cells = row_of(row, self._looks.get(row.id, PLAIN), self._columns, indent)
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

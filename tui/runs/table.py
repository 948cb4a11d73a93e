"""The run table: a virtual list of runs, sweeps and groups; the rows in sight are fetched page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.cells import cell_len
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from engine import filter_fields
from engine.protocol import RunSummary
from engine.table_protocol import GroupRow, Query, SweepRow
from tui.data.run_pages import RunPages, TableRow
from tui.data.run_text import name_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.messages import SwitchPane
from tui.runs.chosen_columns import ColumnChoice, chosen_columns, parse_choice
from tui.runs.differing_params import differing_params
from tui.runs.run_columns import (
    MOST_NAME,
    RunColumn,
    TableStyle,
    built_in_columns,
    cells_of,
    columns,
    header,
    row_of,
    with_room_for_params,
)
from tui.runs.sweep_cells import cells_of_sweep, row_of_sweep, sweep_title
from tui.ui.paged_table import PagedTable
from tui.ui.span import Row, Span

PLAIN = TableStyle()
ATTEMPTS = 4
LEAST_ROWS = 4
STATISTICS = 16
"""most fields of which groups have the mean"""
ROWS_ASKED = 300
"""rows whose metrics and parameters are offered as columns"""
_NAMES = {title: title for title in built_in_columns("", {})} | {
    one.title: one.name for one in filter_fields.COLUMNS
}
"""name by title of the columns that are not those of a metric"""
INDENT = 2
"""cells by which the name of a trial is indented below its sweep"""


class RunTable(PagedTable[Query, TableRow]):
    """Runs, and in their place sweeps, or groups of runs that differ in the seed alone."""

    SCOPE: ClassVar[Scope] = "table"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Selected(Message):
        """The cursor is on another row: a run, or a sweep or a group that stands for its runs."""

        run: RunSummary | None
        sweep: SweepRow | None = None
        group: GroupRow | None = None

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

    @dataclass
    class GroupMarked(Message):
        group: GroupRow

    @dataclass
    class GroupToggled(Message):
        """Expand or collapse the runs of a group."""

        group: GroupRow

    class Opened(Message):
        """Enter was pressed on a run."""

    def __init__(self, pages: RunPages, **widget: Any) -> None:
        super().__init__(pages, **widget)
        self._pages = pages
        self._selected = ""
        self._wanted, self._attempts_left = "", 0
        self._metric = "loss"
        self._row_styles: Mapping[str, TableStyle] = {}
        self._columns: tuple[RunColumn, ...] = ()
        self._group_params: Mapping[str, str] = {}
        self._chosen: tuple[ColumnChoice, ...] = ()

    @property
    def chosen(self) -> tuple[ColumnChoice, ...]:
        """The columns that the user chose; none: they are chosen by the room there is."""
        return self._chosen

    def choose(self, columns: Iterable[str]) -> None:
        """Show these columns, as `ColumnChoice.text`; none: by the room there is."""
        self._chosen = tuple(map(parse_choice, columns))
        self.repaint()

    @property
    def column_names(self) -> list[str]:
        """The names by which the columns of now can be chosen."""
        if self._chosen:
            return [one.name for one in self._chosen]
        return [_NAMES.get(column.title, column.sort) for column in self._columns]

    @property
    def sort_fields(self) -> list[str]:
        """What the columns of now are sorted by."""
        return list(dict.fromkeys(column.sort for column in self._columns if column.sort))

    def loaded_runs(self) -> list[RunSummary]:
        """Runs of the first rows, as far as they are loaded."""
        rows = map(self._pages.at, range(min(self._pages.matching, ROWS_ASKED)))
        found = [row.newest if isinstance(row, GroupRow) else row for row in rows]
        return [row for row in found if isinstance(row, RunSummary)]

    @property
    def selected(self) -> RunSummary | None:
        return self.entry if isinstance(self.entry, RunSummary) else None

    @property
    def sweep(self) -> SweepRow | None:
        """The sweep under the cursor; None on a run."""
        return self.entry if isinstance(self.entry, SweepRow) else None

    @property
    def group(self) -> GroupRow | None:
        """The group under the cursor; None on a run, also on one that is alone in its group."""
        return self.entry if isinstance(self.entry, GroupRow) else None

    @property
    def charted(self) -> RunSummary | None:
        """The run under the cursor; of a group its newest, under the id of the group as its curve has it."""
        group = self.group
        if group is None or group.newest is None:
            return self.selected
        return replace(group.newest, spec=replace(group.newest.spec, id=group.id))

    @property
    def statistics(self) -> tuple[str, ...]:
        """The fields of which groups have the mean: that of the chart, and those of chosen columns."""
        own = built_in_columns("", {})
        names = [self._metric, *(one.name for one in self._chosen if one.name not in own)]
        return tuple(dict.fromkeys(names))[:STATISTICS]

    def select(self, run: str) -> None:
        """Move the cursor to a run or sweep once it is loaded; dropped after a few pages without it."""
        self._wanted, self._attempts_left = run, ATTEMPTS
        self.pages_changed()

    def set_metric(self, metric: str) -> None:
        if metric != self._metric:
            self._metric = metric
            self.repaint()

    def set_row_styles(self, styles: Mapping[str, TableStyle]) -> None:
        """Hues and marks by run id."""
        self._row_styles = dict(styles)
        self.rows_changed(range(self.visible_rows[0], self.visible_rows[1] + 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The number of rows, at most two fifths of the screen: the curves are below it."""
        return max(LEAST_ROWS, min(self._pages.matching + 1, self.app.size.height * 2 // 5))

    # --- the cursor --------------------------------------------------------------------------------------

    def find_cursor(self) -> int | None:
        found = self._pages.index_of(self._wanted or self._selected)
        if self._wanted and self._pages.loaded:
            self._attempts_left -= 1
            if found is not None or not self._attempts_left:
                self._wanted = ""
            else:
                found = self._pages.index_of(self._selected)
        return found

    def cursor_placed(self, *, found: bool) -> None:
        if self.entry is not None:
            self._selected = self.entry.id
        self.post_message(self.Selected(self.selected, self.sweep, self.group))

    def cursor_moved(self) -> None:
        self._wanted = self._selected = ""
        self.cursor_placed(found=True)

    def action_top(self) -> None:
        self.move_to(0)

    def action_bottom(self) -> None:
        self.move_to(self._pages.matching - 1)

    def action_mark(self) -> None:
        if self.selected is not None:
            self.post_message(self.Marked(self.selected))
            self.move_to(self.cursor + 1)
        elif self.sweep is not None:
            self.post_message(self.SweepMarked(self.sweep))
        elif self.group is not None:
            self.post_message(self.GroupMarked(self.group))
            self.move_to(self.cursor + 1)

    def action_open(self) -> None:
        self.post_message(self._toggled or self.Opened())

    @property
    def _toggled(self) -> Message | None:
        """The message that expands or collapses the row under the cursor; None on a run."""
        if self.sweep is not None:
            return self.SweepToggled(self.sweep)
        return self.GroupToggled(self.group) if self.group is not None else None

    def action_turn(self, by: int) -> None:
        """Right expands and left collapses a sweep or a group; otherwise they select another pane."""
        row = self.sweep or self.group
        toggles = row is not None and row.is_open == (by < 0)
        self.post_message((self._toggled if toggles else None) or SwitchPane(by))

    # --- drawing -----------------------------------------------------------------------------------------

    def repaint(self) -> None:
        self._columns = ()
        super().repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        self._columns = ()
        super().watch_scroll_y(old_value, new_value)

    def render_line(self, y: int) -> Strip:
        if not self._columns:
            self._columns = self._columns_of_visible_rows(self.size.width - 7)
        return super().render_line(y)

    def header_row(self) -> Row:
        without_room = len(self._chosen) - len(self._columns) if self._chosen else 0
        more = (Span(f"+{without_room}", "muted"),) if without_room else ()
        return (*header(self._columns, self._pages.query), *more)

    def entry_row(self, entry: TableRow) -> Row:
        if isinstance(entry, SweepRow):
            return row_of_sweep(entry, self._columns, self._metric)
        if isinstance(entry, GroupRow):
            from tui.runs.group_cells import row_of_group  # with groups alone, as below

            style = self._row_styles.get(entry.id, PLAIN)
            return row_of_group(entry, style, self._columns, self._group_params)
        indent = INDENT if self._is_below_other(entry) else 0
        return row_of(entry, self._row_styles.get(entry.id, PLAIN), self._columns, indent)

    def _columns_of_visible_rows(self, width: int) -> tuple[RunColumn, ...]:
        rows = [
            row
            for place in range(self.visible_rows[0], self.visible_rows[1] + 1)
            if (row := self._pages.at(place))
        ]
        longest = max((self._name_width(row) for row in rows), default=MOST_NAME)
        runs = [run for row in rows if isinstance(run := _run_of(row), RunSummary)]
        is_grouped = bool(self._pages.query.group)
        params = self._params_of_rows(rows) if is_grouped else differing_params(runs)
        self._group_params = params
        if self._chosen:
            return chosen_columns(width, self._chosen, self._metric, longest, params, runs)
        found = columns(width, self._metric, longest, params, with_spread=is_grouped)
        return with_room_for_params(found, [self._short_cells(row, found) for row in rows]) if rows else found

    def _params_of_rows(self, rows: Sequence[TableRow]) -> dict[str, str]:
        from tui.runs.group_params import params_of_rows

        return params_of_rows(rows)

    def _short_cells(self, row: TableRow, found: tuple[RunColumn, ...]) -> list[Row]:
        if isinstance(row, SweepRow):
            return cells_of_sweep(row, found, self._metric)
        if isinstance(row, GroupRow):
            from tui.runs.group_cells import cells_of_group

            return cells_of_group(row, found, self._group_params, short=True)
        return cells_of(row, found, INDENT if self._is_below_other(row) else 0, short=True)

    def _name_width(self, row: TableRow) -> int:
        if isinstance(row, SweepRow):
            return cell_len(sweep_title(row))
        if isinstance(row, GroupRow):
            from tui.runs.group_cells import group_title

            return cell_len(group_title(row))
        return cell_len(name_of(row)) + (INDENT if self._is_below_other(row) else 0)

    def _is_below_other(self, run: RunSummary) -> bool:
        """Whether the run is a trial whose sweep has a row, or of a group that has one."""
        if self._pages.query.group:
            from engine.run_groups import group_of

            return self._pages.find_group(group_of(run)) is not None
        return bool(run.spec.sweep) and self._pages.find_sweep(run.spec.sweep) is not None


def _run_of(row: TableRow) -> RunSummary | SweepRow | None:
    """A run, or the newest one of a group."""
    return row.newest if isinstance(row, GroupRow) else row

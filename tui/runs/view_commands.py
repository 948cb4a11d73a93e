"""The commands of the runs tab that change what it shows: order, columns, saved views, metric, dialogs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import filter_fields
from tui.data.metric_pairs import charts_of
from tui.data.run_text import name_of
from tui.runs.chosen_columns import sort_field
from tui.runs.run_rows import GROUP_SORTS

if TYPE_CHECKING:
    from tui.data.saved_views import SavedView
    from tui.runs.tab import RunsTab

SORTS = (
    "created", "name", "status", "", "best", *(one.name for one in filter_fields.COLUMNS if one.about)
)  # fmt: skip
"""fields to sort by; the empty one stands for the metric on the chart"""


class ViewCommands:
    def __init__(self, tab: RunsTab) -> None:
        self._tab = tab

    # --- the table -------------------------------------------------------------------------------------

    def sort(self) -> None:
        """Sort by the next column."""
        tab = self._tab
        fields = [field or tab.chart.metric for field in (*SORTS, *(GROUP_SORTS if tab.is_grouped else ()))]
        if tab.table.chosen:
            fields = tab.table.sort_fields or fields
        now = tab.pages.query.sort
        following = fields[(fields.index(now) + 1) % len(fields)] if now in fields else fields[0]
        self._order(following, descending=following in ("created",))

    def reverse(self) -> None:
        self._order(self._tab.pages.query.sort, descending=not self._tab.pages.query.descending)

    def _order(self, field: str, *, descending: bool) -> None:
        self._tab.rows.sort(field, descending=descending)
        self._tab.refresh_data()
        self._tab.remember()

    def group(self) -> None:
        """Runs that differ in the seed alone as one row and one curve, or each of its own."""
        self._tab.show_groups(not self._tab.is_grouped)
        self._tab.refresh_data()
        self._tab.follow()

    def columns(self) -> None:
        from tui.runs.columns_dialog import ChosenColumns, ColumnsScreen
        from tui.runs.offered_columns import offered_columns

        table = self._tab.table

        def choose(chosen: ChosenColumns | None) -> None:
            if chosen is None:
                return
            table.choose([column.text for column in chosen.columns])
            field = sort_field(chosen.sort)
            if field:
                self._order(field, descending=False)
            elif chosen.sort:
                self._tab.commands.notify(f"The table cannot be sorted by {chosen.sort}.")
            self._tab.remember()

        self._tab.app.push_screen(ColumnsScreen(offered_columns(table), table.chosen), choose)

    # --- saved views -----------------------------------------------------------------------------------

    def views(self) -> None:
        from tui.runs.views_dialog import ViewsDialog

        tab = self._tab
        ViewsDialog(tab.app, tab.context.places, self._view(), self._apply_view).open()

    def _view(self) -> SavedView:
        """What the table and the charts show now."""
        from tui.data.saved_views import SavedView

        tab = self._tab
        query, columns = tab.pages.query, [column.text for column in tab.table.chosen]
        return SavedView(
            where=query.where, sort=query.sort, descending=query.descending, columns=columns,
            metric=tab.chart.metric, grid=tab.state.grid, grouped=tab.is_grouped,
            charts=tab.curves.grid.choice if tab.state.grid and tab.curves.grid is not None else {},
        )  # fmt: skip

    def _apply_view(self, view: SavedView) -> None:
        tab = self._tab
        tab.rows.filter(view.where)
        tab.filter_bar.set_filter(view.where)
        tab.table.choose(view.columns)
        tab.state.metric = view.metric or tab.state.metric
        if view.grouped != tab.is_grouped:
            tab.show_groups(view.grouped)
        tab.state.grids.update(view.charts)
        if tab.curves.grid is not None:
            tab.curves.grid.choices_changed()
        if view.grid != tab.state.grid:
            tab.grid_mode.show(view.grid)
        self._order(view.sort, descending=view.descending)
        tab.draw_curves()

    # --- the charts ------------------------------------------------------------------------------------

    def metric(self, way: int) -> None:
        """The metric `way` places after the one on the chart."""
        tab = self._tab
        charts = charts_of(tab.metrics(), paired=tab.chart.view.paired)
        if charts:
            now = next((place for place, one in enumerate(charts) if tab.chart.metric in one.names), -way)
            tab.state.metric = charts[(now + way) % len(charts)].metric
            tab.draw_curves()

    def baseline(self) -> None:
        if run := self._tab.commands.require_selected():
            pinned = self._tab.shown.toggle_baseline(run.id)
            self._tab.follow()
            self._tab.commands.notify(
                f"{name_of(run)} is {'the baseline now' if pinned else 'no longer the baseline'}."
            )

    def unmark(self) -> None:
        self._tab.shown.marks.clear()
        self._tab.follow()

    def y_range(self) -> None:
        from tui.runs.y_range_dialog import y_range_prompt

        chart, view = self._tab.chart, self._tab.chart.view

        def chosen(found: tuple[float, ...] | None) -> None:
            if found is not None:
                chart.set_y_range((found[0], found[1]) if found else None)

        self._tab.app.push_screen(y_range_prompt(view.metric, view.y_ranges.get(view.metric)), chosen)

    def legend(self) -> None:
        from tui.runs.whole_legend_dialog import LegendScreen

        self._tab.app.push_screen(LegendScreen(self._tab.chart.title, self._tab.chart.legend))

    # --- screens of their own --------------------------------------------------------------------------

    def compare(self) -> None:
        from tui.runs.compare import CompareScreen

        tab = self._tab
        runs = tab.charted.known()
        if len(runs) < 2:
            tab.commands.notify("Mark two runs or more (space), then compare them.")
        else:
            client = tab.connection.client if tab.connection.is_connected else None
            tab.app.push_screen(CompareScreen(runs, tab.shown.hues(), tab.shown.baseline, client))

    def media(self) -> None:
        from tui.runs.media_command import open_media  # needs NumPy

        open_media(self._tab)

    def params(self) -> None:
        from tui.runs.params_screen import open_params  # needs NumPy

        open_params(self._tab)

    def save_log(self) -> None:
        if run := self._tab.commands.require_selected():
            from tui.runs.save_log_dialog import save_log_dialog

            prompt = save_log_dialog(self._tab.details.log_view, run)
            self._tab.app.push_screen(prompt, lambda text: self._tab.commands.notify(text) if text else None)

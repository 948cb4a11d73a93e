"""The Sweep tab: the actions of its keys on the view."""

from __future__ import annotations

from textual import on
from textual.widget import Widget

from engine.sweep_protocol import SweepStatus, TrialGroup, TrialStatus
from tui.keys import all_keys
from tui.sweeps.brush import equals
from tui.sweeps.picture import Picture
from tui.sweeps.sweep_list import SweepList
from tui.sweeps.tab_actions import SweepTabActions
from tui.sweeps.trial_table import TrialTable
from tui.sweeps.view import VIEWS
from tui.ui.filter_bar import FilterBar

_NEED_A_SWEEP = (
    "sweep.pause", "sweep.stop", "sweep.add", "sweep.widen", "sweep.size", "sweep.filter", "sweep.export",
    "sweep.copy", "sweep.next", "sweep.clear",
)  # fmt: skip
_NEED_A_TRIAL = (
    "trials.open", "trials.pin", "trials.stop", "trials.extend", "trials.run", "trials.sort", "trials.group",
    "trials.seeds", "sweep.copy",
)  # fmt: skip


class SweepTab(SweepTabActions):
    """Actions on the view: which sweep, which plot, filter, brushes, sorting, groups."""

    BINDINGS = all_keys.bindings("sweep")

    # --- views -----------------------------------------------------------------------------------------

    def action_turn_to(self, name: str) -> None:
        if name in VIEWS:
            self._select_view(name)
            self.panel.focus(scroll_visible=False)
            self.remember()

    def action_turn(self, by: int) -> None:
        names = list(VIEWS)
        self.action_turn_to(names[(names.index(self.front) + by) % len(names)])

    def action_step(self, by: int) -> None:
        self._move(SweepList.Moved(self.sweeps.place + by))

    @on(SweepList.Moved)
    def _move(self, message: SweepList.Moved) -> None:
        self.sweeps.select_at(message.place)
        self.update_all()
        self.remember()

    @on(SweepList.Opened)
    def _open_sweep(self) -> None:
        self.panel.focus(scroll_visible=False)

    @on(Picture.Left)
    def _leave_picture(self) -> None:
        if not (self.has_class("-side") or self.has_class("-stacked")):
            self._select_view("table")
        self.table.focus(scroll_visible=False)

    @on(Picture.Changed)
    def _turn_picture(self) -> None:
        plot = self.picture.view
        if plot is None:
            return
        view = self.view
        other_pair = plot.pair != view.pair
        view.axis, view.brushes, view.log, view.pair = plot.axis, dict(plot.brushes), plot.log, plot.pair
        if other_pair and self.front == "heat":
            self.request_picture()
        self.remember()

    @on(Picture.Brushed)
    def _brush(self, message: Picture.Brushed) -> None:
        self.view.brushed = message.where
        self._apply_view()

    def action_clear(self) -> None:
        """Clear brushes and filter in every view."""
        self._clear_brushes()
        if self.view.where:
            self.filter_bar.action_clear()

    def _clear_brushes(self) -> None:
        view = self.view
        if view.brushes:
            view.brushes, view.brushed = {}, ""
            self.picture.clear_brushes()
            self._apply_view()
            self.request_picture()

    def action_filter(self) -> None:
        if self.sweeps.chosen is not None:
            self.filter_bar.open()

    @on(FilterBar.Changed)
    def _filter(self, message: FilterBar.Changed) -> None:
        self.view.where = message.where
        self._apply_view()
        self.request_picture()

    @on(FilterBar.Closed)
    def _leave_filter(self) -> None:
        self.panel.focus(scroll_visible=False)

    def _apply_view(self) -> None:
        self.apply_query()
        self.request_trials()
        self.remember()

    def action_back(self) -> None:
        """Undo the innermost of: groups, brushes, filter, plot; else focus the list."""
        view = self.view
        if view.group:
            self._group_by([])
        elif view.brushes:
            self._clear_brushes()
        elif view.where:
            self.filter_bar.action_clear()
        elif self.front != "table":
            self.action_turn_to("table")
        else:
            self.list.focus(scroll_visible=False)

    # --- the table -------------------------------------------------------------------------------------

    def action_sort(self) -> None:
        column, view = self.table.column, self.view
        if column is not None:
            best_first = column.name == "value" and self._largest
            view.descending = not view.descending if view.sort == column.name else best_first
            view.sort = column.name
            self._apply_view()

    @property
    def _largest(self) -> bool:
        return self.sweeps.chosen is not None and self.sweeps.chosen.spec.goal == "max"

    def action_group(self) -> None:
        column = self.table.column
        if column is None:
            return
        names = self._groups()
        if column.name in names:
            names.remove(column.name)
        elif column.can_group:
            names.append(column.name)
        else:
            self._notify(f"{column.title} does not make groups: a parameter, the state or the seed does.")
            return
        self._group_by(names)

    def action_seeds(self) -> None:
        self._group_by([] if self._groups() == ["config"] else ["config"])

    def _groups(self) -> list[str]:
        return [name for name in self.view.group.split(",") if name]

    def _group_by(self, names: list[str]) -> None:
        view = self.view
        view.group = ",".join(names)
        view.sort, view.descending = ("value", self._largest) if names else ("trial", False)
        self._apply_view()

    def open_group(self, group: TrialGroup) -> None:
        view = self.view
        clauses = [equals(name, value) for name, value in group.key.items() if value is not None]
        view.where = " and ".join([view.where, *clauses] if view.where else clauses)
        self.filter_bar.set_filter(view.where)
        self._group_by([])
        self.request_picture()

    @on(TrialTable.ColumnsChanged)
    def _keep_columns(self) -> None:
        self.view.marked, self.view.column = list(self.table.marked), self.table.column_name
        self.remember()

    # --- keys ---------------------------------------------------------------------------------------------

    def action_target(self, scope: str) -> Widget:
        return {"trials": self.table, "axes": self.picture, "sweeps": self.list}.get(scope, self)

    def key_labels(self) -> dict[str, str]:
        """The current labels of some keys, by key id; an empty label hides a key in the footer."""
        sweep, row = self.sweeps.chosen, self.trial
        if sweep is None:
            return dict.fromkeys((*_NEED_A_SWEEP, *_NEED_A_TRIAL), "")
        is_running = sweep.status is SweepStatus.RUNNING
        labels = {
            "sweep.pause": "pause" if is_running else "resume" if sweep.status is SweepStatus.PAUSED else "",
            "sweep.stop": "stop" if sweep.status in (SweepStatus.RUNNING, SweepStatus.PAUSED) else "",
            "trials.mark": "unpin column" if self.table.column_name in self.table.marked else "pin column",
            "trials.seeds": "seeds" if len(sweep.spec.seeds) > 1 else "",
            "sweep.clear": "show all" if self.view.where or self.view.brushes else "",
        }
        if row is None:
            return labels | dict.fromkeys(_NEED_A_TRIAL, "")
        settled = row.status.is_settled and row.status is not TrialStatus.REFUSED
        labels["trials.pin"] = "unpin" if row.pinned else "pin"
        labels["trials.stop"] = "" if row.status.is_settled else "stop trial"
        labels["trials.extend"] = "longer" if settled else ""
        place = "open run" if row.lane is None else "failure map"
        labels["trials.open"] = "trials" if self.view.group else place
        if self.front == "heat":
            labels |= {"axes.up": "other rows", "axes.right": "other columns"}
        if self.front not in ("heat", "parallel"):
            labels["axes.up"] = ""
        if self.front in ("importance", "best"):
            labels["axes.right"] = ""
        if self.front in ("importance", "heat"):
            labels["axes.log"] = ""
        if self.front != "parallel":
            labels |= dict.fromkeys(("axes.brush", "axes.wider", "axes.narrower"), "")
        return labels

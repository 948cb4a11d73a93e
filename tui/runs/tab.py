"""The runs tab: the actions of its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.widget import Widget

from engine.errors import DltuiError, UnknownExperiment
from engine.protocol import RunSummary, Status, SweepRow
from tui.data import actions
from tui.data.actions import Action, require_run, run_and_notify
from tui.data.run_text import name_of
from tui.keys import all_keys
from tui.messages import RunSubmitted, SwitchPane
from tui.runs.run_details import ALL_PANES, PANES
from tui.runs.sweep_cells import name_of_sweep
from tui.runs.table import RunTable
from tui.runs.view import RunView
from tui.tab.submit import open_launch_form, submit_launch
from tui.terminal.plain_text import plain
from tui.ui.filter_bar import FilterBar
from tui.ui.heading import Heading

if TYPE_CHECKING:
    from engine.catalog import Experiment
    from tui.dialogs.launch import Launch

_CHANGE_LR = ("run.set", "run.halve_lr", "run.double_lr")
_NEED_A_RUN = ("run.again", "run.stop", *_CHANGE_LR, "run.delete", "table.mark", "view.full", "view.metric",
               "view.filter", "view.sort", "view.compare", "view.baseline")  # fmt: skip
_NEED_ONE_RUN = ("run.again", *_CHANGE_LR, "run.copy_command", "view.baseline")
SORTS = ("created", "name", "status", "", "best")
"""fields to sort by; the empty one stands for the metric on the chart"""


class RunsTab(RunView):
    """Actions on the selected run, the marked runs or a sweep, and on the view."""

    BINDINGS = all_keys.bindings("runs")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a new run is possible before all panels are mounted."""
        return self.curves.is_filled or action == "new"

    # --- runs ------------------------------------------------------------------------------------------

    def action_new(self) -> None:
        from engine import catalog
        from tui.dialogs.pick import PickScreen

        found = catalog.experiments()
        if len(found) == 1:
            self.launch(found[0])
        else:
            self.app.push_screen(PickScreen(found, self.state.last_experiment), self._picked)

    def _picked(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            self.launch(experiment)

    def launch(
        self, experiment: Experiment, typed: Mapping[str, str] | None = None, data: str | None = None
    ) -> None:
        """Open the form with its last parameters, or `typed`, and launch what is confirmed."""
        open_launch_form(self, experiment.name, self._submit_launch, typed, data)

    def action_again(self) -> None:
        from engine import catalog
        from tui.dialogs.launch import typed_of

        if run := self._run():
            try:
                self.launch(catalog.find(run.spec.experiment), typed_of(run), run.spec.data)
            except UnknownExperiment as error:
                self._notify(str(error))
                return
            run_and_notify(self, self._data_warning(run))

    async def _data_warning(self, run: RunSummary) -> str:
        """A warning if the data folder no longer holds the data the run was trained on; else empty."""
        return await self.connection.client.data_now(run.id)

    def action_pause(self) -> None:
        from tui.runs import marked  # the first rows do not wait for it

        if self.shown.marks:
            self._command_marked(marked.verb_of_pause(self.marked_runs()))
        elif self.table.sweep is not None:
            self._command_marked(marked.verb_of_sweep(self.table.sweep))
        else:
            self._command_selected(actions.pause_or_resume)

    def action_stop(self) -> None:
        from tui.runs import marked  # the first rows do not wait for it

        if self.shown.marks or self.table.sweep is not None:
            self._command_marked("stop")
        elif (run := self._run()) and not marked.possible("stop", run.status):
            run_and_notify(self, self._command(actions.stop, run))  # refused, with what is possible
        elif run:
            text = "The run writes a checkpoint at its next step and ends. Resume continues from there."
            self._confirm(f"Stop {name_of(run)}?", text, "stop", lambda: self._command(actions.stop, run))

    def action_delete(self) -> None:
        if self.shown.marks or self.table.sweep is not None:
            self._command_marked("remove")
        elif run := self._run():
            undo_key = self.context.keymap.shown("run.undo")
            kept = f"Its curves, log and checkpoints ({run.step:,} steps) are kept for a day"
            lost = f"{kept}: {undo_key} brings it back."
            if run.status.is_active:
                lost = f"It is {run.status} and will be stopped. {lost}"
            remove = partial(actions.remove, undo_key=undo_key)
            self._confirm(f"Remove {name_of(run)}?", lost, "remove", lambda: self._command(remove, run))

    def _command_marked(self, verb: str) -> None:
        run_and_notify(self, self._confirm_marked(verb))

    async def _confirm_marked(self, verb: str) -> str:
        """Confirm a command for the marked runs, or for the trials of the sweep under the cursor.

        Returns why it is possible for none of them; empty where the dialog was opened.
        """
        from tui.runs import marked  # the first rows do not wait for it

        sweep, undo_key = self.table.sweep, self.context.keymap.shown("run.undo")
        if self.shown.marks or sweep is None:
            plan = await marked.applicable_runs(self.connection.client, verb, self.shown.marks, undo_key)
        else:
            plan = await marked.applicable_trials(self.connection.client, verb, sweep, undo_key)
        if not plan.runs:
            return plan.refusal
        self._confirm(plan.question, plan.details, verb, lambda: marked.execute(self.connection.client, plan))
        return ""

    def _confirm(self, question: str, text: str, verb: str, action: Callable[[], Action]) -> None:
        from tui.dialogs.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                run_and_notify(self, action())

        self.app.push_screen(ConfirmScreen(question, text, verb), answered)

    def action_undo(self) -> None:
        run_and_notify(self, self._undo())

    async def _undo(self) -> str:
        return await actions.undo(self.connection.client)

    def action_set_live(self) -> None:
        from tui.dialogs.form import live_screen

        run = self._run()
        if run is None:
            return
        if run.status is not Status.RUNNING:
            self._notify(f"{name_of(run)} is {run.status}: a parameter can be set only during training.")
            return
        params = actions.live_params(run)
        if not params:
            self._notify(f"{name_of(run)} has no parameter that can be changed during training.")
            return
        self.app.push_screen(live_screen(run, params), lambda given: self._set(run, given))

    def action_scale_lr(self, factor: float) -> None:
        run = self._run()
        if run is None:
            return
        try:
            name, value = actions.scaled_lr(run, factor)
        except DltuiError as error:
            self._notify(str(error))
            return
        self._set(run, (name, value))

    def action_copy_id(self) -> None:
        if sweep := self.table.sweep:
            run_and_notify(self, self.clipboard.copy(self.app, sweep.id))
        elif run := self._run():
            run_and_notify(self, self.clipboard.copy(self.app, run.id))

    def action_copy_command(self) -> None:
        if run := self._run():
            run_and_notify(self, self.clipboard.copy(self.app, actions.command_line(run)))

    # --- the view --------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        self.filter_bar.open()

    @on(FilterBar.Changed)
    def _filter(self, message: FilterBar.Changed) -> None:
        self.pages.set_query(replace(self.pages.query, where=message.where))
        self.refresh_data()
        self.remember()

    @on(FilterBar.Closed)
    def _leave_filter(self) -> None:
        self.table.focus()

    def action_sort(self) -> None:
        metric = self.chart.metric
        fields = [field or metric for field in SORTS]
        now = self.pages.query.sort
        following = fields[(fields.index(now) + 1) % len(fields)] if now in fields else fields[0]
        self._order(following, descending=following in ("created",))

    def action_reverse(self) -> None:
        self._order(self.pages.query.sort, descending=not self.pages.query.descending)

    def action_metric(self, way: int) -> None:
        known = self.metrics()
        if known:
            now = self.chart.metric
            self.state.metric = known[(known.index(now) + way) % len(known)] if now in known else known[0]
            self.draw_curves()

    def action_compare(self) -> None:
        from tui.runs.compare import CompareScreen

        runs = self.known_runs()
        if len(runs) < 2:
            self._notify("Mark two runs or more (space), then compare them.")
        else:
            self.app.push_screen(CompareScreen(runs, self.shown.hues(), self.shown.baseline))

    def action_baseline(self) -> None:
        if run := self._run():
            pinned = self.shown.toggle_baseline(run.id)
            self.follow()
            self._notify(f"{name_of(run)} is {'the baseline now' if pinned else 'no longer the baseline'}.")

    def action_unmark(self) -> None:
        self.shown.marks.clear()
        self.follow()

    def action_full(self) -> None:
        self.toggle_class("-full")
        if self.has_class("-full") and self.state.pane != "curves":
            self.select_pane("curves")
        (self.chart if self.has_class("-full") else self.table).focus()
        self.remember()

    def action_back(self) -> None:
        if self.has_class("-full"):
            self.action_full()
        elif self.chart.view.crosshair is not None:
            self.chart.action_crosshair_off()
            self.table.focus()
        elif self.pages.query.where:
            self.filter_bar.action_clear()
        else:
            self.table.focus()

    def action_pane(self, way: int) -> None:
        panes = PANES if self.is_wide else ALL_PANES
        now = self.state.pane
        focus_was_there = not self.table.has_focus
        if self.screen.has_class("-ample") and focus_was_there:
            now = self.details.pane_after(self.screen.focused, 0)
        self.select_pane(panes[(panes.index(now) + way) % len(panes)] if now in panes else panes[0])
        if focus_was_there:
            (self.chart if self.state.pane == "curves" else self.details.open_pane).focus()
        self.remember()

    @on(SwitchPane)
    def _turn(self, message: SwitchPane) -> None:
        self.action_pane(message.by)

    @on(Heading.Chosen)
    def _choose(self, message: Heading.Chosen) -> None:
        self.select_pane(message.title)
        self.remember()

    @on(RunTable.Opened)
    def _open(self) -> None:
        self.action_full()

    def action_chart(self, what: str) -> None:
        {
            "log": self.chart.action_toggle_log,
            "outliers": self.chart.action_toggle_outliers,
            "axis": self.chart.action_toggle_axis,
            "smoother": self.chart.action_smooth_more,
            "rougher": self.chart.action_smooth_less,
            "raw": self.chart.action_toggle_raw,
            "zoom_in": self.chart.action_zoom_in,
            "zoom_out": self.chart.action_zoom_out,
            "fit": self.chart.action_zoom_reset,
        }[what]()

    def action_legend(self) -> None:
        from tui.runs.curve_list import LegendScreen

        self.app.push_screen(LegendScreen(self.chart.metric, self.chart.legend))

    def action_crosshair(self) -> None:
        if self.state.pane != "curves" and not self.is_wide:
            self.select_pane("curves")
        (self.chart if self.chart.toggle_crosshair() else self.table).focus()

    def key_labels(self) -> dict[str, str]:
        """The current labels of some keys, by key id; an empty label hides a key in the footer."""
        run = self.selected
        if self.table.sweep is not None:
            return self._labels_of_sweep(self.table.sweep)
        if run is None:
            labels = dict.fromkeys((*_NEED_A_RUN, "run.pause"), "")
            return labels | ({"view.filter": "filter"} if self.pages.query.where else {})
        labels = {"run.stop": "stop" if not run.status.is_final else ""}
        if run.status is not Status.RUNNING or not actions.live_params(run):
            labels |= dict.fromkeys(_CHANGE_LR, "")
        if run.status is Status.RUNNING:
            labels["run.pause"] = "pause"
        else:
            labels["run.pause"] = "resume" if actions.is_resumable(run) else ""
        labels |= self._labels_of_marks()
        labels["view.compare"] = "compare" if len(self.shown.ids) > 1 else ""
        labels["view.metric"] = "metric" if len(self.metrics()) > 1 else ""
        labels["table.mark"] = "unmark" if run.id in self.shown.marks else "mark"
        return labels

    def _labels_of_sweep(self, sweep: SweepRow) -> dict[str, str]:
        """The labels on the row of a sweep, whose keys act on its trials."""
        from tui.runs import marked  # the first rows do not wait for it

        count = f"{sweep.trials:,}"
        return {
            "run.pause": f"{marked.verb_of_sweep(sweep)} {count}", "run.stop": f"stop {count}",
            "run.delete": f"remove {count}", "table.mark": f"mark {count}",
            "table.open": "collapse" if sweep.is_open else "expand",
            "view.metric": "metric" if len(self.metrics()) > 1 else "",
            "view.compare": "compare" if len(self.shown.ids) > 1 else "",
            **dict.fromkeys(_NEED_ONE_RUN, ""), **self._labels_of_marks(),
        }  # fmt: skip

    def _labels_of_marks(self) -> dict[str, str]:
        """The labels of keys that act on marked runs: pause 3."""
        if not self.shown.marks:
            return {}
        from tui.runs import marked  # the first rows do not wait for it

        runs = self.marked_runs()
        verbs = {"run.pause": marked.verb_of_pause(runs), "run.stop": "stop", "run.delete": "remove"}
        counts = {key: marked.count_of(verb, runs) for key, verb in verbs.items()}
        return {key: f"{verb} {counts[key]}" if counts[key] else "" for key, verb in verbs.items()}

    def marked_runs(self) -> list[RunSummary]:
        return [run for run in self.known_runs() if run.id in self.shown.marks]

    def action_target(self, scope: str) -> Widget:
        return self.chart if scope == "chart" else self

    def initial_focus(self) -> Widget:
        return self.table

    @property
    def is_wide(self) -> bool:
        return not self.screen.has_class("-narrow")

    # --- how it is done --------------------------------------------------------------------------------

    def _run(self) -> RunSummary | None:
        if self.selected is None:
            remedy = "esc shows all runs." if self.pages.query.where else "Press n to start one."
            if sweep := self.table.sweep:
                remedy = f"{name_of_sweep(sweep)} is a sweep: enter shows its trials."
            self._notify(f"No run is selected. {remedy}")
        return self.selected

    def _command_selected(self, action: Callable[..., Action]) -> None:
        if run := self._run():
            run_and_notify(self, self._command(action, run))

    async def _command(self, action: Callable[..., Action], run: RunSummary) -> str:
        return await action(self.connection.client, require_run(run))

    async def _submit_launch(self, launch: Launch) -> str:
        self.state.last_experiment = launch.experiment
        self.remember()

        def submitted(run: RunSummary) -> str:
            self.post_message(RunSubmitted(run))
            return ""

        return await submit_launch(self.connection.client, launch, submitted)

    def _order(self, field: str, *, descending: bool) -> None:
        self.pages.set_query(replace(self.pages.query, sort=field, descending=descending))
        self.refresh_data()
        self.remember()

    def _set(self, run: RunSummary, given: tuple[str, object] | None) -> None:
        if given is not None:
            run_and_notify(self, self._set_live(run, *given))

    async def _set_live(self, run: RunSummary, name: str, value: object) -> str:
        return await actions.set_live(self.connection.client, run, name, value)

    def _notify(self, text: str) -> None:
        self.app.notify(plain(text, limit=400), markup=False)

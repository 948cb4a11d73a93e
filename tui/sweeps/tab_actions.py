"""The actions of the keys of the Sweep tab on sweeps and trials."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from textual import on

from engine import catalog, params
from engine.axes import Axis
from engine.catalog import Experiment
from engine.errors import DltuiError, UnknownExperiment
from engine.params import Param
from engine.sweep_protocol import SweepStatus, SweepSummary, TrialGroup, TrialRow
from tui.data import trial_export
from tui.data.actions import Action, run_and_notify
from tui.data.actions import undo as bring_back
from tui.data.same_name import same_sweep_name_warning
from tui.data.value_text import exact_settings, format_exact
from tui.messages import OpenView
from tui.sweeps import actions, settings
from tui.sweeps.draft import SweepDraft, typed_of
from tui.sweeps.text import axis_text
from tui.sweeps.trial_table import TrialTable
from tui.sweeps.view import SweepsView
from tui.terminal.plain_text import plain


class SweepTabActions(SweepsView):
    """Actions on a sweep, on a trial, and exports."""

    def open_group(self, group: TrialGroup) -> None:
        """Filter the table by the trials of a group."""

    # --- sweeps ----------------------------------------------------------------------------------------

    def action_new(self) -> None:
        from tui.dialogs.pick import PickScreen

        last = self.context.state.last_experiment
        self.app.push_screen(PickScreen(catalog.experiments(), last, "sweep an experiment"), self._picked)

    def _picked(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            self._set_up(experiment, self.context.state.last_typed(f"sweep {experiment.name}"))

    def action_again(self) -> None:
        if sweep := self._sweep():
            try:
                experiment = catalog.find(sweep.spec.experiment)
            except UnknownExperiment as error:
                self._notify(str(error))
                return
            self._set_up(experiment, typed_of(sweep, experiment), sweep.spec.data)

    def _set_up(self, experiment: Experiment, typed: Mapping[str, str], data: str | None = None) -> None:
        from tui.sweeps.form_screen import sweep_screen

        async def submit(draft: SweepDraft) -> SweepSummary:
            return await draft.submit(self.context.connection.client, data)

        keep = partial(self._keep_typed, experiment.name)
        self.app.push_screen(sweep_screen(experiment, typed, submit, keep, data), self._started)

    def _keep_typed(self, experiment: str, typed: Mapping[str, str]) -> None:
        kept = {name: text for name, text in typed.items() if name != "name"}
        self.context.state.last_params[f"sweep {experiment}"] = kept
        self.context.state.last_experiment = experiment
        self.remember()

    def _started(self, sweep: SweepSummary | None) -> None:
        if sweep is not None:
            self.sweeps.update((sweep,), ())
            self.sweeps.loaded = True
            self.select_sweep(sweep.id)
            self.panel.focus(scroll_visible=False)
            run_and_notify(self, self._start_message(sweep))

    async def _start_message(self, sweep: SweepSummary) -> str:
        doubt = await same_sweep_name_warning(self.context.connection.client, sweep)
        return f"{actions.name_of(sweep)} starts: {sweep.planned:,} trials. {doubt}".rstrip()

    def action_pause(self) -> None:
        self._act_on_sweep(actions.pause_or_resume)

    def action_stop(self) -> None:
        sweep = self._sweep()
        if sweep is not None and sweep.status in (SweepStatus.DONE, SweepStatus.STOPPED):
            self._notify(f"{actions.name_of(sweep)} is {sweep.status} already.")
        elif sweep is not None:
            text = "No more trials start; running ones write a checkpoint and end. Resume continues them."
            self._confirm(f"Stop {actions.name_of(sweep)}?", text, "stop", actions.stop, sweep)

    def action_delete(self) -> None:
        if sweep := self._sweep():
            text = "The sweep is removed from the list. The runs of its trials stay in the Runs tab."
            self._confirm(f"Remove {actions.name_of(sweep)}?", text, "remove", self._remove, sweep)

    async def _remove(self, client: Any, sweep: SweepSummary) -> str:
        result = await actions.remove(client, sweep, self.context.keymap.shown("sweep.undo"))
        self.sweeps.update((), (sweep.id,))
        self.update_all()
        return result

    def action_undo(self) -> None:
        run_and_notify(self, self._undo())

    async def _undo(self) -> str:
        return await bring_back(self.context.connection.client)

    def action_widen(self) -> None:
        if sweep := self._sweep():
            spec = sweep.spec
            fields = [Param(axis.name, str, "", f"more values; now {axis_text(axis)}") for axis in spec.axes]
            seeds = axis_text(Axis("seed", spec.seeds))
            fields.append(Param("seed", str, "", f"more seeds; now {seeds}"))
            action = self._form_action(actions.widen, sweep)
            self._open_form(f"widen {actions.name_of(sweep)}", fields, {}, "widen", action)

    def action_size(self) -> None:
        if sweep := self._sweep():
            spec = sweep.spec
            typed = {name: settings.typed(name, getattr(spec, name)) for name in ("trials", "parallel")}
            action = self._form_action(actions.resize, sweep)
            self._open_form(f"trial count: {actions.name_of(sweep)}", actions.COUNTS, typed, "change", action)

    def action_add(self) -> None:
        sweep = self._sweep()
        if sweep is None:
            return
        row = self.trial
        typed = {**sweep.spec.params, **(row.params if row is not None else {})}
        fields = params.declared(catalog.find(sweep.spec.experiment).params)
        like = f", like trial {row.trial}" if row is not None else ""

        async def add(given: Mapping[str, str]) -> str:
            return await actions.add(self.context.connection.client, sweep, actions.to_add(sweep, given))

        texts = {name: format_exact(name, value) for name, value in typed.items()}
        self._open_form(f"add a trial{like}", fields, texts, "add", add)

    # --- trials ----------------------------------------------------------------------------------------

    def action_pin(self) -> None:
        self._act_on_trial(actions.pin)

    def action_stop_trial(self) -> None:
        self._act_on_trial(actions.stop_trial)

    def action_extend(self) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is None or row is None:
            return
        fields = actions.lengths_of(sweep)
        typed = {
            param.name: params.format_value(param, actions.length_now(sweep, row, param)) for param in fields
        }
        action = self._form_action(
            lambda client, sweep, given: actions.extend(client, sweep, row, given), sweep
        )
        self._open_form(f"extend: trial {row.trial}", fields, typed, "train on", action)

    def action_train_alone(self) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is not None and row is not None:
            run_and_notify(self, self._train_alone(sweep, row))

    async def _train_alone(self, sweep: SweepSummary, row: TrialRow) -> str:
        run = await actions.train_alone(self.context.connection.client, sweep, row)
        self.post_message(OpenView("runs", selection={"run": run}))
        return ""

    @on(TrialTable.Opened)
    def _open_entry(self) -> None:
        entry, sweep = self.table.selected, self._sweep()
        if isinstance(entry, TrialGroup):
            self.open_group(entry)
        elif sweep is not None and (row := self._trial()) is not None:
            if row.lane is None:
                run_and_notify(self, self._open_run(row))
            else:
                self.post_message(OpenView("xor", "map", {"run": row.run, "lane": row.lane}))

    async def _open_run(self, row: TrialRow) -> str:
        run = await actions.run_of(self.context.connection.client, row)
        self.post_message(OpenView("runs", selection={"run": run}))
        return ""

    # --- copies and files ------------------------------------------------------------------------------

    def action_copy(self) -> None:
        entry = self.table.selected
        if entry is None:
            self._notify("No trial is selected.")
            return
        given = entry.key if isinstance(entry, TrialGroup) else {**entry.params, "seed": entry.seed}
        text = " ".join(pair for pair in exact_settings(given) if not pair.endswith("="))
        run_and_notify(self, self.context.clipboard.copy(self.app, text))

    def action_copy_all(self) -> None:
        if sweep := self._sweep():
            run_and_notify(self, self._copy_all(sweep))

    async def _copy_all(self, sweep: SweepSummary) -> str:
        entries = await trial_export.read_all(self.context.connection.client, sweep.id, self.pages.query)
        text = trial_export.as_csv(entries, self.table.marked, "\t", for_terminal=True)
        return f"{len(entries):,} lines. {await self.context.clipboard.copy(self.app, text)}"

    def action_export(self) -> None:
        if sweep := self._sweep():
            path = trial_export.free_path(Path.cwd(), sweep.spec.name, "csv")
            fields = (Param("file", str, str(path), "file name, ending in .csv or .json"),)
            action = self._form_action(self._export, sweep)
            self._open_form(f"write {self.pages.matching:,} trials", fields, {}, "write", action)

    async def _export(self, client: Any, sweep: SweepSummary, typed: Mapping[str, str]) -> str:
        path = Path(typed["file"]).expanduser()
        if path.suffix not in (".csv", ".json"):
            raise DltuiError(f"file: expected a name that ends in .csv or .json, got {typed['file'][:80]!r}.")
        entries = await trial_export.read_all(client, sweep.id, self.pages.query)
        is_csv = path.suffix == ".csv"
        text = (
            trial_export.as_csv(entries, self.table.marked)
            if is_csv
            else trial_export.as_json(sweep, entries)
        )
        try:
            trial_export.write(path, text)
        except FileExistsError as error:
            raise DltuiError(f"file: {path} is there already; nothing was written.") from error
        except OSError as error:
            raise DltuiError(f"file: {path} cannot be written: {error.strerror}.") from error
        return f"{len(entries):,} trials are in {path}."

    # --- how it is done --------------------------------------------------------------------------------

    def _sweep(self) -> SweepSummary | None:
        if self.sweeps.chosen is None:
            self._notify(f"There is no sweep yet: {self.context.keymap.shown('sweep.new')} sets one up.")
        return self.sweeps.chosen

    def _trial(self) -> TrialRow | None:
        if self.trial is None:
            self._notify("No trial is selected.")
        return self.trial

    def _act_on_sweep(self, action: Callable[[Any, SweepSummary], Action]) -> None:
        if sweep := self._sweep():
            run_and_notify(self, self._run_action(action, sweep))

    def _act_on_trial(self, action: Callable[[Any, SweepSummary, TrialRow], Action]) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is not None and row is not None:
            run_and_notify(self, self._run_action(lambda client, sweep: action(client, sweep, row), sweep))

    async def _run_action(
        self, action: Callable[[Any, SweepSummary], Awaitable[str]], sweep: SweepSummary
    ) -> str:
        result = await action(self.context.connection.client, sweep)
        self._expire()
        return result

    def _form_action(
        self, action: Callable[[Any, SweepSummary, Mapping[str, str]], Awaitable[str]], sweep: SweepSummary
    ) -> Callable[[Mapping[str, str]], Awaitable[str]]:
        async def act(typed: Mapping[str, str]) -> str:
            return await action(self.context.connection.client, sweep, typed)

        return act

    def _open_form(self, title: str, fields: Any, typed: Mapping[str, str], verb: str, action: Any) -> None:
        from tui.dialogs.form import fields_screen

        self.app.push_screen(fields_screen(title, fields, typed, verb, action), self._show_result)

    def _show_result(self, text: str | None) -> None:
        if text:
            self._notify(text)
            self._expire()

    def _confirm(self, question: str, text: str, verb: str, action: Any, sweep: SweepSummary) -> None:
        from tui.dialogs.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                run_and_notify(self, self._run_action(action, sweep))

        self.app.push_screen(ConfirmScreen(question, text, verb), answered)

    def _notify(self, text: str) -> None:
        self.app.notify(plain(text, limit=400), markup=False)

"""Commands on sweeps and trials: their forms and questions, what is sent, and the files that are written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual.message import Message
from textual.widget import Widget

from engine import catalog, params
from engine.axes import Axis, parse_axis
from engine.catalog import Experiment
from engine.client import submitted_command
from engine.client.client import Client
from engine.errors import DltuiError, ParamError, UnknownExperiment
from engine.experiment_files.description import FileExperiment
from engine.params import Param
from engine.protocol import RunSummary
from engine.sweep_protocol import PARALLEL, TRIALS, SweepStatus, SweepSummary, TrialGroup, TrialRow
from tui.data import executor_text, own_experiments, trial_export
from tui.data.command_text import typed_placeholders
from tui.data.run_actions import Action, run_and_notify
from tui.data.run_actions import undo as bring_back
from tui.data.same_run_name_warning import same_sweep_name_warning
from tui.data.value_text import exact_settings, format_exact, plural
from tui.messages import OpenView, SweepsChanged, ViewStateChanged
from tui.sweeps import sweep_settings
from tui.sweeps.draft import SweepDraft, typed_of
from tui.sweeps.loaded_sweeps import LoadedSweeps
from tui.sweeps.swept_command import SweptCommand
from tui.sweeps.trial_table import TrialTable
from tui.sweeps.trial_text import axis_text
from tui.tab.context import TabContext
from tui.terminal.plain_text import plain
from tui.ui.say_if_slow import say_if_slow

Typed = Mapping[str, str]
EXPORT_HELP = (
    "file name, ending in .csv or .json; value is the best one, the column of a metric has its last value"
)
LENGTHS = ("epochs", "iterations", "steps")
"""parameters that only set when training ends"""
COUNTS = (TRIALS, PARALLEL)


class SweepCommands:
    """Acts on the selected sweep, or on the trial under the cursor of the table.

    Dialogs open over the tab, which is told by messages what has changed; a notification shows the result.
    """

    class Edited(Message, bubble=False):
        """The trials have to be fetched again."""

    @dataclass
    class Started(Message, bubble=False):
        sweep: SweepSummary

    def __init__(self, tab: Widget, context: TabContext, sweeps: LoadedSweeps, table: TrialTable) -> None:
        self._tab, self._context, self._sweeps, self._table = tab, context, sweeps, table

    # --- sweeps ----------------------------------------------------------------------------------------

    def new(self) -> None:
        from tui.dialogs.pick_experiment import PickScreen

        last = self._context.state.last_experiment
        self._tab.app.push_screen(
            PickScreen(catalog.experiments(), last, "sweep an experiment"), self._picked
        )

    def _picked(self, experiment: Experiment | None) -> None:
        if experiment is not None:
            self._set_up(experiment, self._context.state.last_typed(f"sweep {experiment.name}"))

    def again(self) -> None:
        if sweep := self._sweep():
            if sweep.spec.command is not None:
                self._set_up_command(
                    SweptCommand(sweep.spec.command, sweep.id), typed_of(sweep, catalog.of(sweep.spec))
                )
                return
            if sweep.spec.file is not None:
                self._run(self._again_with_file(sweep, sweep.spec.file))
                return
            try:
                experiment = catalog.of(sweep.spec)
            except UnknownExperiment as error:
                self.notify(str(error))
                return
            self._set_up(experiment, typed_of(sweep, experiment), sweep.spec.data)

    async def _again_with_file(self, sweep: SweepSummary, file: FileExperiment) -> str:
        """Open the form for the file as it is now, or as it was where it is gone. Raises DltuiError."""
        experiment = await self._current(file)
        self._set_up(experiment, typed_of(sweep, experiment), sweep.spec.data)
        return ""

    async def _current(self, file: FileExperiment) -> Experiment:
        """The experiment as its file is now, and a line while it is read. Raises DltuiError."""
        reading = partial(self.notify, own_experiments.reading_text(file.path))
        return await say_if_slow(own_experiments.current(file), reading)

    def _set_up(self, experiment: Experiment, typed: Typed, data: str | None = None) -> None:
        from tui.sweeps.form_screen import sweep_screen

        async def submit(draft: SweepDraft) -> SweepSummary:
            return await draft.submit(self._client, data)

        keep = partial(self._keep_typed, experiment.name)
        self._tab.app.push_screen(sweep_screen(experiment, typed, submit, keep, data), self._started)

    def of_run(self, run: RunSummary) -> None:
        """Open the form with the parameters of a run."""
        command = run.spec.command
        if command is None:
            self._run(self._of_run(run))
        elif not submitted_command.placeholder_names(command):
            self.notify("The command has no placeholder that could vary: dltui exec --set lr=0.1 -- ... {lr}")
        else:
            typed = typed_placeholders(command, run.spec.params) | _metric_of(run)
            self._set_up_command(SweptCommand(command, run.id), {**typed, "device": run.spec.device})

    async def _of_run(self, run: RunSummary) -> str:
        """Raises DltuiError for an experiment that is not there."""
        experiment = await self._current(run.spec.file) if run.spec.file else catalog.of(run.spec)
        texts = {name: format_exact(name, value) for name, value in run.spec.params.items()}
        texts |= {"device": run.spec.device, **executor_text.typed_of(run.spec.executor)}
        texts["parent"] = run.spec.parent.whole if run.spec.parent else ""
        self._set_up(experiment, texts, run.spec.data)
        return ""

    def _set_up_command(self, command: SweptCommand, typed: Typed) -> None:
        from tui.sweeps.form_screen import sweep_screen

        async def submit(draft: SweepDraft) -> SweepSummary:
            return await draft.submit(self._client)

        texts = {**command.typed_settings(), **typed}
        screen = sweep_screen(command.experiment, texts, submit, lambda given: None, command=command)
        self._tab.app.push_screen(screen, self._started)

    def _keep_typed(self, experiment: str, typed: Typed) -> None:
        kept = {name: text for name, text in typed.items() if name not in ("name", "parent")}
        self._context.state.last_params[f"sweep {experiment}"] = kept
        self._context.state.last_experiment = experiment
        self._tab.post_message(ViewStateChanged())

    def _started(self, sweep: SweepSummary | None) -> None:
        if sweep is not None:
            self._tab.post_message(self.Started(sweep))
            run_and_notify(self._tab, self._start_message(sweep))

    async def _start_message(self, sweep: SweepSummary) -> str:
        return await start_message(self._client, sweep)

    def pause(self) -> None:
        if sweep := self._sweep():
            verb = "pause" if sweep.status is SweepStatus.RUNNING else "resume"
            self._run(self._edit(sweep, verb, f"{name_of(sweep)} {verb}s."))

    def stop(self) -> None:
        sweep = self._sweep()
        if sweep is not None and sweep.status in (SweepStatus.DONE, SweepStatus.STOPPED):
            self.notify(f"{name_of(sweep)} is {sweep.status} already.")
        elif sweep is not None:
            text = "No more trials start; running ones write a checkpoint and end. Resume continues them."
            action = partial(self._edit, sweep, "stop", f"{name_of(sweep)} stops.")
            self._confirm(f"Stop {name_of(sweep)}?", text, "stop", action)

    def remove(self) -> None:
        if sweep := self._sweep():
            text = "The sweep is removed from the list. The runs of its trials stay in the Runs tab."
            self._confirm(f"Remove {name_of(sweep)}?", text, "remove", partial(self._remove, sweep))

    async def _remove(self, sweep: SweepSummary) -> str:
        await self._client.sweep_remove(sweep.id)
        self._tab.post_message(SweepsChanged((), (sweep.id,)))
        key = self._context.keymap.shown("sweep.undo")
        return f"{name_of(sweep)} is removed; its trials stay in the Runs tab. {key} brings it back."

    def undo(self) -> None:
        self._run(self._undo())

    async def _undo(self) -> str:
        return await bring_back(self._client)

    def widen(self) -> None:
        if sweep := self._sweep():
            spec = sweep.spec
            fields = [Param(axis.name, str, "", f"more values; now {axis_text(axis)}") for axis in spec.axes]
            seeds = axis_text(Axis("seed", spec.seeds))
            fields.append(Param("seed", str, "", f"more seeds; now {seeds}"))
            self._open_form(f"widen {name_of(sweep)}", fields, {}, "widen", partial(self._widen, sweep))

    async def _widen(self, sweep: SweepSummary, typed: Typed) -> str:
        """Raises ParamError, before anything is changed, for no value or a wrong one."""
        experiment = catalog.of(sweep.spec)
        given = [f"{name}={text.strip()}" for name, text in typed.items() if text.strip()]
        if not given:
            raise ParamError("Expected more values for one axis at least, got none.")
        for text in given:
            parse_axis(experiment, text)
        for text in given:
            await self._client.sweep_edit(sweep.id, "widen", axis=text)
        return f"{name_of(sweep)}: {plain('; '.join(given), limit=200)} is tried as well."

    def resize(self) -> None:
        if sweep := self._sweep():
            typed = {param.name: sweep_settings.typed(param.name, _count(sweep, param)) for param in COUNTS}
            title = f"trial count: {name_of(sweep)}"
            self._open_form(title, COUNTS, typed, "change", partial(self._resize, sweep))

    async def _resize(self, sweep: SweepSummary, typed: Typed) -> str:
        read = ((param, params.parse_value(param, typed[param.name])) for param in COUNTS)
        changed = {param.name: count for param, count in read if count != _count(sweep, param)}
        for name, count in changed.items():
            await self._client.sweep_edit(sweep.id, name, count=count)
        result = ", ".join(f"{name} {sweep_settings.typed(name, count)}" for name, count in changed.items())
        return f"{name_of(sweep)}: {result or 'nothing is changed'}."

    def add(self) -> None:
        if sweep := self._sweep():
            row = self._table.trial
            typed = {**sweep.spec.params, **(row.params if row is not None else {})}
            fields = params.declared(catalog.of(sweep.spec).params)
            like = f", like trial {row.trial}" if row is not None else ""
            texts = {name: format_exact(name, value) for name, value in typed.items()}
            self._open_form(f"add a trial{like}", fields, texts, "add", partial(self._add, sweep))

    async def _add(self, sweep: SweepSummary, typed: Typed) -> str:
        """Sends the parameters of the axes, and those that differ from the sweep's."""
        experiment = catalog.of(sweep.spec)
        values = params.build(experiment.params, dict(typed))
        axes = {axis.name for axis in sweep.spec.axes}
        all_given = {param: getattr(values, param.name) for param in params.declared(experiment.params)}
        given = {
            param.name: value
            for param, value in all_given.items()
            if param.name in axes or value != sweep.spec.params.get(param.name, param.default)
        }
        await self._client.sweep_edit(sweep.id, "add", params=given)
        return f"{name_of(sweep)}: one trial more."

    # --- trials ----------------------------------------------------------------------------------------

    def pin(self) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is not None and row is not None:
            text = "no longer pinned" if row.pinned else "pinned: nothing prunes it"
            result = f"Trial {row.trial} is {text}."
            self._run(self._edit(sweep, "pin", result, trial=row.trial, on=not row.pinned))

    def stop_trial(self) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is not None and row is not None:
            self._run(self._edit(sweep, "stop_trial", f"Trial {row.trial} stops.", trial=row.trial))

    def extend(self) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is not None and sweep.spec.command is not None:
            self.notify("A command cannot be extended: add a trial with another value.")
        elif sweep is not None and row is not None:
            declared = params.declared(catalog.of(sweep.spec).params)
            fields = [param for param in declared if param.name in LENGTHS]
            typed = {param.name: params.format_value(param, _length(sweep, row, param)) for param in fields}
            action = partial(self._extend, sweep, row, fields)
            self._open_form(f"extend: trial {row.trial}", fields, typed, "train on", action)

    async def _extend(self, sweep: SweepSummary, row: TrialRow, fields: Sequence[Param], typed: Typed) -> str:
        """Raises DltuiError, also where no length is larger."""
        read = ((param, params.parse_value(param, typed[param.name])) for param in fields)
        lengths = {param.name: value for param, value in read if value != _length(sweep, row, param)}
        await self._client.sweep_edit(sweep.id, "extend", trial=row.trial, **lengths)
        result = ", ".join(f"{name} {format_exact(name, value)}" for name, value in lengths.items())
        return f"Trial {row.trial} trains on{': ' + result if result else ''}."

    def train_alone(self) -> None:
        sweep, row = self._sweep(), self._trial()
        if sweep is not None and row is not None:
            self._run(self._train_alone(sweep, row))

    async def _train_alone(self, sweep: SweepSummary, row: TrialRow) -> str:
        """Submit the configuration of a trial as a run outside the sweep."""
        spec = sweep.spec
        name, values = f"{spec.name[:50]}-{row.trial} alone", {**spec.params, **row.params}
        run = await self._client.submit(
            spec.experiment, values, seed=row.seed, name=name, data=spec.data, file=spec.file,
            like=row.run if spec.command else "",
        )  # fmt: skip
        self._tab.post_message(OpenView("runs", selection={"run": run}))
        return ""

    def open_trial(self) -> None:
        """Open the run of the trial, or its network among those of a batch."""
        row = self._trial()
        if row is not None and row.lane is None:
            self._run(self._open_run(row))
        elif row is not None:
            self._tab.post_message(OpenView("xor", "map", {"run": row.run, "lane": row.lane}))

    async def _open_run(self, row: TrialRow) -> str:
        """Raises DltuiError where the trial has no run, or it was removed."""
        if not row.run:
            raise DltuiError(f"Trial {row.trial} is {row.status}: it has no run yet.")
        self._tab.post_message(OpenView("runs", selection={"run": await self._client.show(row.run)}))
        return ""

    # --- copies and files ------------------------------------------------------------------------------

    def copy(self) -> None:
        entry = self._table.selected
        if entry is None:
            self.notify("No trial is selected.")
            return
        given = entry.key if isinstance(entry, TrialGroup) else {**entry.params, "seed": entry.seed}
        text = " ".join(pair for pair in exact_settings(given) if not pair.endswith("="))
        self._run(self._context.clipboard.copy(self._tab.app, text))

    def copy_all(self) -> None:
        if sweep := self._sweep():
            self._run(self._copy_all(sweep))

    async def _copy_all(self, sweep: SweepSummary) -> str:
        entries = await trial_export.read_all(self._client, sweep.id, self._sweeps.pages.query)
        text = trial_export.as_csv(entries, self._table.marked, "\t", for_terminal=True)
        return f"{plural(len(entries), 'line')}. {await self._context.clipboard.copy(self._tab.app, text)}"

    def export(self) -> None:
        if sweep := self._sweep():
            path = trial_export.free_path(Path.cwd(), sweep.spec.name, "csv")
            fields = (Param("file", str, str(path), EXPORT_HELP),)
            title = f"write {self._sweeps.pages.matching:,} trials"
            self._open_form(title, fields, {}, "write", partial(self._export, sweep))

    async def _export(self, sweep: SweepSummary, typed: Typed) -> str:
        path = Path(typed["file"]).expanduser()
        if path.suffix not in (".csv", ".json"):
            raise DltuiError(f"file: expected a name that ends in .csv or .json, got {typed['file'][:80]!r}.")
        entries = await trial_export.read_all(self._client, sweep.id, self._sweeps.pages.query)
        if path.suffix == ".csv":
            text = trial_export.as_csv(entries, self._table.marked)
        else:
            text = trial_export.as_json(sweep, entries)
        try:
            trial_export.write(path, text)
        except FileExistsError as error:
            raise DltuiError(f"file: {path} is there already; nothing was written.") from error
        except OSError as error:
            raise DltuiError(f"file: {path} cannot be written: {error.strerror}.") from error
        return f"{len(entries):,} trials are in {path}."

    # --- how it is done --------------------------------------------------------------------------------

    @property
    def _client(self) -> Client:
        return self._context.connection.client

    def _sweep(self) -> SweepSummary | None:
        if self._sweeps.chosen is None:
            self.notify(f"There is no sweep yet: {self._context.keymap.shown('sweep.new')} sets one up.")
        return self._sweeps.chosen

    def _trial(self) -> TrialRow | None:
        if self._table.trial is None:
            self.notify("No trial is selected.")
        return self._table.trial

    def _run(self, action: Action) -> None:
        run_and_notify(self._tab, action)

    async def _edit(self, sweep: SweepSummary, verb: str, result: str, **facts: object) -> str:
        await self._client.sweep_edit(sweep.id, verb, **facts)
        self._tab.post_message(self.Edited())
        return result

    def _open_form(
        self, title: str, fields: Sequence[Param], typed: Typed, verb: str,
        action: Callable[[Typed], Awaitable[str]],
    ) -> None:  # fmt: skip
        from tui.dialogs.form_dialog import fields_screen

        self._tab.app.push_screen(fields_screen(title, fields, typed, verb, action), self._show_result)

    def _show_result(self, text: str | None) -> None:
        if text:
            self.notify(text)
            self._tab.post_message(self.Edited())

    def _confirm(self, question: str, text: str, verb: str, action: Callable[[], Action]) -> None:
        from tui.dialogs.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                self._run(action())

        self._tab.app.push_screen(ConfirmScreen(question, text, verb), answered)

    def notify(self, text: str) -> None:
        self._tab.app.notify(plain(text, limit=400), markup=False)


def name_of(sweep: SweepSummary) -> str:
    return plain(sweep.spec.name or sweep.id, limit=80)


async def start_message(client: Client, sweep: SweepSummary) -> str:
    """That a sweep starts, with a warning where other sweeps have its name. Raises DltuiError."""
    warning = await same_sweep_name_warning(client, sweep)
    return f"{name_of(sweep)} starts: {sweep.planned:,} trials. {warning}".rstrip()


def _metric_of(run: RunSummary) -> dict[str, str]:
    """The fields of metric and goal for a sweep of a command that logs what `run` has logged."""
    names = list(run.metrics)
    if "loss" in names or not names:
        return {}
    name = next((one for one in names if one.endswith("loss")), names[0])
    goal = "min" if name.endswith("loss") else "max" if "acc" in name else sweep_settings.OWN
    return {"metric": name, "goal": goal}


def _count(sweep: SweepSummary, param: Param) -> params.Value:
    return sweep.spec.trials if param is TRIALS else sweep.spec.parallel


def _length(sweep: SweepSummary, row: TrialRow, param: Param) -> params.Value:
    """How long a trial trains so far."""
    if row.lane is not None and param.name == "epochs":
        return row.total_steps
    return row.params.get(param.name, sweep.spec.params.get(param.name, param.default))

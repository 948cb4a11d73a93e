"""The commands of the runs tab: on the selected run, the marked runs, or a sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from engine.errors import DltuiError, UnknownExperiment
from engine.protocol import RunSummary, Status
from engine.table_protocol import GroupRow, SweepRow
from tui.data import run_actions
from tui.data.code_text import changed_names
from tui.data.run_actions import Action, run_and_notify
from tui.data.run_text import name_of
from tui.messages import OpenView, RunSubmitted, ViewStateChanged
from tui.runs.charted_runs import ChartedRuns
from tui.runs.sweep_cells import name_of_sweep
from tui.runs.table import RunTable
from tui.tab.tab import Tab
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

if TYPE_CHECKING:
    from engine.catalog import Experiment
    from engine.client.submitted_command import ShellCommand
    from engine.experiment_files.description import FileExperiment
    from tui.data.old_runs import OldRuns
    from tui.dialogs.text_prompt import TextPrompt

_CHANGE_LR = ("run.set", "run.halve_lr", "run.double_lr")
_ANNOTATE = ("run.rename", "run.tag", "run.note")
_NEED_ONE_RUN = ("run.again", "run.sweep", "run.begin", *_ANNOTATE, *_CHANGE_LR, "run.copy_command",
                 "view.baseline")  # fmt: skip
_NEED_A_RUN = (*_NEED_ONE_RUN, "run.stop", "run.delete", "table.mark", "view.full", "view.metric",
               "view.filter", "view.sort", "view.compare")  # fmt: skip


class RunCommands:
    """Each asks its question, where it has one, and notifies of its result."""

    def __init__(self, tab: Tab, table: RunTable, charted: ChartedRuns) -> None:
        """`tab` runs the workers and opens the dialogs."""
        self._tab, self._table, self._charted = tab, table, charted
        self._connection, self._state = tab.context.connection, tab.context.state
        self._clipboard, self._undo_key = tab.context.clipboard, tab.context.keymap.shown("run.undo")

    def notify(self, text: str) -> None:
        self._tab.app.notify(plain(text, limit=400), markup=False)

    def require_selected(self) -> RunSummary | None:
        """The selected run; a notification says so if there is none."""
        if self._table.selected is None:
            remedy = "esc shows all runs." if self._table.entries.query.where else "Press n to start one."
            if sweep := self._table.sweep:
                remedy = f"{name_of_sweep(sweep)} is a sweep: enter shows its trials."
            if group := self._table.group:
                remedy = f"{group.count:,} runs are a group: space marks them, enter lists them."
            self.notify(f"No run is selected. {remedy}")
        return self._table.selected

    @property
    def _acts_on_many(self) -> bool:
        return bool(self._charted.shown.marks) or self._table.sweep is not None

    # --- a new run ---------------------------------------------------------------------------------------

    def new(self) -> None:
        from engine import catalog
        from tui.dialogs.pick_experiment import PickScreen

        found = catalog.experiments()
        if len(found) == 1:
            self.launch(found[0])
        else:
            self._tab.app.push_screen(PickScreen(found, self._state.last_experiment), self.launch)

    def launch(
        self,
        experiment: Experiment | None,
        typed: Mapping[str, str] | None = None,
        data: str | None = None,
    ) -> None:
        """Open the form with its last parameters, or `typed`, and launch what is confirmed."""
        if experiment is not None:
            from tui.dialogs.form_dialog import open_launch_form

            open_launch_form(self._tab, experiment, self._launched, typed, data)

    def _launched(self, run: RunSummary) -> str:
        self._state.last_experiment = run.spec.experiment
        self._tab.post_message(ViewStateChanged())
        self._tab.post_message(RunSubmitted(run))
        return ""

    def again(self) -> None:
        from engine import catalog
        from tui.dialogs.form_dialog import typed_of

        if (run := self.require_selected()) and run.status is Status.IMPORTED:
            self.notify(f"{name_of(run)} was imported: another program trained it.")
        elif run:
            if run.spec.file is not None:
                run_and_notify(self._tab, self._again_with_file(run, run.spec.file))
                return
            if run.spec.command is not None:
                self._command_again(run, run.spec.command)
                return
            try:
                self.launch(catalog.of(run.spec), typed_of(run), run.spec.data)
            except UnknownExperiment as error:
                self.notify(str(error))
                return
            self._run(lambda client: client.data_now(run.id))  # warns where the folder holds other data

    def _command_again(self, run: RunSummary, command: ShellCommand) -> None:
        from tui.dialogs.command_form import command_screen

        def launched(answer: tuple[RunSummary, str] | None) -> None:
            if answer is not None:
                self._tab.post_message(RunSubmitted(answer[0]))
                if answer[1]:
                    self.notify(answer[1])

        self._tab.app.push_screen(command_screen(run, command, self._connection.client), launched)

    def sweep(self) -> None:
        """Open the form of a sweep with the parameters of the selected run."""
        if (run := self.require_selected()) and run.status is Status.IMPORTED:
            self.notify(f"{name_of(run)} was imported: another program trained it.")
        elif run:
            self._tab.post_message(OpenView("sweep", selection={"like": run}))

    def begin(self) -> None:
        """Open the form for a run that begins with a checkpoint of the selected one: the best, or newest."""
        if run := self.require_selected():
            run_and_notify(self._tab, self._begin(run.id))

    async def _begin(self, run_id: str) -> str:
        from engine import catalog
        from tui.dialogs.form_dialog import typed_of

        run = await self._connection.client.show(run_id)
        if run.spec.command is not None:
            return f"{name_of(run)} runs a command, which begins by itself."
        if not run.checkpoints:
            return f"{name_of(run)} has no checkpoint yet."
        valued = [found for found in run.checkpoints if found.best is not None]
        chosen = (valued or list(run.checkpoints))[-1]
        texts = typed_of(run) | {"name": "", "parent": f"{run.id}@{chosen.step}"}
        file = run.spec.file
        experiment = await self._current(file) if file else catalog.find(run.spec.experiment)
        self.launch(experiment, texts, run.spec.data)
        return ""

    async def _again_with_file(self, run: RunSummary, file: FileExperiment) -> str:
        """Open the form for the file as it is now, or as it was where it is gone. Raises DltuiError."""
        from tui.dialogs.form_dialog import typed_of

        self.launch(await self._current(file), typed_of(run), run.spec.data)
        return ""

    async def _current(self, file: FileExperiment) -> Experiment:
        """The experiment as its file is now, and a line while it is read. Raises DltuiError."""
        from tui.data.own_experiments import current, reading_text
        from tui.ui.say_if_slow import say_if_slow

        return await say_if_slow(current(file), lambda: self.notify(reading_text(file.path)))

    # --- with a question ---------------------------------------------------------------------------------

    def pause(self) -> None:
        """Pause or resume."""
        from tui.runs import marked_command  # the first rows do not wait for it

        if self._charted.shown.marks:
            self._ask_of_many(marked_command.verb_of_pause(self._charted.marked()))
        elif self._table.sweep is not None:
            self._ask_of_many(marked_command.verb_of_sweep(self._table.sweep))
        elif run := self.require_selected():
            if run.spec.file is not None and run_actions.is_resumable(run):
                run_and_notify(self._tab, self._resume_file(run))
            else:
                self._run(run_actions.pause_or_resume, run)

    async def _resume_file(self, run: RunSummary) -> str:
        """Resume, or ask with which code where the file was changed since."""
        from tui.dialogs.choose import ChooseScreen

        code = await self._connection.client.code(run.id)
        if code is None or not code.changed:
            return await run_actions.pause_or_resume(self._connection.client, run)
        changed = ", ".join(changed_names(code))
        choices = (
            ("its own code", "bit for bit as without the change"),
            (
                "the changed code",
                f"{changed}: other weights than with its own code; pane code has the difference",
            ),
        )

        def chosen(place: int | None) -> None:
            if place is not None:
                self._run(run_actions.resume_with_code, run, place == 0)

        self._tab.app.push_screen(ChooseScreen(f"resume {name_of(run)} with", choices, "resume"), chosen)
        return ""

    def stop(self) -> None:
        from tui.runs import marked_command  # the first rows do not wait for it

        if self._acts_on_many:
            self._ask_of_many("stop")
        elif (run := self.require_selected()) and not marked_command.possible("stop", run.status):
            self._run(run_actions.stop, run)  # refused, with what is possible
        elif run:
            text = "The run writes a checkpoint at its next step and ends. Resume continues from there."
            self._ask(f"Stop {name_of(run)}?", text, "stop", lambda: self._command(run_actions.stop, run))

    def remove(self) -> None:
        if self._acts_on_many:
            self._ask_of_many("remove")
        elif run := self.require_selected():
            used = f", {size(run.disk)}" if run.disk else ""
            kept = f"Its curves, log and checkpoints ({run.step:,} steps{used}) are kept for a day"
            lost = f"{kept}: {self._undo_key} brings it back."
            if run.status.is_active:
                lost = f"It is {run.status} and will be stopped. {lost}"
            if run.status is Status.IMPORTED:
                lost = f"Its log stays as it is. The run is kept for a day: {self._undo_key} brings it back."
            remove = partial(run_actions.remove, undo_key=self._undo_key)
            self._ask(f"Remove {name_of(run)}?", lost, "remove", lambda: self._command(remove, run))

    def remove_old(self) -> None:
        """Of the runs that pass the filter those that ended long ago, listed before."""
        from tui.runs import remove_old_dialog  # the first rows do not wait for it

        def ask(found: OldRuns) -> None:
            remove = partial(remove_old_dialog.remove, found=found, undo_key=self._undo_key)

            def answered(agreed: bool | None) -> None:
                if agreed:
                    run_and_notify(self._tab, self._command(remove))

            screen = remove_old_dialog.question(found, self._undo_key)
            self._tab.call_later(self._tab.app.push_screen, screen, answered)

        where = self._table.entries.query.where
        self._open_prompt(remove_old_dialog.age_prompt(self._connection.client, where, ask))

    def _ask_of_many(self, verb: str) -> None:
        run_and_notify(self._tab, self._plan(verb))

    async def _plan(self, verb: str) -> str:
        """Ask about the marked runs, or the trials of the sweep under the cursor.

        Returns why the command is possible for none of them; empty where the dialog was opened.
        """
        from tui.runs import marked_command  # the first rows do not wait for it

        client, sweep, marks = self._connection.client, self._table.sweep, self._charted.shown.marks
        if marks or sweep is None:
            plan = await marked_command.applicable_runs(client, verb, marks, self._undo_key)
        else:
            plan = await marked_command.applicable_trials(client, verb, sweep, self._undo_key)
        if not plan.runs:
            return plan.refusal
        self._ask(plan.question, plan.details, verb, lambda: self._command(marked_command.execute, plan))
        return ""

    def _ask(self, question: str, text: str, verb: str, action: Callable[[], Action]) -> None:
        from tui.dialogs.confirm import ConfirmScreen

        def answered(agreed: bool | None) -> None:
            if agreed:
                run_and_notify(self._tab, action())

        self._tab.app.push_screen(ConfirmScreen(question, text, verb), answered)

    # --- name, tags, note --------------------------------------------------------------------------------

    def rename(self) -> None:
        from tui.runs.annotate_dialogs import rename_dialog  # the first rows do not wait for it

        if run := self.require_selected():
            self._open_prompt(rename_dialog(self._connection.client, run))

    def tag(self) -> None:
        """Set the tags of the marked runs, else of the selected one."""
        from tui.runs.annotate_dialogs import tags_dialog

        runs = self._charted.marked()
        if not runs and (run := self.require_selected()):
            runs = [run]
        if runs:
            self._open_prompt(tags_dialog(self._connection.client, runs))

    def note(self) -> None:
        from tui.runs.annotate_dialogs import note_dialog

        if run := self.require_selected():
            dialog = note_dialog(self._connection.client, run)
            if dialog is None:
                self.notify(f"The note of {name_of(run)} is too long for a line: dltui note {run.id} --edit")
            else:
                self._open_prompt(dialog)

    def _open_prompt(self, dialog: TextPrompt) -> None:
        self._tab.app.push_screen(dialog, lambda done: self.notify(done) if done else None)

    # --- at once -----------------------------------------------------------------------------------------

    def _run(self, action: Callable[..., Action], *given: object) -> None:
        run_and_notify(self._tab, self._command(action, *given))

    async def _command(self, action: Callable[..., Action], *given: object) -> str:
        """Without an engine it raises EngineError, as a notification."""
        return await action(self._connection.client, *given)

    def undo(self) -> None:
        self._run(run_actions.undo)

    def set_live(self) -> None:
        from tui.dialogs.form_dialog import live_screen

        run = self.require_selected()
        if run is None:
            return
        if run.status is not Status.RUNNING:
            self.notify(f"{name_of(run)} is {run.status}: a parameter can be set only during training.")
        elif params := run_actions.live_params(run):
            self._tab.app.push_screen(live_screen(run, params), lambda given: self._set(run, given))
        else:
            self.notify(f"{name_of(run)} has no parameter that can be changed during training.")

    def scale_lr(self, factor: float) -> None:
        if run := self.require_selected():
            try:
                self._set(run, run_actions.scaled_lr(run, factor))
            except DltuiError as error:
                self.notify(str(error))

    def _set(self, run: RunSummary, given: tuple[str, object] | None) -> None:
        if given is not None:
            self._run(run_actions.set_live, run, *given)

    def copy_id(self) -> None:
        found = self._table.sweep or self.require_selected()
        if found is not None:
            self._copy(found.id)

    def copy_command(self) -> None:
        if run := self.require_selected():
            self._copy(run_actions.command_line(run))

    def _copy(self, text: str) -> None:
        run_and_notify(self._tab, self._clipboard.copy(self._tab.app, text))

    # --- labels ------------------------------------------------------------------------------------------

    def key_labels(self) -> dict[str, str]:
        """The current labels of some keys, by key id; an empty label hides a key in the footer."""
        run, shown = self._table.selected, self._charted.shown
        if self._table.sweep is not None:
            return self._labels_of_sweep(self._table.sweep)
        if self._table.group is not None:
            return self._labels_of_group(self._table.group)
        if run is None:
            labels = dict.fromkeys((*_NEED_A_RUN, "run.pause"), "")
            is_filtered = bool(self._table.entries.query.where)
            return labels | ({"view.filter": "filter"} if is_filtered else {"view.grid": ""})
        labels = {"run.stop": "stop" if not run.status.is_final else ""}
        labels |= {} if run.checkpoint_step else {"run.begin": ""}
        if run.status is not Status.RUNNING or not run_actions.live_params(run):
            labels |= dict.fromkeys(_CHANGE_LR, "")
        if run.status is Status.IMPORTED:
            labels |= dict.fromkeys(("run.again", "run.sweep", "run.copy_command"), "")
        if run.status is Status.RUNNING:
            labels["run.pause"] = "pause"
        else:
            labels["run.pause"] = "resume" if run_actions.is_resumable(run) else ""
        labels["table.mark"] = "unmark" if run.id in shown.marks else "mark"
        return labels | self._labels_of_marks() | self._labels_of_shown(run)

    def _labels_of_sweep(self, sweep: SweepRow) -> dict[str, str]:
        """The labels on the row of a sweep, whose keys act on its trials."""
        from tui.runs import marked_command  # the first rows do not wait for it

        verbs = {"run.pause": marked_command.verb_of_sweep(sweep), "run.stop": "stop", "run.delete": "remove"}
        counts = {key: marked_command.count_of_trials(verb, sweep) for key, verb in verbs.items()}
        labels = {key: f"{verb} {counts[key]:,}" if counts[key] else "" for key, verb in verbs.items()}
        return {
            **labels, "table.mark": f"mark {sweep.trials:,}",
            "table.open": "collapse" if sweep.is_open else "expand", **self._labels_of_shown(None),
            **dict.fromkeys(_NEED_ONE_RUN, ""), **self._labels_of_marks(),
        }  # fmt: skip

    def _labels_of_group(self, group: GroupRow) -> dict[str, str]:
        """The labels on the row of a group, whose keys act on its runs once they are marked."""
        return {
            **dict.fromkeys((*_NEED_A_RUN, "run.pause"), ""), "table.mark": f"mark {group.count:,}",
            "table.open": "collapse" if group.is_open else "expand",
            **self._labels_of_shown(self._table.charted), **self._labels_of_marks(),
        }  # fmt: skip

    def _labels_of_shown(self, selected: RunSummary | None) -> dict[str, str]:
        return {
            "view.compare": "compare" if len(self._charted.shown.ids) > 1 else "",
            "view.metric": "metric" if len(self._charted.metrics(selected)) > 1 else "",
        }

    def _labels_of_marks(self) -> dict[str, str]:
        """The labels of keys that act on marked runs: pause 3."""
        if not self._charted.shown.marks:
            return {}
        from tui.runs import marked_command  # the first rows do not wait for it

        runs = self._charted.marked()
        verbs = {"run.pause": marked_command.verb_of_pause(runs), "run.stop": "stop", "run.delete": "remove"}
        counts = {key: marked_command.count_of(verb, runs) for key, verb in verbs.items()}
        return {key: f"{verb} {counts[key]}" if counts[key] else "" for key, verb in verbs.items()}

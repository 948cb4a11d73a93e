"""A dialog to choose an experiment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical

from engine import catalog
from engine.catalog import Experiment
from engine.experiment_files.description import FileExperiment
from engine.params import Param
from tui.data import own_experiments
from tui.data.run_actions import run_and_notify
from tui.dialogs.dialog import Dialog, KeyLine
from tui.keys import all_keys
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.form import Typed
from tui.ui.say_if_slow import say_if_slow
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.start_worker import start_worker
from tui.ui.wrap import wrap_text

PATH = Param("path", str, "", "a Python file with train(params, run), or a folder of them: ./mine.py")


class ExperimentList(Sheet):
    """Experiments with title, name and claim."""

    def __init__(self, found: Sequence[Experiment], chosen: str) -> None:
        super().__init__()
        self._found = tuple(found)
        names = [experiment.name for experiment in found]
        self._cursor = names.index(chosen) if chosen in names else 0
        self._chosen, self._has_moved = chosen, False
        self._tops: list[int] = []
        self._notes: tuple[str, ...] = ()
        """below the list"""

    def update(self, found: Sequence[Experiment], notes: Sequence[str]) -> None:
        """Replace the list; the cursor stays on its experiment."""
        name = self.chosen.name if self._has_moved else self._chosen
        names = [one.name for one in found]
        self._found, self._notes = tuple(found), tuple(notes)
        self._cursor = names.index(name) if name in names else min(self._cursor, len(names) - 1)
        self.draw()

    @property
    def chosen(self) -> Experiment:
        return self._found[self._cursor]

    @property
    def names(self) -> list[str]:
        return [one.name for one in self._found]

    def rows(self, width: int) -> Sequence[Row]:
        rows: list[Row] = []
        self._tops = []
        for place, experiment in enumerate(self._found):
            here = place == self._cursor
            sign = glyphs().choice[1] if here else " "
            self._tops.append(len(rows))
            title = Span(plain(experiment.title), "key" if here else "strong")
            rows.append((Span(f"{sign} ", "key"), title, Span(f"  {plain(experiment.name)}", "muted")))
            rows += [(Span("  "), *row) for row in wrap_text(plain(experiment.claim), width - 2, "muted")]
            rows.append(())
        for note in self._notes:
            rows += wrap_text(plain(note, limit=300), width, "muted")
        return rows if self._notes else rows[:-1]

    def action_scroll(self, rows: int) -> None:
        self.move_to(self._cursor + rows)

    def move_to(self, place: int) -> None:
        self._has_moved = True
        self._cursor = max(0, min(place, len(self._found) - 1))
        self.draw()
        if self._cursor == len(self._found) - 1:
            self.scroll_end(animate=False)  # with the notes below it
        else:
            self.scroll_to(y=max(0, self._tops[self._cursor] + 3 - self.size.height), animate=False)


class PickScreen(Dialog[Experiment]):
    """Dismissed with the chosen experiment, or None."""

    BINDINGS = all_keys.bindings("experiments")

    def __init__(self, found: Sequence[Experiment], chosen: str, title: str = "start an experiment") -> None:
        super().__init__()
        self._found, self._chosen, self._title_shown = found, chosen, title

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = self._title_shown
            yield ExperimentList(self._found, self._chosen)
            yield KeyLine(
                (("dialog.accept", "set up"), ("dialog.cancel", "back"), ("pane.down", "next"),
                 ("experiments.add", "add a file"), ("experiments.remove", "remove one"))
            )  # fmt: skip

    def on_mount(self) -> None:
        start_worker(self, self._load_added, group="experiments")

    async def _load_added(self) -> None:
        """Files of the user's: first those that are known, then those that have to be described."""
        own = [one for one in self._found if one.file is None]
        await own_experiments.load_known()
        self._update(own, ())
        waiting = partial(self._update, own, (own_experiments.READING_FILES,))
        self._update(own, await say_if_slow(own_experiments.load_all(), waiting))

    def _update(self, own: Sequence[Experiment], notes: Sequence[str]) -> None:
        files = [one for one in catalog.experiments() if one.file is not None]
        self.query_one(ExperimentList).update([*own, *files], notes)

    def action_accept(self) -> None:
        chosen = self.query_one(ExperimentList).chosen
        if chosen.file is None:
            self.dismiss(chosen)
        else:
            run_and_notify(self, self._accept_current(chosen.file))

    def action_add_file(self) -> None:
        self._open_path_form("add a file", "add", "", own_experiments.add)

    def action_remove_file(self) -> None:
        run_and_notify(self, self._remove_file(self.query_one(ExperimentList).chosen.file))

    async def _remove_file(self, file: FileExperiment | None) -> str:
        """Ask for the path, that of the chosen file at first. Raises DltuiError."""
        path = await own_experiments.added_path(file)
        self._open_path_form("remove a file", "remove", path, own_experiments.remove)
        return ""

    def _open_path_form(
        self, title: str, label: str, path: str, act: Callable[[str], Awaitable[str]]
    ) -> None:
        from tui.dialogs.form_dialog import fields_screen  # the list alone does not need it

        async def submit(typed: Typed) -> str:
            return await act(typed[PATH.name].strip())

        def waiting(typed: Typed) -> str:
            return own_experiments.reading_text(typed[PATH.name].strip())

        self.app.push_screen(
            fields_screen(title, [PATH], {PATH.name: path}, label, submit, waiting), self._changed
        )

    def _changed(self, text: str | None) -> None:
        if text is not None:
            self.notify(plain(text, lines=True), markup=False)
            start_worker(self, self._load_changed, group="experiments", exclusive=True)

    async def _load_changed(self) -> None:
        """The cursor goes to what was added."""
        listed = self.query_one(ExperimentList)
        before = listed.names
        await self._load_added()
        for place, name in enumerate(listed.names):
            if name not in before:
                return listed.move_to(place)

    async def _accept_current(self, file: FileExperiment) -> str:
        """The file may have changed since it was described. Raises DltuiError, and the dialog stays."""
        reading = partial(self.notify, own_experiments.reading_text(file.path), markup=False)
        self.dismiss(await say_if_slow(own_experiments.current(file), reading))
        return ""

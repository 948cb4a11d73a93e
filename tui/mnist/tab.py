"""The MNIST tab: views of the data set and of the networks trained on it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from engine import catalog
from engine.errors import DltuiError
from engine.protocol import RunSummary
from tui.data.run_text import name_of
from tui.keys import all_keys
from tui.keys.all_keys import BY_ID, shown
from tui.messages import HistoryChanged, KeyHintsChanged, RunsChanged, ViewStateChanged
from tui.mnist.runs import EXPERIMENT, MnistRuns
from tui.mnist.view import MnistView
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal import image_protocol
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.view_bar import ViewBar
from tui.view_state import saved_choice

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch

CURVE_SECONDS = 0.33
"""least time between two updates of the curves"""
VIEWS = {
    "data": ("data", "tui.mnist.data:DataView"),
    "networks": ("networks", "tui.mnist.networks:NetworksView"),
    "report": ("report", "tui.mnist.report:ReportView"),
    "filters": ("filters", "tui.mnist.filters:FiltersView"),
    "draw": ("draw", "tui.mnist.draw:DrawView"),
}
HIDDEN = {"pictures": "tui.mnist.pictures:PicturesView"}
"""views that are opened from another one"""


class MnistTab(Tab):
    """Switches between the views; each is made when it is first opened."""

    NAME = "mnist"
    BINDINGS = all_keys.bindings("mnist")

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self._saved: dict[str, Any] = saved if isinstance(saved, dict) else {}
        self.runs = MnistRuns(plain(str(self._saved.get("run", "")), limit=200))
        self.bar = ViewBar(
            [(f"mnist.{name}", name, title) for name, (title, _) in VIEWS.items()], context.keymap
        )
        self._stack = Container(id="mnist-views")
        self._views: dict[str, MnistView] = {}
        self._front = saved_choice(self._saved, "view", VIEWS, next(iter(VIEWS)))
        self._grown: set[str] = set()
        self._is_open = False
        self._message = ""
        """message of the view in front"""
        self._untrained = ""
        """message that the network under the cursor is not trained, and another one is shown"""

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self._stack

    def on_mount(self) -> None:
        self._select_view(self._front)
        self.refresh_data()
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        """The first tab of the app is not opened by the switcher."""
        if self.display and not self._is_open:
            self.activated()

    @property
    def view(self) -> MnistView:
        return self._views[self._front]

    # --- views -----------------------------------------------------------------------------------------

    def action_turn_to(self, name: str) -> None:
        if name in VIEWS:
            self._select_view(name)

    def action_turn(self, by: int) -> None:
        names = list(VIEWS)
        here = self._front if self._front in VIEWS else "report"
        self._select_view(names[(names.index(here) + by) % len(names)])

    def _select_view(self, name: str) -> None:
        if self._front in self._views and name != self._front:
            self._untrained = self._follow_cursor(name)
            self.view.deactivated()
            self.view.display = False
        self._front = name
        if name not in self._views:
            self._views[name] = self._make(name)
            self._stack.mount(self._views[name])
        self.view.display = True
        self.bar.select(name if name in VIEWS else "report")
        self._update_message("")
        if self._is_open:
            self.view.focus(scroll_visible=False)
            self.call_after_refresh(self.view.activated)
        self.post_message(KeyHintsChanged())
        self.post_message(ViewStateChanged())

    def _follow_cursor(self, name: str) -> str:
        """Chooses the network under the cursor for the next view; returns a message where it has no run."""
        meant = self.view.run_under_cursor()
        if meant is None or name in ("data", "networks"):
            return ""
        title, run = meant
        if run is not None:
            self.runs.chosen = run.id
            return ""
        other = self.runs.shown
        return f"{title} is not trained yet: this is {name_of(other)}." if other is not None else ""

    def _make(self, name: str) -> MnistView:
        place = VIEWS[name][1] if name in VIEWS else HIDDEN[name]
        module, _, kind = place.partition(":")
        saved = self._saved.get(name)
        made: MnistView = getattr(importlib.import_module(module), kind)(
            self.context, self.runs, saved if isinstance(saved, dict) else {}, id=f"mnist-{name}"
        )
        return made

    def activated(self) -> None:
        self._is_open = True
        self.view.focus(scroll_visible=False)
        self.call_after_refresh(self.view.activated)

    def deactivated(self) -> None:
        self._is_open = False
        self.view.deactivated()

    def initial_focus(self) -> Widget | None:
        return self._views.get(self._front)

    @on(MnistView.MessageChanged)
    def _message_changed(self, message: MnistView.MessageChanged) -> None:
        self._update_message(message.words)

    def _update_message(self, words: str) -> None:
        """Shows the message of the view; else that another network is shown than meant, or one is newer."""
        self._message = words
        words = words or self._untrained
        newer = self.runs.newer if self._front in self._views and self.view.shows_network else None
        if not words and newer is not None:
            key = shown(self.context.keymap.key_of(BY_ID["mnist.run"]), ascii_only=glyphs().ascii_only)
            words = f"newer: {name_of(newer)}, {key} opens it"
        self.bar.set_note(plain(words, limit=300))

    def open_view(self, view: str, selection: Mapping[str, Any]) -> None:
        self._select_view(view)
        self.view.open_selection(selection)

    # --- runs ------------------------------------------------------------------------------------------

    def refresh_data(self) -> None:
        if self.context.connection.is_connected:
            self.run_worker(self._fetch(), group="mnist runs", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        try:
            await self.runs.fetch(self.context.connection.client)
        except DltuiError as error:
            self.bar.set_note(plain(str(error), limit=300))
            return
        self._update_runs()

    @on(RunsChanged)
    def _runs_changed(self, message: RunsChanged) -> None:
        if self.runs.update(message.changed, message.removed):
            self._update_runs()

    def _update_runs(self) -> None:
        if self._is_open:
            self.view.runs_changed()
            self._update_message(self._message)
            self.post_message(KeyHintsChanged())

    @on(HistoryChanged)
    def _curve_grew(self, message: HistoryChanged) -> None:
        if self._is_open:
            if not self._grown:
                self.set_timer(CURVE_SECONDS, self._update_curves)
            self._grown.add(message.run)

    def _update_curves(self) -> None:
        grown, self._grown = self._grown, set()
        if self._is_open:
            for run in grown:
                self.view.curves_grew(run)

    # --- keys of every view ----------------------------------------------------------------------------

    def action_start(self) -> None:
        self.view.start()

    def action_choose_run(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        runs = self.runs.all()
        if not runs:
            self.app.notify(
                f"There is no digit network yet: {self.context.keymap.shown('mnist.new')} sets one up.",
                markup=False,
            )
            return
        choices = [(name_of(run), run_description(run)) for run in runs]
        self.app.push_screen(ChooseScreen("choose a network", choices, "choose"), self._choose(runs))

    def _choose(self, runs: list[RunSummary]) -> Any:
        def chosen(place: int | None) -> None:
            if place is not None:
                self.runs.chosen, self._untrained = runs[place].id, ""
                self._update_runs()
                self.post_message(ViewStateChanged())

        return chosen

    def action_sharp(self) -> None:
        picture = self.view.image()
        if picture is None:
            self.app.notify(
                "This view has no pictures: data, filters, draw and a cell of the report have.",
                markup=False,
            )
        elif not image_protocol.is_prepared():
            self.app.notify(image_protocol.INSTALL_HINT, markup=False, timeout=8)
        else:
            from tui.mnist.image_screen import ImageScreen

            run = self.runs.shown
            self.app.push_screen(ImageScreen(name_of(run) if run is not None else "your digit", picture))

    def action_new(self) -> None:
        from tui.dialogs.launch import launch_screen

        experiment = catalog.find(EXPERIMENT)
        last = self.context.state.last_params.get(experiment.name, {})
        typed = {name: str(text) for name, text in last.items()}
        self.app.push_screen(launch_screen(experiment, typed), self._launched)

    def _launched(self, launch: Launch | None) -> None:
        if launch is not None:
            self.context.state.last_params[launch.experiment] = dict(launch.typed)
            self.view.submit_launch(launch)

    def key_labels(self) -> Mapping[str, str]:
        labels = {"mnist.run": "other run" if len(self.runs.all()) > 1 else ""}
        labels |= {} if image_protocol.is_prepared() else {"mnist.sharp": ""}
        return labels | (self.view.key_labels() if self._front in self._views else {})

    def action_target(self, scope: str) -> Widget:
        return self.view if scope == self.view.SCOPE else self

    @on(ViewStateChanged)
    def save_state(self) -> None:
        """Updates the state that the app saves."""
        saved = {name: view.saved() for name, view in self._views.items()}
        front = self._front if self._front in VIEWS else "report"
        self._saved = {**self._saved, **saved, "view": front, "run": self.runs.chosen}
        self.context.state.views[self.NAME] = self._saved


def run_description(run: RunSummary) -> str:
    """Network, status and validation accuracy."""
    network = run.spec.params.get("model") or run.spec.params.get("recipe") or run.spec.experiment
    last = run.metrics.get("val_accuracy")
    share = "" if last is None else f", {last:.2%} of validation"
    if run.best is not None and last is not None and run.best.value != last:
        share += f" (best {run.best.value:.2%})"
    return plain(f"{network}, {run.status}{share}", limit=90)

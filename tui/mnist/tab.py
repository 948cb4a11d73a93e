"""The MNIST tab: views of the data set and of the networks trained on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from engine.protocol import RunSummary
from tui.data.run_text import name_of
from tui.keys.all_keys import BY_ID, shown
from tui.messages import ViewStateChanged
from tui.mnist.run_list import MnistRuns
from tui.mnist.view import MnistView
from tui.tab.context import TabContext
from tui.tab.views_tab import ViewEntry, ViewsTab
from tui.terminal import image_protocol
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain


class MnistTab(ViewsTab):
    NAME = "mnist"
    VIEWS: ClassVar = {
        "data": ViewEntry("data", "tui.mnist.data_view:DataView"),
        "networks": ViewEntry("networks", "tui.mnist.networks_view:NetworksView"),
        "report": ViewEntry("report", "tui.mnist.report_view:ReportView"),
        "filters": ViewEntry("filters", "tui.mnist.filters_view:FiltersView"),
        "draw": ViewEntry("draw", "tui.mnist.draw_view:DrawView"),
        "pictures": ViewEntry("pictures", "tui.mnist.pictures_view:PicturesView", opened_from="report"),
    }
    runs: MnistRuns

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, MnistRuns(), **widget)
        self.runs.chosen = plain(str(self.saved.get("run", "")), limit=200)
        self._untrained = ""
        """message that the network under the cursor is not trained, and another one is shown"""

    @property
    def view(self) -> MnistView:
        return cast(MnistView, super().view)

    def view_left(self, name: str) -> None:
        """Choose the network under the cursor for the next view; note where it has no run."""
        self._untrained = ""
        meant = self.view.run_under_cursor()
        if meant is None or name in ("data", "networks"):
            return
        title, run = meant
        other = self.runs.shown
        if run is not None:
            self.runs.chosen = run.id
        elif other is not None:
            self._untrained = f"{title} is not trained yet: this is {name_of(other)}."

    def shown_note(self, note: str) -> str:
        """The note of the view; else that another network is shown than meant, or one is newer."""
        newer = self.runs.newer if self.view.shows_network else None
        if note or self._untrained or newer is None:
            return note or self._untrained
        key = shown(self.context.keymap.key_of(BY_ID["mnist.run"]), ascii_only=glyphs().ascii_only)
        return f"newer: {name_of(newer)}, {key} opens it"

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
                self.update_runs()
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
            from tui.dialogs.image_screen import ImageScreen

            run = self.runs.shown
            self.app.push_screen(ImageScreen(name_of(run) if run is not None else "your digit", picture))

    def key_labels(self) -> Mapping[str, str]:
        labels = {"mnist.run": "other run" if len(self.runs.all()) > 1 else ""}
        labels |= {} if image_protocol.is_prepared() else {"mnist.sharp": ""}
        return {**labels, **super().key_labels()}

    def own_state(self) -> dict[str, Any]:
        return {"run": self.runs.chosen}


def run_description(run: RunSummary) -> str:
    """Network, status and validation accuracy."""
    network = run.spec.params.get("model") or run.spec.params.get("recipe") or run.spec.experiment
    last = run.metrics.get("val_accuracy")
    share = "" if last is None else f", {last:.2%} of validation"
    if run.best is not None and last is not None and run.best.value != last:
        share += f" (best {run.best.value:.2%})"
    return plain(f"{network}, {run.status}{share}", limit=90)

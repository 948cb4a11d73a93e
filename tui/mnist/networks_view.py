"""The networks view: table of the networks, with layers and curves of one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.protocol import RunSummary
from engine.session_protocol.mnist import ModelRequest, NetworkFacts, NetworksTable, NetworksTableRequest
from tui.chart.chart_rows import CurveSeries
from tui.chart.chart_without_keys import StillChart
from tui.data.run_history import RunHistory
from tui.data.run_text import startup_text
from tui.drawings.canvas_widget import ImageWidget
from tui.messages import OpenView
from tui.mnist.network_table import NetworkRow, NetworkTable, paint_layers
from tui.mnist.recipes import NetworkRecipe, recipes
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.view_state import saved_choice

if TYPE_CHECKING:
    from tui.chart.curve_arrays import AveragedCurve

CURVES = {"loss": ("loss", "val_loss"), "accuracy": ("val_accuracy",)}
NEED_RUNS = (
    "mnist.start", "networks.open", "networks.overlay", "networks.all", "networks.full", "networks.metric",
)  # fmt: skip
"""keys that are hidden before the runs are known"""
TITLES = {"loss": "train", "val_loss": "validation", "val_accuracy": "validation"}


class NetworksView(MnistView):
    """A line for each recipe, the layers and curves of the one under the cursor."""

    SCOPE = "networks"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.recipes = recipes()
        cursor = self.saved_before.get("cursor")
        self.is_placed = isinstance(cursor, int) and 0 <= cursor < len(self.recipes)
        self.cursor = cursor if isinstance(cursor, int) and self.is_placed else 0
        self._table = NetworksTable(0, 6, 0.99, (), None, "")
        self._requested_state: object = None
        self._models: dict[str, NetworkFacts] = {}
        self.metric = saved_choice(self.saved_before, "metric", tuple(CURVES), "loss")
        self.overlaid: frozenset[int] = frozenset()
        """indices whose validation curves are drawn with that under the cursor"""
        self.layer_table, self.chart = ImageWidget(id="layers"), StillChart("loss", log=True)
        self._averaged: dict[tuple[str, str], AveragedCurve] = {}

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.image_widget
            with Horizontal(id="network-below"):
                yield self.layer_table
                yield self.chart

    # --- runs ------------------------------------------------------------------------------------------

    @property
    def shows_network(self) -> bool:
        return False

    def run_under_cursor(self) -> tuple[str, RunSummary | None]:
        return self.entry.recipe.title, self.entry.run

    def run_of(self, recipe: NetworkRecipe) -> RunSummary | None:
        """The newest run of a recipe with a checkpoint, else the newest."""
        made = [run for run in self.runs.all() if recipe.made(run)]
        return next((run for run in made if run.checkpoint_step), made[0] if made else None)

    @property
    def entry(self) -> NetworkRow:
        return self._entries()[self.cursor]

    def _entries(self) -> list[NetworkRow]:
        rows = {row.run: row for row in self._table.rows}
        runs = [self.run_of(recipe) for recipe in self.recipes]
        return [
            NetworkRow(recipe, run, rows.get(run.id) if run is not None else None)
            for recipe, run in zip(self.recipes, runs, strict=True)
        ]

    def missing(self) -> list[NetworkRecipe]:
        return [recipe for recipe in self.recipes if self.run_of(recipe) is None]

    # --- requests --------------------------------------------------------------------------------------

    def _place(self) -> None:
        """Moves the cursor to the shown run, once."""
        run = self.run_shown
        places = [place for place, one in enumerate(self.recipes) if run is not None and one.made(run)]
        if places and not self.is_placed:
            self.cursor, self.is_placed = places[0], True

    def fetch(self) -> None:
        self._place()
        runs = [run for recipe in self.recipes if (run := self.run_of(recipe)) is not None]
        state = tuple((run.id, run.status, bool(run.checkpoint_step)) for run in runs)
        if state != self._requested_state:
            self._requested_state = state
            self.stream(NetworksTableRequest(), self._set_table, "mnist table")
        self._fetch_entry()

    def deactivated(self) -> None:
        super().deactivated()
        if self._table.done < self._table.total:
            self._requested_state = None
        self.context.connection.follow((), subscriber="mnist")

    def _fetch_entry(self) -> None:
        run = self.entry.run
        runs = [one for place in self._drawn() if (one := self.run_of(self.recipes[place]))]
        self.context.connection.follow([one.id for one in runs], subscriber="mnist")
        if run is not None and run.checkpoint_step and self._model(run) is None:
            self.request(ModelRequest(run.id), self._set_model, "mnist model")

    def _model(self, run: RunSummary | None) -> NetworkFacts | None:
        return self._models.get(run.id) if run is not None else None

    def _set_model(self, model: NetworkFacts) -> None:
        self._models[model.run] = model

    def _set_table(self, table: NetworksTable) -> None:
        self._table = table

    # --- drawing ---------------------------------------------------------------------------------------

    def redraw(self) -> None:
        table = self._picture()
        self.image_widget.styles.height = table.height
        self.image_widget.update(table.paint)
        self.layer_table.update(partial(paint_layers, self._model(self.entry.run), self._absent))
        self._draw_curves()

    def _picture(self) -> NetworkTable:
        done, total = self._table.done, self._table.total
        has_weights = any(entry.run is not None and entry.run.checkpoint_step for entry in self._entries())
        computes = self._requested_state is not None and done < total and has_weights
        progress = f"computing balanced accuracy: {done} of {total} networks" if computes else ""
        return NetworkTable(
            self._entries(), self.cursor, self._table.best, progress, self._table.notice,
            self.overlaid, self.loading_text,
        )  # fmt: skip

    @property
    def _absent(self) -> str:
        """Why there are no layers, or no curve, of the network under the cursor."""
        run = self.entry.run
        if self.loading_text or run is None:
            key = self.context.keymap.shown("mnist.start", ascii_only=glyphs().ascii_only)
            return "" if self.loading_text else f"{key} trains it."
        if run.checkpoint_step:
            return "loading its layers"
        ended = f"It is {run.status}, without a checkpoint."
        return ended if run.status.is_final else "Its layers are shown from its first checkpoint on."

    def history_grew(self, run: str) -> None:
        self._draw_curves()

    def _drawn(self) -> list[int]:
        """Indices whose curves are drawn: that under the cursor last, on top."""
        return [*sorted(self.overlaid - {self.cursor}), self.cursor]

    def _draw_curves(self) -> None:
        """Train and validation of one network; of several the validation alone."""
        places = self._drawn()
        metrics = CURVES[self.metric][-1:] if len(places) > 1 else CURVES[self.metric]
        from tui.chart.curve_arrays import AveragedCurve  # NumPy, with points alone

        series = []
        for place in places:
            run = self.run_of(self.recipes[place])
            history: RunHistory | None = self.context.connection.history(run.id) if run is not None else None
            for hue, metric in enumerate(metrics):
                if run is not None and history is not None and metric in history.series:
                    several = len(places) > 1
                    label = f"{self.recipes[place].name} {TITLES[metric]}" if several else TITLES[metric]
                    averaged = self._averaged.setdefault((run.id, metric), AveragedCurve())
                    averaged.follow(history.series[metric])
                    series.append(CurveSeries(label, label, averaged, place % 8 if several else hue))
        if self.chart.view.metric != self.metric:
            self.chart.set_view(replace(self.chart.view, metric=self.metric, log=self.metric == "loss"))
        run = self.entry.run
        words = self.loading_text or (startup_text(run) if run is not None else "") or "no points yet"
        self.chart.set_empty_text(words)
        self.chart.update_series(series, series[-1].key if series else "")

    # --- actions ---------------------------------------------------------------------------------------

    def action_choose(self, by: int) -> None:
        self._go((self.cursor + by) % len(self.recipes))

    def action_choose_end(self, place: int) -> None:
        """The first network for 0, the last one for -1."""
        self._go(place % len(self.recipes))

    def _go(self, place: int) -> None:
        self.cursor, self.is_placed = place, True
        self._fetch_entry()
        self.redraw()
        self.save_state()

    def action_metric(self) -> None:
        self.metric = "accuracy" if self.metric == "loss" else "loss"
        self._draw_curves()
        self.save_state()

    def action_overlay(self) -> None:
        if self.entry.run is None:
            self.app.notify(f"{self.entry.recipe.title} has no curve yet: it is not trained.", markup=False)
            return
        self.overlaid ^= {self.cursor}
        self._fetch_entry()
        self.redraw()
        self.save_state()

    def action_open(self) -> None:
        run = self.entry.run
        if run is not None and run.checkpoint_step:
            self.runs.chosen = run.id
            self.post_message(OpenView("mnist", "report", {}))
        else:
            reason = "it has no checkpoint" if run is not None else "it is not trained"
            self.app.notify(f"{self.entry.recipe.title} has no report yet: {reason}.", markup=False)

    def action_start_all(self) -> None:
        self.submit_recipes(*self.missing())

    def start(self) -> None:
        self.submit_recipes(self.entry.recipe)

    def key_labels(self) -> dict[str, str]:
        run, missing = self.entry.run, self.missing()
        if self.loading_text:
            return dict.fromkeys(NEED_RUNS, "")
        full = {} if self.chart.series else {"networks.full": "", "networks.metric": ""}
        return {
            "networks.metric": "accuracy" if self.metric == "loss" else "loss",
            **full,
            "mnist.start": "train it" if run is None else "train again",
            "networks.open": "open report" if run is not None and run.checkpoint_step else "",
            "networks.overlay": ""
            if run is None
            else ("overlay", "no overlay")[self.cursor in self.overlaid],
            "networks.all": f"train all {len(missing)}" if missing else "",
        }

    def saved(self) -> dict[str, Any]:
        placed = {"cursor": self.cursor} if self.is_placed else {}
        return {**placed, "metric": self.metric}

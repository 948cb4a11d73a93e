"""Parallel axes, importance and slices of any runs: the marked ones, or those that pass the filter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from engine.client.client import Client
from engine.errors import DltuiError
from engine.protocol import Json
from tui.data.value_text import plural
from tui.dialogs.dialog import Dialog, KeyLine
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.plots.brush import VALUE
from tui.plots.plot_state import PlotState, PlotSubject
from tui.plots.plot_widget import PlotWidget
from tui.terminal.plain_text import plain
from tui.ui.span import Span
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows
from tui.ui.wrap import wrap_row

if TYPE_CHECKING:
    from tui.runs.tab import RunsTab

KINDS = {"parallel": "parallel axes", "importance": "importance", "slice": "slices", "heat": "heat map"}
NAMES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """Which runs: `ids`, else those that pass the filter `where`."""

    where: str = ""
    ids: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        if self.ids:
            return f"parameters of {plural(len(self.ids), 'marked run')}"
        return (
            f"parameters of the runs {plain(self.where, limit=60)}"
            if self.where
            else "parameters of all runs"
        )


class ParamsScreen(Dialog[str]):
    """Dismissed with a filter for the table, or None."""

    AUTO_FOCUS = "PlotWidget"
    SCOPE: ClassVar[Scope] = "params"
    BINDINGS = all_keys.bindings(SCOPE)

    def __init__(self, client: Client, runs: ComparedRuns, metric: str, metrics: Sequence[str]) -> None:
        """`metric` is drawn first, `metrics` are those that can be chosen."""
        super().__init__()
        self._client, self._runs = client, runs
        self._metric, self._metrics = metric, list(dict.fromkeys((metric, *metrics)))
        self._plot = PlotWidget()
        self._facts = TextRows(id="params-facts")
        self._subject = PlotSubject("", metric, "min", (), "run")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog whole") as box:
            box.border_title = Content(self._runs.title)
            yield self._facts
            yield self._plot
            yield KeyLine(
                (("dialog.cancel", "back"), ("params.next", "other plot"), ("params.metric", "metric"),
                 ("axes.right", "axis"), ("axes.brush", "brush"), ("axes.trials", "filter the table"))
            )  # fmt: skip

    def on_mount(self) -> None:
        super().on_mount()
        self._show("parallel")

    def _show(self, kind: str) -> None:
        state = self._plot.view
        view = PlotState(self._subject) if state is None else state
        self._plot.set_view(kind, view)
        self._request()

    @on(PlotWidget.Changed)
    def _request_heat_map(self) -> None:
        if self._plot.kind == "heat":
            self._request()

    def _request(self) -> None:
        pair = dict(zip("xy", self._plot.pair, strict=True)) if self._plot.kind == "heat" else {}
        if self._plot.kind == "heat" and not all(pair.values()):
            self._plot.set_error("A heat map needs two parameters in which these runs differ.")
            return
        start_worker(self, partial(self._load, self._plot.kind, pair), group="params", exclusive=True)

    async def _load(self, kind: str, pair: dict[str, str]) -> None:
        try:
            found = await self._client.runs_analysis(
                kind, self._runs.where, self._runs.ids, self._metric, **pair
            )
        except DltuiError as error:
            self._plot.set_error(str(error))
            return
        self._set_subject(found)
        self._plot.set_answer(kind, found)

    def _set_subject(self, found: Json) -> None:
        """The axes are known with the first answer."""
        subject = PlotSubject("", found["metric"], found["goal"], tuple(found["axes"]), "run")
        self._metric = subject.metric
        if subject != self._subject:
            self._subject = subject
            self._plot.set_view(self._plot.kind, PlotState(subject))
        note = facts_text(found)
        self._facts.update(lambda width: wrap_row((Span(note, "muted"),), width, 0))

    # --- keys --------------------------------------------------------------------------------------------

    def action_turn(self, by: int) -> None:
        kinds = list(KINDS)
        self._show(kinds[(kinds.index(self._plot.kind) + by) % len(kinds)])

    def action_metric(self, by: int) -> None:
        at = self._metrics.index(self._metric) if self._metric in self._metrics else 0
        self._metric = self._metrics[(at + by) % len(self._metrics)]
        self._request()

    @on(PlotWidget.Left)
    def _filter_table(self) -> None:
        """The runs within the brushes, in the table."""
        brushed = filter_of(self._plot.brushed, self._metric)
        self.dismiss(brushed or None)


def open_params(tab: RunsTab) -> None:
    """Of the marked runs, or of those that pass the filter, with the metric on the chart."""
    if not tab.connection.is_connected:
        tab.commands.notify("The engine is not there: it computes these plots.")
        return
    where, marks = tab.pages.query.where, tab.shown.marks
    runs = ComparedRuns(ids=tuple(marks)) if len(marks) > 1 else ComparedRuns(where)

    def chosen(brushed: str | None) -> None:
        if brushed:
            tab.narrow_filter(brushed)

    metrics = tab.metrics()
    metric = tab.chart.metric if metrics else ""
    tab.app.push_screen(ParamsScreen(tab.connection.client, runs, metric, metrics), chosen)


def filter_of(brushed: str, metric: str) -> str:
    """The filter of the brushes, in which the metric has its name."""
    return re.sub(rf"\b{VALUE}(?=[<>]=)", metric.replace("\\", ""), brushed)


def facts_text(found: Json) -> str:
    """Which runs and parameters are drawn, and which are not."""
    count = len(found["runs"])
    parts = [f"{plural(count, 'run')}, {found['metric']}"]
    axes = [one for one in found["axes"] if one != "seed"]
    if not axes:
        parts.append("they do not differ in a parameter that all of them have")
    if found["beyond"]:
        parts.append(f"the {len(axes)} parameters with the most values of {len(axes) + found['beyond']}")
    if partial := found.get("partial"):  # an engine of before has none
        parts.append(f"a gap where a run does not have it: {_names_text(partial)}")
    if missing := found["not_shared"]:
        parts.append(f"not drawn, as some runs do not have it: {_names_text(missing)}")
    return "; ".join(parts)


def _names_text(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN:,} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(plain(name, limit=40) for name in names[:NAMES_SHOWN]) + more

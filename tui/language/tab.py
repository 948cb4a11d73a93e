"""The Language tab: four models and the transformers with their perplexities, and their corpus."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.session_protocol.corpus import CorpusListRequest, CorpusSummaryRequest
from engine.sweep_protocol import SweepSummary
from tui.chart.chart_rows import CurveSeries
from tui.chart.chart_without_keys import StillChart
from tui.data import run_actions
from tui.data.run_history import RunHistory
from tui.keys import all_keys
from tui.language.corpus_facts import CorpusFacts
from tui.language.corpus_list import CorpusList
from tui.language.perplexity_table import PerplexityTable
from tui.language.run_list import EXPERIMENT, LINES, PLANS, SUITE, FourModels, LanguageRuns
from tui.language.samples import sample_rows, samples_of
from tui.messages import (
    HistoryChanged,
    KeyHintsChanged,
    RunsChanged,
    SweepsChanged,
    SwitchPane,
    ViewStateChanged,
)
from tui.tab.context import TabContext
from tui.tab.tab import Tab
from tui.terminal.plain_text import plain
from tui.ui.heading import Heading
from tui.ui.span import Span
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows
from tui.ui.view_bar import ViewBar
from tui.ui.wrap import wrap_text
from tui.view_state import saved_choice

if TYPE_CHECKING:
    from tui.chart.curve_arrays import AveragedCurve

CURVE_SECONDS = 0.33
"""least time between two updates of the curves"""
VIEWS = {"four": "four models", "corpus": "corpus"}
PERPLEXITY = "perplexity = exp(mean loss per token); ~ so far"
FRAMEWORKS = {"tensorflow": "Keras", "torch": "PyTorch"}


VALIDATION, TRAINING = "val_perplexity", "perplexity"
TRAINING_HUE = len(LINES)
"""the first hue that no model has"""


def steps_of_epoch(run: RunSummary) -> float:
    """Steps per epoch; 1 where it is not known."""
    epochs = run.spec.params.get("epochs")
    return run.total_steps / epochs if isinstance(epochs, int) and epochs and run.total_steps else 1.0


class LanguageTab(Tab):
    """Two views, side by side where there is room."""

    NAME = "language"

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, **widget)
        saved = context.state.views.get(self.NAME, {})
        self.runs = LanguageRuns()
        self._front = saved_choice(saved, "view", VIEWS, "four")
        self._framework = saved_choice(saved, "framework", FRAMEWORKS, "")
        place = saved.get("place")
        self.table = PerplexityTable(place if isinstance(place, int) else 0, id="four-table")
        self.corpora = CorpusList(str(saved.get("corpus", "captions")), id="corpora")
        self.facts = CorpusFacts(id="corpus-facts")
        self.bar = ViewBar(
            [(f"language.{name}", name, title) for name, title in VIEWS.items()], context.keymap
        )
        self.chart, self.samples = (
            StillChart("perplexity", log=True, unit="epoch", within=(0.0, 1.0)),
            TextRows(id="samples"),
        )
        self.headings = {
            "four": Heading(),
            "samples": Heading(("sentences sampled at temperature 0.1, 1 and 10",)),
        }
        self._by_epoch: dict[tuple[str, str], AveragedCurve] = {}
        self._loaded_corpus = ""
        self._grown_runs: set[str] = set()

    def compose(self) -> ComposeResult:
        yield self.bar
        with Container(id="language-views"):
            with Vertical(id="view-four"):
                yield self.headings["four"]
                yield self.table
                yield self.chart
                yield self.headings["samples"]
                yield self.samples
            with Vertical(id="view-corpus"):
                yield Heading(("corpora",))
                yield self.corpora
                yield Heading(("statistics",))
                yield self.facts

    def on_mount(self) -> None:
        self._select_view(self._front)

    def activated(self) -> None:
        super().activated()
        self.refresh_data()
        self.call_after_refresh(self._request_corpora)

    def deactivated(self) -> None:
        super().deactivated()
        self.context.connection.follow((), subscriber=self.NAME)

    def on_descendant_focus(self) -> None:
        self.post_message(KeyHintsChanged())

    def initial_focus(self) -> Widget:
        return self.table if self._front == "four" else self.corpora

    # --- views -----------------------------------------------------------------------------------------

    def action_turn_to(self, name: str) -> None:
        self._select_view(name)
        self.initial_focus().focus(scroll_visible=False)

    @on(SwitchPane)
    def _turn_view(self, message: SwitchPane) -> None:
        message.stop()
        names = list(VIEWS)
        self.action_turn_to(names[(names.index(self._front) + message.by) % len(names)])

    def _select_view(self, name: str) -> None:
        self._front = name
        self.action_back()
        for view in VIEWS:
            self.set_class(view == name, f"-{view}")
        self.bar.select(name)
        self.call_after_refresh(self._update_views)
        self._save_state()

    # --- runs ------------------------------------------------------------------------------------------

    @property
    def four(self) -> list[RunSummary | None]:
        return self.runs.four(self._framework or "tensorflow", self.corpora.chosen)

    @property
    def listed(self) -> list[RunSummary | None]:
        """The runs of LINES."""
        return [*self.four, *self.runs.transformers(self.corpora.chosen)]

    @property
    def active_sweep(self) -> SweepSummary | None:
        return self.runs.active_sweep(self._framework or "tensorflow", self.corpora.chosen)

    def refresh_data(self) -> None:
        if self.context.connection.is_connected and self.is_open:
            start_worker(self, self._fetch, group="lm runs", exclusive=True)

    async def _fetch(self) -> None:
        try:
            await self.runs.fetch(self.context.connection.client)
        except DltuiError as error:
            self._set_message(str(error))
            return
        if not self._framework:
            newest = self.runs.newest()
            named = newest.spec.framework if newest is not None else ""
            self._framework = named if named in FRAMEWORKS else ""
        self._update_views()

    @on(RunsChanged)
    def _runs_changed(self, message: RunsChanged) -> None:
        if self.runs.update(message.changed, message.removed) and self.is_open:
            self._update_views()

    @on(SweepsChanged)
    def _sweeps_changed(self, message: SweepsChanged) -> None:
        if self.runs.update_sweeps(message.changed, message.removed) and self.is_open:
            self._update_views()

    @on(HistoryChanged)
    def _curve_grew(self, message: HistoryChanged) -> None:
        if self.is_open:
            if not self._grown_runs:
                self.set_timer(CURVE_SECONDS, self._update_curves)
            self._grown_runs.add(message.run)

    def _update_views(self) -> None:
        """Updates the table, the chart and the samples."""
        if not self.is_open:
            return
        listed = self.listed
        self.context.connection.follow([run.id for run in listed if run], subscriber=self.NAME)
        plan = self.runs.plan(self._framework or "tensorflow", self.corpora.chosen)
        title = f"{plan.title} on {plain(self.corpora.chosen, limit=40)}"
        self.headings["four"].select(title, (title,))
        self.headings["four"].set_note(Span(PERPLEXITY, "muted"))
        are_submitted = self.active_sweep is not None
        self.table.update(listed, plan, self.corpora.chosen == "captions", are_submitted=are_submitted)
        self._update_curves()
        self.post_message(KeyHintsChanged())

    def _update_curves(self) -> None:
        self._grown_runs.clear()
        if not self.is_open:
            return
        drawn = [
            series
            for place, run in enumerate(self.listed)
            if run is not None
            and (series := self._curve(run, VALIDATION, LINES[place].title, place)) is not None
        ]
        run = self.table.run
        if run is not None:
            title = f"{LINES[self.table.place].title}, training"
            train = self._curve(run, TRAINING, title, TRAINING_HUE)
            drawn += [train] if train is not None else []
        self.chart.update_series(drawn, run.id if run is not None else "")
        history = self._history(run)
        found = samples_of(history.notes) if history is not None else []
        self.headings["samples"].set_note(Span(LINES[self.table.place].title, f"hue-{self.table.place}"))
        self.samples.update(lambda width: self._sample_rows(run, found, width))
        self.post_message(KeyHintsChanged())

    def _sample_rows(self, run: RunSummary | None, found: Any, width: int) -> Any:
        if run is None and self.active_sweep is not None:
            return [(Span(" Queued behind the models above.", "muted"),)]
        if run is None:
            key = all_keys.shown(self.context.keymap.key_of(all_keys.BY_ID["language.start"]))
            return [
                (Span(" Not trained yet. ", "muted"), Span(key, "key"), Span(" trains the four.", "text"))
            ]
        history = self._history(run)
        text = plain(history.notice, limit=400) if history is not None else ""
        notice = wrap_text(text, width, "warn") if text else []
        return [*notice, *sample_rows(found, width, self.samples.size.height - len(notice))]

    def _curve(self, run: RunSummary, metric: str, label: str, hue: int) -> CurveSeries | None:
        """A metric of a run over epochs; None where it has logged none."""
        history = self._history(run)
        if history is None or metric not in history.series:
            return None
        from tui.chart.curve_arrays import AveragedCurve  # NumPy, with points alone

        kept = self._by_epoch.setdefault((run.id, metric), AveragedCurve())
        followed = kept.follow(history.series[metric], steps_of_epoch(run))
        return CurveSeries(run.id if metric == VALIDATION else f"{run.id} {metric}", label, followed, hue)

    def _history(self, run: RunSummary | None) -> RunHistory | None:
        return self.context.connection.history(run.id) if run is not None else None

    @on(PerplexityTable.Moved)
    def _moved(self) -> None:
        self._update_curves()
        self.post_message(KeyHintsChanged())
        self._save_state()

    # --- the corpus ------------------------------------------------------------------------------------

    def _request_corpora(self) -> None:
        start_worker(self, self._list_corpora, group="corpora", exclusive=True)

    async def _list_corpora(self) -> None:
        try:
            listed = await self.context.session.ask(CorpusListRequest(), newest="corpora")
            self.corpora.update(listed.corpora)
            self._set_message("")
            await self._load_summary(self.corpora.chosen)
        except Superseded:
            return
        except DltuiError as error:
            self._set_message(str(error))

    async def _load_summary(self, name: str) -> None:
        if self._loaded_corpus == name:
            return
        self.facts.update(None, "Reading and counting ...")
        try:
            summary = await self.context.session.ask(CorpusSummaryRequest(name), newest="corpus")
        except Superseded:
            return
        except DltuiError as error:
            self.facts.update(None, str(error))
            return
        self._loaded_corpus = name
        self.facts.update(summary)

    @on(CorpusList.Moved)
    def _choose_corpus(self, message: CorpusList.Moved) -> None:
        start_worker(self, self._load_summary, message.name, group="corpus", exclusive=True)
        self._loaded_corpus = ""
        self._update_views()
        self._save_state()

    # --- actions ---------------------------------------------------------------------------------------

    async def action_talk(self) -> None:
        """Opens the REPL with the model under the cursor."""
        if not self.table.is_on_screen:
            return
        run = self.table.run
        if run is None or not run.checkpoint_step:
            words = "has no checkpoint yet" if run is not None else "is not trained yet"
            self.app.notify(f"{LINES[self.table.place].title} {words}.", severity="warning", markup=False)
            return
        kept = self.context.state.views.get("repl", {})
        self.context.state.views["repl"] = {**kept, "wanted": run.id}
        await self.app.run_action("app.open_tab('repl')")

    def action_chart_alone(self) -> None:
        """Toggles the full-screen chart."""
        if self._front == "four" and self.chart.series:
            self.toggle_class("-chart-alone")

    def action_back(self) -> None:
        self.remove_class("-chart-alone")

    def action_framework(self) -> None:
        if not self.table.is_on_screen:
            return
        self._framework = "torch" if (self._framework or "tensorflow") == "tensorflow" else "tensorflow"
        self._update_views()
        self._save_state()

    def action_start(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        choices = [(plan.title, plan.description) for plan in PLANS]
        title = f"train the four on {plain(self.corpora.chosen, limit=40)}"
        self.app.push_screen(ChooseScreen(title, choices, "train them"), self._plan_chosen)

    def _plan_chosen(self, place: int | None) -> None:
        if place is not None:
            plan = PLANS[place]
            self._framework = str(plan.params["framework"])
            run_actions.run_and_notify(self, self._start(plan))
            self._save_state()

    async def _start(self, plan: FourModels) -> str:
        corpus = self.corpora.chosen
        sweep = await self.context.connection.client.sweep_submit(
            SUITE, (), {**plan.params, "corpus": corpus}, name=plan.name
        )
        self.runs.update_sweeps((sweep,))
        self._update_views()
        return f"They train one after another: {plain(sweep.spec.name, limit=60)}, in the Sweep tab too."

    def action_stop(self) -> None:
        """Stops the run under the cursor; on a line without one, the sweep that would train it."""
        if not self.table.is_on_screen:
            return
        run = self.table.run
        if run is not None and run.status.is_active:
            run_actions.run_and_notify(self, run_actions.stop(self.context.connection.client, run))
        elif run is None and self.active_sweep is not None:
            run_actions.run_and_notify(self, self._stop_sweep(self.active_sweep))

    async def _stop_sweep(self, sweep: SweepSummary) -> str:
        self.runs.update_sweeps((await self.context.connection.client.sweep_edit(sweep.id, "stop"),))
        self._update_views()
        return f"The sweep {plain(sweep.spec.name, limit=60)} is stopped."

    def action_new(self) -> None:
        from tui.dialogs.form_dialog import open_launch_form

        typed = self.context.state.last_typed(EXPERIMENT) | {"corpus": self.corpora.chosen}
        open_launch_form(self, EXPERIMENT, self._launched, typed)

    def _launched(self, run: RunSummary) -> str:
        self.runs.update((run,), ())
        self._update_views()
        return "The run is started."

    def key_labels(self) -> Mapping[str, str]:
        run = self.table.run
        other = "Keras" if self._framework == "torch" else "PyTorch"
        if self._front == "corpus" and not self.screen.has_class("-ample"):
            hidden = ("language.talk", "language.framework", "language.stop", "language.full")
            return {**dict.fromkeys(hidden, ""), "pane.right": VIEWS["four"]}
        return {
            "language.talk": "open in REPL" if run is not None and run.checkpoint_step else "",
            "language.framework": f"show {other}",
            "language.stop": self._stop_label(run),
            **({} if self._front == "four" and self.chart.series else {"language.full": ""}),
            "pane.right": VIEWS["corpus" if self._front == "four" else "four"],
        }

    def _stop_label(self, run: RunSummary | None) -> str:
        if run is None:
            return "stop all" if self.active_sweep is not None else ""
        return "stop" if run.status.is_active else ""

    def _set_message(self, words: str) -> None:
        self.bar.set_note(plain(words, limit=300))

    def _save_state(self) -> None:
        self.context.state.views[self.NAME] = {
            "view": self._front, "framework": self._framework, "place": self.table.place,
            "corpus": self.corpora.chosen,
        }  # fmt: skip
        self.post_message(ViewStateChanged())

"""The Language tab: four models, twelve perplexities, and the corpus that they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widget import Widget

from engine import catalog
from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import Json, RunSummary
from engine.sweep_protocol import SweepSummary
from tui.chart.series import CurveSeries
from tui.chart.still_chart import StillChart
from tui.chart.two_series import AveragedSeries
from tui.data import actions
from tui.data.run_history import RunHistory
from tui.keys import all_keys
from tui.language.corpus_facts import CorpusFacts
from tui.language.corpus_list import CorpusList
from tui.language.perplexity_table import PerplexityTable
from tui.language.runs import CELLS, EXPERIMENT, PLANS, SUITE, FourModels, LanguageRuns
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
from tui.ui.notes import Notes
from tui.ui.palette import DARK
from tui.ui.span import Span
from tui.ui.view_bar import ViewBar
from tui.ui.wrap import wrap_text
from tui.view_state import saved_choice

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch

GROWN = 0.33
"""seconds between two looks at stories that grow"""
VIEWS = {"four": "four models", "corpus": "corpus"}
PERPLEXITY = "perplexity = exp(mean loss per token); ~ so far"
FRAMEWORKS = {"tensorflow": "Keras", "torch": "PyTorch"}


VALIDATION, TRAINING = "val_perplexity", "perplexity"


def steps_of_epoch(run: RunSummary) -> float:
    """As far as it is known how many there are."""
    epochs = run.spec.params.get("epochs")
    return run.total_steps / epochs if isinstance(epochs, int) and epochs and run.total_steps else 1.0


class LanguageTab(Tab):
    """Two views; where there is room for both they stand side by side."""

    NAME = "language"
    BINDINGS = all_keys.bindings("language")

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
            Notes(id="samples"),
        )
        self.headings = {
            "four": Heading(),
            "said": Heading(("sentences sampled at temperature 0.1, 1 and 10",)),
        }
        self._by_epoch: dict[tuple[str, str], AveragedSeries] = {}
        self._told_of = ""
        self._grown: set[str] = set()
        self._is_open = False

    def compose(self) -> ComposeResult:
        yield self.bar
        with Container(id="language-views"):
            with Vertical(id="view-four"):
                yield self.headings["four"]
                yield self.table
                yield self.chart
                yield self.headings["said"]
                yield self.samples
            with Vertical(id="view-corpus"):
                yield Heading(("corpora",))
                yield self.corpora
                yield Heading(("statistics",))
                yield self.facts

    def on_mount(self) -> None:
        self._turn_to(self._front)
        self.call_after_refresh(self._open_first)

    def _open_first(self) -> None:
        """A tab that the app begins with has not come from anywhere."""
        if self.display and not self._is_open:
            self.initial_focus().focus(scroll_visible=False)
            self.activated()

    def activated(self) -> None:
        self._is_open = True
        self.refresh_data()
        self.call_after_refresh(self._ask_corpora)

    def deactivated(self) -> None:
        self._is_open = False
        self.context.connection.follow((), subscriber=self.NAME)

    def on_descendant_focus(self) -> None:
        self.post_message(KeyHintsChanged())

    def initial_focus(self) -> Widget:
        return self.table if self._front == "four" else self.corpora

    # --- views -----------------------------------------------------------------------------------------

    def action_turn_to(self, name: str) -> None:
        self._turn_to(name)
        self.initial_focus().focus(scroll_visible=False)

    @on(SwitchPane)
    def _turn_pane(self, message: SwitchPane) -> None:
        message.stop()
        names = list(VIEWS)
        self.action_turn_to(names[(names.index(self._front) + message.by) % len(names)])

    def _turn_to(self, name: str) -> None:
        self._front = name
        self.action_back()
        for view in VIEWS:
            self.set_class(view == name, f"-{view}")
        self.bar.select(name)
        self.call_after_refresh(self._show)
        self._remember()

    # --- runs ------------------------------------------------------------------------------------------

    @property
    def four(self) -> list[RunSummary | None]:
        return self.runs.four(self._framework or "tensorflow", self.corpora.chosen)

    @property
    def asked(self) -> SweepSummary | None:
        return self.runs.asked(self._framework or "tensorflow", self.corpora.chosen)

    def refresh_data(self) -> None:
        if self.context.connection.is_connected and self._is_open:
            self.run_worker(self._fetch(), group="lm runs", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        try:
            await self.runs.fetch(self.context.connection.client)
        except DltuiError as error:
            self._say(str(error))
            return
        if not self._framework:
            newest = self.runs.newest()
            named = str(newest.spec.params.get("framework")) if newest is not None else ""
            self._framework = named if named in FRAMEWORKS else ""
        self._show()

    @on(RunsChanged)
    def _take_changes(self, message: RunsChanged) -> None:
        if self.runs.update(message.changed, message.removed) and self._is_open:
            self._show()

    @on(SweepsChanged)
    def _take_sweeps(self, message: SweepsChanged) -> None:
        if self.runs.sweep(message.changed, message.removed) and self._is_open:
            self._show()

    @on(HistoryChanged)
    def _curve_grew(self, message: HistoryChanged) -> None:
        if self._is_open:
            if not self._grown:
                self.set_timer(GROWN, self._show_stories)
            self._grown.add(message.run)

    def _show(self) -> None:
        """Draw what is known now."""
        if not self._is_open:
            return
        four = self.four
        self.context.connection.follow([run.id for run in four if run], subscriber=self.NAME)
        plan = self.runs.plan(self._framework or "tensorflow", self.corpora.chosen)
        title = f"{plan.title} on {plain(self.corpora.chosen, limit=40)}"
        self.headings["four"].select(title, (title,))
        self.headings["four"].set_note(Span(PERPLEXITY, "muted"))
        are_asked = self.asked is not None
        self.table.show(four, plan, self.corpora.chosen == "captions", are_asked=are_asked)
        self._show_stories()
        self.post_message(KeyHintsChanged())

    def _show_stories(self) -> None:
        self._grown.clear()
        if not self._is_open:
            return
        drawn = [
            series
            for place, run in enumerate(self.four)
            if run is not None
            and (series := self._curve(run, VALIDATION, CELLS[place].title, place)) is not None
        ]
        run = self.table.run
        if run is not None:  # one more, of the same colour in dashes
            title = f"{CELLS[self.table.place].title}, training"
            train = self._curve(run, TRAINING, title, self.table.place + len(DARK))
            drawn += [train] if train is not None else []
        self.chart.update_series(drawn, run.id if run is not None else "")
        history = self._story(run)
        found = samples_of(history.notes) if history is not None else []
        self.headings["said"].set_note(Span(CELLS[self.table.place].title, f"hue-{self.table.place}"))
        self.samples.update(lambda width: self._sample_rows(run, found, width))

    def _sample_rows(self, run: RunSummary | None, found: Any, width: int) -> Any:
        if run is None and self.asked is not None:
            return [(Span(" Queued behind the models above.", "muted"),)]
        if run is None:
            key = all_keys.shown(self.context.keymap.key_of(all_keys.BY_ID["language.start"]))
            return [
                (Span(" Not trained yet. ", "muted"), Span(key, "key"), Span(" trains the four.", "text"))
            ]
        history = self._story(run)
        said = plain(history.notice, limit=400) if history is not None else ""
        notice = wrap_text(said, width, "warn") if said else []
        return [*notice, *sample_rows(found, width, self.samples.size.height - len(notice))]

    def _curve(self, run: RunSummary, metric: str, label: str, hue: int) -> CurveSeries | None:
        """A metric of a run over epochs; None where it has logged none."""
        history = self._story(run)
        if history is None or metric not in history.series:
            return None
        kept = self._by_epoch.setdefault((run.id, metric), AveragedSeries(metric, hue))
        followed = kept.follow(history.series[metric], steps_of_epoch(run))
        return followed.with_style(label, hue, run.id if metric == VALIDATION else f"{run.id} {metric}")

    def _story(self, run: RunSummary | None) -> RunHistory | None:
        return self.context.connection.history(run.id) if run is not None else None

    @on(PerplexityTable.Moved)
    def _moved(self) -> None:
        self._show_stories()
        self.post_message(KeyHintsChanged())
        self._remember()

    # --- the corpus ------------------------------------------------------------------------------------

    def _ask_corpora(self) -> None:
        self.run_worker(self._list_corpora(), group="corpora", exclusive=True, exit_on_error=False)

    async def _list_corpora(self) -> None:
        try:
            listed = await self.context.session.request("corpus.list", newest="corpora")
            self.corpora.show(listed["corpora"])
            self._say("")
            await self._tell_corpus(self.corpora.chosen)
        except Superseded:
            return
        except DltuiError as error:
            self._say(str(error))

    async def _tell_corpus(self, name: str) -> None:
        if self._told_of == name:
            return
        self.facts.show(None, "Reading and counting ...")
        try:
            told: Json = await self.context.session.request("corpus.tell", newest="corpus", corpus=name)
        except Superseded:
            return
        except DltuiError as error:
            self.facts.show(None, str(error))
            return
        self._told_of = name
        self.facts.show(told)

    @on(CorpusList.Moved)
    def _choose_corpus(self, message: CorpusList.Moved) -> None:
        self.run_worker(self._tell_corpus(message.name), group="corpus", exclusive=True, exit_on_error=False)
        self._told_of = ""
        self._show()
        self._remember()

    # --- what is done ----------------------------------------------------------------------------------

    async def action_talk(self) -> None:
        """In the REPL, with the model of this line."""
        if not self.table.is_on_screen:
            return
        run = self.table.run
        if run is None or not run.checkpoint_step:
            words = "has no checkpoint yet" if run is not None else "is not trained yet"
            self.app.notify(f"{CELLS[self.table.place].title} {words}.", severity="warning", markup=False)
            return
        kept = self.context.state.views.get("repl", {})
        self.context.state.views["repl"] = {**kept, "wanted": run.id}
        await self.app.run_action("app.open_tab('repl')")

    def action_chart_alone(self) -> None:
        """The chart in all the room there is, and back."""
        if self._front == "four":
            self.toggle_class("-chart-alone")

    def action_back(self) -> None:
        self.remove_class("-chart-alone")

    def action_framework(self) -> None:
        if not self.table.is_on_screen:
            return
        self._framework = "torch" if (self._framework or "tensorflow") == "tensorflow" else "tensorflow"
        self._show()
        self._remember()

    def action_start(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        choices = [(plan.title, plan.words) for plan in PLANS]
        title = f"train the four on {plain(self.corpora.chosen, limit=40)}"
        self.app.push_screen(ChooseScreen(title, choices, "train them"), self._planned)

    def _planned(self, place: int | None) -> None:
        if place is not None:
            plan = PLANS[place]
            self._framework = str(plan.params["framework"])
            actions.run_and_notify(self, self._start(plan))
            self._remember()

    async def _start(self, plan: FourModels) -> str:
        corpus = self.corpora.chosen
        sweep = await self.context.connection.client.sweep_submit(
            SUITE, (), {**plan.params, "corpus": corpus}, name=plan.name
        )
        self.runs.sweep((sweep,))
        self._show()
        return f"They train one after another: {plain(sweep.spec.name, limit=60)}, in the Sweep tab too."

    def action_stop(self) -> None:
        """The run of this line; on a line that waits, the sweep that would train it."""
        if not self.table.is_on_screen:
            return
        run = self.table.run
        if run is not None and run.status.is_active:
            actions.run_and_notify(self, actions.stop(self.context.connection.client, run))
        elif run is None and self.asked is not None:
            actions.run_and_notify(self, self._stop_sweep(self.asked))

    async def _stop_sweep(self, sweep: SweepSummary) -> str:
        self.runs.sweep((await self.context.connection.client.sweep_edit(sweep.id, "stop"),))
        self._show()
        return f"The sweep {plain(sweep.spec.name, limit=60)} is stopped."

    def action_new(self) -> None:
        from tui.dialogs.launch import launch_screen

        last = self.context.state.last_params.get(EXPERIMENT, {})
        typed = {name: str(text) for name, text in last.items()} | {"corpus": self.corpora.chosen}
        self.app.push_screen(launch_screen(catalog.find(EXPERIMENT), typed), self._launched)

    def _launched(self, launch: Launch | None) -> None:
        if launch is not None:
            self.context.state.last_params[launch.experiment] = dict(launch.typed)
            actions.run_and_notify(self, self._submit(launch))

    async def _submit(self, launch: Launch) -> str:
        client = self.context.connection.client
        run = await launch.submit(client)
        self.runs.update((run,), ())
        self._show()
        return f"The run is started. {await launch.name_warning(client, run)}".rstrip()

    def key_labels(self) -> Mapping[str, str]:
        run = self.table.run
        other = "Keras" if self._framework == "torch" else "PyTorch"
        if self._front == "corpus" and not self.screen.has_class("-ample"):
            hidden = ("language.talk", "language.framework", "language.stop")
            return {**dict.fromkeys(hidden, ""), "pane.right": VIEWS["four"]}
        return {
            "language.talk": "open in REPL" if run is not None and run.checkpoint_step else "",
            "language.framework": f"show {other}",
            "language.stop": self._stop_label(run),
            "pane.right": VIEWS["corpus" if self._front == "four" else "four"],
        }

    def _stop_label(self, run: RunSummary | None) -> str:
        if run is None:
            return "stop all" if self.asked is not None else ""
        return "stop" if run.status.is_active else ""

    def _say(self, words: str) -> None:
        self.bar.set_note(plain(words, limit=300))

    def _remember(self) -> None:
        self.context.state.views[self.NAME] = {
            "view": self._front, "framework": self._framework, "place": self.table.place,
            "corpus": self.corpora.chosen,
        }  # fmt: skip
        self.post_message(ViewStateChanged())

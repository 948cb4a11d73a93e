"""The view `trained`: the decision regions of a network during its training, live or replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer

from engine.errors import DltuiError
from engine.protocol import RunSummary, Status
from engine.session_protocol.xor import LookRequest, XorLook
from tui.chart.chart_rows import CurveSeries
from tui.chart.chart_without_keys import StillChart
from tui.data.run_history import RunHistory, Sketch
from tui.data.run_text import name_of, sign_of
from tui.drawings.editable_net import UNITS, HandNet, from_facts
from tui.drawings.heat import ColourMode, colour_mode_of
from tui.drawings.plane_cells import scene_of
from tui.drawings.plane_widget import Plane, columns_beside
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.messages import OpenView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.heading import Heading
from tui.ui.span import Row, Span, row_width
from tui.ui.text_rows import TextRows, paragraph
from tui.xor.by_hand_text import legend
from tui.xor.net_widget import NetWidget
from tui.xor.recipes import NOTEBOOK, shape
from tui.xor.truth_table import TruthTable
from tui.xor.view import SINGLE, XorView

NOTES_WIDTH = 76
"""width of the text while there is no run"""
FRAME = 0.1
FRAMES = 60
"""number of steps in which a training is replayed"""


class TrainedView(XorView):
    """One run with its weights over time, and the loss curves of the notebook's three."""

    SCOPE = "sketches"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.chosen = plain(str(self.saved_before.get("run", "")), limit=200)
        self.at: int | None = None
        """index of the sketch shown; None: the newest, followed live"""
        self._look: XorLook | None = None
        self._seen: LookRequest | None = None
        """the last request"""
        self._playing: Timer | None = None
        self.side = Vertical(classes="plane-side")
        self.plane, self.network, self.truth = Plane(), NetWidget(), TruthTable()
        self.heading, self.notes = Heading(("trained",)), TextRows()
        self.chart = StillChart("loss", unit="epoch")

    def compose(self) -> ComposeResult:
        with self.side:
            yield self.plane
            yield self.notes
        yield Vertical(self.heading, self.network, self.truth, self.chart, classes="net-side")

    def fit(self, width: int, height: int) -> None:
        self.plane.fit(columns_beside(width), height - (5 if height < 26 else 10))
        self.side.styles.width = self.plane.styles.width
        self.network.set_height(height - (13 if height < 26 else 20))

    # --- the run ---------------------------------------------------------------------------------------

    @property
    def run_shown(self) -> RunSummary | None:
        found = self.runs.find(self.chosen)
        if found is None or found.spec.experiment != SINGLE:
            found = next(iter(self.runs.of(SINGLE)), None)
        return found

    @property
    def history(self) -> RunHistory | None:
        run = self.run_shown
        return self.context.connection.history(run.id) if run is not None else None

    @property
    def sketches(self) -> list[Sketch]:
        return self.history.sketches if self.history is not None else []

    def overlaid(self) -> list[RunSummary]:
        """The newest run of each of the notebook's three recipes, and the one that is shown."""
        runs = self.runs.of(SINGLE)
        found = [next((run for run in runs if recipe.matches(run)), None) for recipe in NOTEBOOK]
        shown = self.run_shown
        extra = [] if shown in found or shown is None else [shown]
        return [run for run in (*found, *extra) if run is not None]

    def missing(self) -> list[Any]:
        runs = self.runs.of(SINGLE)
        return [recipe for recipe in NOTEBOOK if not any(recipe.matches(run) for run in runs)]

    def follow(self) -> None:
        self.context.connection.follow([run.id for run in self.overlaid()], subscriber="xor")

    def start(self) -> None:
        self.submit_recipes(*self.missing())

    def run_submitted(self, run: RunSummary) -> None:
        self._choose(run.id)

    def select(self, selection: Mapping[str, Any]) -> None:
        self._choose(str(selection.get("run", "")))

    # --- drawing ---------------------------------------------------------------------------------------

    def history_grew(self, run: str) -> None:
        self._draw_curves()
        if self.run_shown is not None and run == self.run_shown.id and self.at is None:
            self.update()

    def update(self) -> None:
        run, net = self.run_shown, self.net
        self.set_class(run is None, "-none")
        self.side.styles.width = "1fr" if run is None else self.plane.styles.width
        self._draw(net)
        self._draw_curves()
        if run is not None and net is not None and self.in_front and self.plane.size.width:
            request = LookRequest(**net.facts() | self.plane.request_size)
            if request == self._seen and self._look is not None:
                return
            self._seen = request
            self.request(request, lambda look: self._update_look(run.id, net, look), "xor trained")

    def request_failed(self, key: str, error: DltuiError) -> None:
        super().request_failed(key, error)
        self._seen = None

    @property
    def sketch(self) -> Sketch | None:
        sketches = self.sketches
        if not sketches:
            return None
        return sketches[-1 if self.at is None else max(0, min(self.at, len(sketches) - 1))]

    @property
    def net(self) -> HandNet | None:
        """The network of the sketch shown; None without finite weights."""
        run, sketch = self.run_shown, self.sketch
        if run is None or sketch is None:
            return None
        given = run.spec.params
        try:
            return from_facts({**given, **sketch.parts, "targets": (0, 1, 1, 0)})
        except ValueError:
            return None

    def _update_look(self, run: str, net: HandNet, look: XorLook) -> None:
        if self.run_shown is None or self.run_shown.id != run:
            return
        self._look = look
        self.plane.update(scene_of(look, glyphs().ascii_only))
        self.truth.update(look)
        self._draw(net)

    def _draw(self, net: HandNet | None) -> None:
        run, look = self.run_shown, self._look
        if net is None:
            self._look = look = None
            text = "no weights of it yet" if self.sketch is None else "its weights are not finite"
            self.plane.update(None, text if run is not None else "")
            self.truth.update(None)
        elif look is None:
            self.plane.update(None, "computing ...")
        fits = look is not None and net is not None and len(look.units) == net.units
        gates = [unit.gate for unit in look.units] if look is not None and fits else []
        gate = look.output.gate if look is not None and fits else ""
        self.network.update(net, gates, gate)
        self._draw_notes(run, gates)

    def _draw_notes(self, run: RunSummary | None, gates: list[str]) -> None:
        if run is None:
            self.notes.update(
                lambda width: empty_notes(self.context.keymap, min(width, NOTES_WIDTH), self.loading_text)
            )
            return
        place = [one.id for one in self.runs.of(SINGLE)].index(run.id) + 1
        title = title_of(run)
        self.heading.select(title, (title,))
        self.heading.set_note(sign_of(run), Span(f" {place} of {len(self.runs.of(SINGLE))}", "muted"))
        snapshot = TrainingSnapshot(
            run,
            self.sketch,
            self.at,
            len(self.sketches),
            self._loss(),
            tuple(gates),
            colour_mode_of(self.app),
        )
        self.notes.update(lambda width: notes_of(snapshot, width, self.notes.size.height))

    def _loss(self) -> float | None:
        history, sketch = self.history, self.sketch
        if history is None or sketch is None or "loss" not in history.series:
            return None
        point = history.series["loss"].near(sketch.step, "step")
        return point.value if point is not None else None

    def _draw_curves(self) -> None:
        runs = self.overlaid()
        histories = [self.context.connection.history(run.id) for run in runs]
        series = [
            CurveSeries(run.id, label_of(run), history.series["loss"], hue_of(run))
            for run, history in zip(runs, histories, strict=True)
            if history is not None and "loss" in history.series
        ]
        run, sketch = self.run_shown, self.sketch
        at = sketch.step if sketch is not None and self.at is not None else None
        self.chart.update_series(series, run.id if run is not None else "")
        self.chart.set_view(replace(self.chart.view, crosshair=at))

    # --- actions ---------------------------------------------------------------------------------------

    def action_scrub(self, by: int) -> None:
        self._stop_playing()
        last = len(self.sketches) - 1
        now = last if self.at is None else self.at
        self._go_to(now + by)

    def action_scrub_to(self, end: int) -> None:
        self._stop_playing()
        self._go_to(len(self.sketches) if end else 0)

    def _go_to(self, at: int) -> None:
        last = len(self.sketches) - 1
        self.at = None if at >= last else max(0, at)
        self.update()

    def action_play(self) -> None:
        if self._playing is not None:
            self._stop_playing()
            return
        self._go_to(0)
        self._playing = self.set_interval(FRAME, self._play_on)

    def _play_on(self) -> None:
        if self.at is None or not self.in_front:
            self._stop_playing()
            return
        self._go_to(self.at + max(1, len(self.sketches) // FRAMES))

    def _stop_playing(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    def deactivated(self) -> None:
        self._stop_playing()
        super().deactivated()

    def action_choose(self, by: int) -> None:
        runs = [run.id for run in self.runs.of(SINGLE)]
        if self.run_shown is not None:
            self._choose(runs[(runs.index(self.run_shown.id) + by) % len(runs)])

    def _choose(self, run: str) -> None:
        self._stop_playing()
        self.chosen, self.at = run, None
        self.follow()
        self.update()
        self.save_state()

    def action_by_hand(self) -> None:
        net, run = self.net, self.run_shown
        if net is None or run is None:
            return
        facts = net.facts()
        if net.activation == "sigmoid":
            facts |= {"activation": "btu", "temperature": 1.0}  # the same function
        if net.units > UNITS:
            self.app.notify(f"By hand there are {UNITS} hidden units at most.", markup=False)
            return
        note = f"Trained for {self.sketch.step:,.0f} epochs." if self.sketch else ""
        self.post_message(OpenView("xor", "hand", {"net": facts, "name": name_of(run), "note": note}))

    def key_labels(self) -> dict[str, str]:
        here = bool(self.sketches)
        names = ("earlier", "later", "play", "live", "copy")
        hidden = names if not here else ("later", "live") if self.at is None else ()
        labels = {f"sketches.{name}": "" for name in hidden}
        if len(self.runs.of(SINGLE)) < 2:
            labels["sketches.next"] = ""
        text = ("", "start missing", "start missing", "start all 3")[len(self.missing())]
        if not here:
            labels["sketches.full"] = ""
        return labels | {"xor.start": "" if self.loading_text else text}

    def saved(self) -> dict[str, Any]:
        return {"run": self.chosen}


def shape_of(run: RunSummary) -> str:
    given = run.spec.params
    hidden = given.get("hidden")
    return shape(hidden if isinstance(hidden, int) else 0, bool(given.get("bypass")))


def hue_of(run: RunSummary) -> int:
    """The hue of a run: fixed for each of the three recipes, another one for all others."""
    return next((place for place, recipe in enumerate(NOTEBOOK) if recipe.matches(run)), len(NOTEBOOK))


def title_of(run: RunSummary) -> str:
    """The name of a run, and its architecture where that is not in the name."""
    name, drawn = name_of(run), shape_of(run)
    is_named = drawn in name.replace(" with bypass", " + bypass")
    return name if is_named else f"{name} {glyphs().dot} {drawn}"


def label_of(run: RunSummary) -> str:
    """The label of its curve: the architecture for the three recipes, else the name."""
    return shape_of(run) if any(recipe.matches(run) for recipe in NOTEBOOK) else name_of(run)


@dataclass(frozen=True, slots=True)
class TrainingSnapshot:
    run: RunSummary
    sketch: Sketch | None
    at: int | None
    count: int
    loss: float | None
    gates: tuple[str, ...]
    mode: ColourMode


def notes_of(snapshot: TrainingSnapshot, width: int, height: int = 99) -> list[Row]:
    """The rows beside the plane; the explanation only where all of it fits into `height`."""
    rows = (
        [_time(snapshot, width), _bar(snapshot, width)]
        if snapshot.sketch is not None
        else _nothing(snapshot, width)
    )
    rows += [*_gates(snapshot.gates, width), *legend(snapshot.mode, snapshot.sketch is not None)]
    lesson: list[Row] = [(), *paragraph(LESSON, width)]
    return [*rows, *lesson] if len(rows) + len(lesson) <= height else rows


LESSON = (
    "Each line is where a hidden unit is at its threshold; while the network trains the lines move until the "
    "output is XOR."
)


def _time(snapshot: TrainingSnapshot, width: int) -> Row:
    assert snapshot.sketch is not None
    loss = f"  loss {snapshot.loss:.4f}" if snapshot.loss is not None else ""
    live = snapshot.at is None and snapshot.run.status.is_active
    word = "  live" if live else "  at its end" if snapshot.at is None else ""
    row = (Span(f"epoch {snapshot.sketch.step:,.0f}", "strong"), Span(loss, "text"))
    more = (*row, Span(word, "good" if live else "muted"))
    return more if row_width(more) <= width else row


def _bar(snapshot: TrainingSnapshot, width: int) -> Row:
    """A progress bar: the position of this sketch among all of them."""
    room = max(4, width - 2)
    at = snapshot.count - 1 if snapshot.at is None else snapshot.at
    before = round((room - 1) * at / max(1, snapshot.count - 1))
    full, empty, knob = ("=", "-", "O") if glyphs().ascii_only else ("━", "─", "●")
    return (Span(full * before, "accent"), Span(knob, "key"), Span(empty * (room - 1 - before), "line"))


def _nothing(snapshot: TrainingSnapshot, width: int) -> list[Row]:
    text = "Its worker starts: the first picture comes with the first epochs."
    if snapshot.run.status is Status.QUEUED:
        text = f"It is queued: {plain(getattr(snapshot.run.state, 'why', ''), limit=200)}."
    elif snapshot.run.status.is_final:
        text = f"It is {snapshot.run.status}, and kept no pictures of its weights."
    return paragraph(text, width)


def _gates(gates: Sequence[str], width: int) -> list[Row]:
    """The gates of the hidden units, as many per row as fit."""
    rows: list[Row] = []
    row: Row = ()
    for unit, gate in enumerate(gates):
        if not gate:
            continue
        gate_row = (Span(f"h{unit + 1} ", f"hue-{unit}"), Span(f"{gate}   ", "text"))
        if row and row_width(row) + row_width(gate_row) - 3 > width:
            rows.append(row)
            row = ()
        row = (*row, *gate_row)
    return [*rows, row] if row else rows


def empty_notes(keymap: Keymap, width: int, waits: str = "") -> list[Row]:
    """What to press for a first network; `waits`: why the runs are not loaded yet, empty once they are."""
    if waits:
        return [(Span(waits, "muted"),)]
    start, new = (shown(keymap.key_of(BY_ID[key])) for key in ("xor.start", "xor.new"))
    rows: list[Row] = [(Span("No network is trained yet.", "strong"),), ()]
    rows += [(Span(f"{start:>3} ", "key"), Span("train the three networks of the course", "text"))]
    rows += [(Span(f"{new:>3} ", "key"), Span("set up a run of your own", "text")), ()]
    return rows + paragraph(f"Then: the decision regions while a network trains. {LESSON}", width)

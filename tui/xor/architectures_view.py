"""The view `architectures`: four networks and the smallest loss that each can have on XOR."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.errors import DltuiError
from engine.protocol import RunSummary, Status
from engine.session_protocol.xor import LeastXorLoss, LookRequest, PresetsRequest, XorLook, XorPresets
from tui.chart.chart_rows import CurveSeries
from tui.chart.chart_without_keys import StillChart
from tui.data.run_history import RunHistory
from tui.drawings.editable_net import from_facts
from tui.drawings.plane_cells import scene_of
from tui.drawings.plane_widget import Plane
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.messages import OpenView
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, row_text
from tui.ui.text_rows import TextRows, paragraph
from tui.xor.recipes import ARCHITECTURES, XorRecipe, shape
from tui.xor.view import SINGLE, XorView

CAPTION = 4


class LossColumn(Vertical):
    """One architecture: its name and numbers above its plane."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.caption, self.plane = TextRows(), Plane(axes=False)

    def compose(self) -> ComposeResult:
        yield self.caption
        yield self.plane


class SmallestLossView(XorView):
    """Four networks side by side, each with its loss and the smallest loss of its architecture."""

    SCOPE = "rungs"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        cursor = self.saved_before.get("cursor")
        self.cursor = cursor if isinstance(cursor, int) and 0 <= cursor < len(ARCHITECTURES) else 0
        self._presets: Sequence[LeastXorLoss] = []
        self._looks: dict[int, XorLook] = {}
        self._drawn: dict[int, tuple[str, float, int]] = {}
        self.switcher = Horizontal(id="architectures")
        self.columns = [LossColumn(classes="architecture") for _ in ARCHITECTURES]
        self.chart, self.lesson = StillChart("loss", unit="epoch"), TextRows(id="architecture-lesson")

    def compose(self) -> ComposeResult:
        with Vertical():
            with self.switcher:
                yield from self.columns
            yield self.lesson
            yield self.chart

    def fit(self, width: int, height: int) -> None:
        each = (width - 2) // len(ARCHITECTURES) - 2
        for column in self.columns:
            column.plane.fit(each, (height - CAPTION) * 5 // 8)
        self.switcher.styles.height = CAPTION + self.columns[0].plane.rows + 1
        self._drawn.clear()

    # --- runs ------------------------------------------------------------------------------------------

    def run_of(self, recipe: XorRecipe) -> RunSummary | None:
        """The newest run with the parameters of the recipe."""
        return next((run for run in self.runs.of(SINGLE) if recipe.matches(run)), None)

    def select(self, selection: Mapping[str, Any]) -> None:
        """Move to the architecture with so many `hidden` units, with or without `bypass`."""
        wanted = (selection.get("hidden"), selection.get("bypass"))
        shapes = [(recipe.hidden, recipe.bypass) for recipe in ARCHITECTURES]
        self.action_choose(shapes.index(wanted) - self.cursor if wanted in shapes else 0)

    def missing(self) -> list[XorRecipe]:
        return [recipe for recipe in ARCHITECTURES if self.run_of(recipe) is None]

    def follow(self) -> None:
        runs = [run.id for recipe in ARCHITECTURES if (run := self.run_of(recipe)) is not None]
        self.context.connection.follow(runs, subscriber="xor")

    def history_of(self, place: int) -> RunHistory | None:
        run = self.run_of(ARCHITECTURES[place])
        return self.context.connection.history(run.id) if run is not None else None

    def start(self) -> None:
        self.submit_recipes(*self.missing())

    # --- drawing ---------------------------------------------------------------------------------------

    def update(self) -> None:
        if not self._presets and self.in_front:
            self.request(PresetsRequest(), self._update_presets, "xor presets")
        self._draw()
        for place in range(len(ARCHITECTURES)):
            self._request_look(place)

    def history_grew(self, run: str) -> None:
        self.update()

    def _update_presets(self, presets: XorPresets) -> None:
        self._presets = presets.ladder
        self._draw()

    def _request_look(self, place: int) -> None:
        """Request the plane of a network, unless it is that of the last request."""
        run, history, plane = (
            self.run_of(ARCHITECTURES[place]),
            self.history_of(place),
            self.columns[place].plane,
        )
        if (
            run is None
            or history is None
            or not history.sketches
            or not plane.size.width
            or not self.in_front
        ):
            return
        sketch = history.sketches[-1]
        known = (run.id, sketch.step, plane.size.width)
        if self._drawn.get(place) == known:
            return
        try:
            net = from_facts({**run.spec.params, **sketch.parts})
        except ValueError:
            return
        self._drawn[place] = known
        request = LookRequest(**net.facts() | plane.request_size)
        self.request(request, lambda look: self._update_look(place, look), f"xor rung {place}")

    def request_failed(self, key: str, error: DltuiError) -> None:
        super().request_failed(key, error)
        self._drawn.clear()

    def _update_look(self, place: int, look: XorLook) -> None:
        self._looks[place] = look
        self.columns[place].plane.update(scene_of(look, glyphs().ascii_only))
        self._draw()

    def _draw(self) -> None:
        for place, column in enumerate(self.columns):
            entry = self._smallest_loss(place)
            column.caption.update(partial(caption_of, entry))
            if place not in self._looks:
                column.plane.update(None, "" if self.loading_text else _absent(entry))
        key = self.context.keymap
        start = "" if self.loading_text or not (missing := self.missing()) else _start_words(len(missing))
        brief = self.size.height < 26
        note = self._presets[self.cursor].note if self._presets else ""
        self.lesson.update(
            lambda width: lesson_of(self._smallest_loss(self.cursor), note, start, key, width, brief)
        )
        histories = [self.history_of(place) for place in range(len(ARCHITECTURES))]
        series = [
            CurveSeries(history.run, shape(recipe.hidden, recipe.bypass), history.series["loss"], hue)
            for hue, (recipe, history) in enumerate(zip(ARCHITECTURES, histories, strict=True))
            if history is not None and "loss" in history.series
        ]
        run = self.run_of(ARCHITECTURES[self.cursor])
        self.chart.set_empty_text(
            self.loading_text or ("no points yet" if run is not None else "not trained yet")
        )
        self.chart.update_series(series, run.id if run is not None else "")

    def _smallest_loss(self, place: int) -> SmallestLoss:
        recipe, history = ARCHITECTURES[place], self.history_of(place)
        last = history.series["loss"].last() if history is not None and "loss" in history.series else None
        floor = next(
            (
                preset.floor
                for preset in self._presets
                if (preset.hidden, preset.bypass) == (recipe.hidden, recipe.bypass)
            ),
            None,
        )
        look = self._looks.get(place)
        return SmallestLoss(
            shape(recipe.hidden, recipe.bypass), place, place == self.cursor, self.run_of(recipe), floor,
            last.value if last is not None else None, last.step if last is not None else 0.0,
            look.right if look is not None else None,
        )  # fmt: skip

    # --- actions ---------------------------------------------------------------------------------------

    def action_choose(self, by: int) -> None:
        self.cursor = (self.cursor + by) % len(ARCHITECTURES)
        self._draw()
        self.save_state()

    def action_open(self) -> None:
        run = self.run_of(ARCHITECTURES[self.cursor])
        if run is not None:
            self.post_message(OpenView("xor", "trained", {"run": run.id}))

    def key_labels(self) -> dict[str, str]:
        missing = len(self.missing())
        opened = "open" if self.run_of(ARCHITECTURES[self.cursor]) is not None else ""
        text = "" if not missing else "start all" if missing == len(ARCHITECTURES) else "start missing"
        has_curve = any(self.history_of(place) is not None for place in range(len(ARCHITECTURES)))
        full = {} if has_curve else {"rungs.full": ""}
        return {"xor.start": "" if self.loading_text else text, "rungs.open": opened, **full}

    def saved(self) -> dict[str, Any]:
        return {"cursor": self.cursor}


def _start_words(missing: int) -> str:
    if missing == len(ARCHITECTURES):
        return f"trains these {missing} networks"
    return f"trains the {missing} missing networks" if missing > 1 else "trains the missing network"


def _absent(entry: SmallestLoss) -> str:
    if entry.run is None:
        return "not trained"
    if entry.run.status is Status.QUEUED or entry.run.status.is_final:
        return str(entry.run.status)
    return "starting"


NEAR = 1e-3
"""nats: a loss this near to the smallest one has reached it"""
LESSON = (
    "least: the smallest mean cross-entropy that the architecture can have, in nats, from a proof. Without a "
    "hidden unit the best output is 0.5 for each row (ln 2); one unit alone separates one row from three."
)


@dataclass(frozen=True, slots=True)
class SmallestLoss:
    name: str
    place: int
    is_chosen: bool
    run: RunSummary | None
    floor: float | None
    """nats"""
    loss: float | None
    step: float
    right: int | None

    @property
    def is_reached(self) -> bool:
        return self.loss is not None and self.floor is not None and abs(self.loss - self.floor) < NEAR


def caption_of(entry: SmallestLoss, width: int) -> list[Row]:
    sign = glyphs().choice[1] if entry.is_chosen else " "
    floor = "......" if entry.floor is None else f"{entry.floor:.4f}"
    rows: list[Row] = [
        (Span(f"{sign} ", "key"), Span(entry.name, "key" if entry.is_chosen else "strong")),
        (Span("least  ", "muted"), Span(floor, "text")),
    ]
    return [*rows, _loss(entry, width), _right(entry)]


def _loss(entry: SmallestLoss, width: int) -> Row:
    if entry.loss is None:
        return (Span("loss   ", "muted"), Span("-", "muted"))
    sign = ("v" if glyphs().ascii_only else "✓") if entry.is_reached else ""
    return (
        Span("loss   ", "muted"),
        Span(f"{entry.loss:.4f} ", "strong"),
        Span(sign, "good"),
    )


def _right(entry: SmallestLoss) -> Row:
    if entry.right is None:
        return ()
    return (Span(f"{entry.right} of 4 right", "good" if entry.right == 4 else "text"),)


def lesson_of(
    entry: SmallestLoss, note: str, start: str, keymap: Keymap, width: int, brief: bool
) -> list[Row]:
    rows: list[Row] = []
    if start:
        key = shown(keymap.key_of(BY_ID["xor.start"]))
        rows.append((Span(f"{key} ", "key"), Span(start, "text")))
    if note:
        named = f"{entry.name}: "
        first, *others = paragraph(named + note, width, "text")
        rows += [(Span(named, f"hue-{entry.place}"), Span(row_text(first)[len(named) :], "text")), *others]
    return rows if brief else [*rows, *paragraph(LESSON, width)]

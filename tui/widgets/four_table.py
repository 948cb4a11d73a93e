"""The twelve perplexities: four models, three parts of the corpus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import set_cell_size
from textual.message import Message

from engine.protocol import RunSummary, Status
from tui.glyphs import glyphs
from tui.inks import STATUS_INKS
from tui.lm_runs import CELLS
from tui.widgets.numerals import short
from tui.widgets.run_words import bar, eta_of, sign_of
from tui.widgets.sheet import Sheet
from tui.widgets.span import Row, Span

PARTS = ("train", "val", "test")
TITLES = ("train", "valid.", "test")
STANDING = 20
REFERENCE = (
    ("1 layer", "58.3  41.8  35.8  34.4  34.6"),
    ("2 layers", "238  205  175  145  still falling"),
)
"""test perplexities of the notebook's recipe in Keras on the captions, after each epoch"""


class FourTable(Sheet):
    """A cursor on one of the four."""

    @dataclass
    class Moved(Message):
        place: int

    def __init__(self, place: int = 0, **widget: Any) -> None:
        super().__init__(**widget)
        self._runs: Sequence[RunSummary | None] = [None] * len(CELLS)
        self.place = place if 0 <= place < len(CELLS) else 0
        self._is_captions = True
        self._are_asked = False
        self._hues = list(range(len(CELLS)))

    def dress(self, hues: Sequence[int]) -> None:
        """In the colours of their curves."""
        self._hues = list(hues)
        self.draw()

    def show(self, runs: Sequence[RunSummary | None], is_captions: bool, *, are_asked: bool = False) -> None:
        """`are_asked`: a sweep will train those without a run."""
        self._runs, self._is_captions, self._are_asked = list(runs), is_captions, are_asked
        self.draw()

    @property
    def run(self) -> RunSummary | None:
        return self._runs[self.place]

    def rows(self, width: int) -> Sequence[Row]:
        titles = "".join(f"{title:>9}" for title in TITLES)
        heads = f"   {'model':<21}{'training':<{STANDING - 10}}perplexity{titles}"
        rows: list[Row] = [(Span(heads, "muted"),)]
        best = self._best()
        rows += [self._row(place, best) for place in range(len(CELLS))]
        if self._is_captions and self.size.height > len(rows) + 2:
            rows += [(), *_reference(width)]
        return rows

    def _row(self, place: int, best: float | None) -> Row:
        run, here = self._runs[place], place == self.place
        sign = glyphs().choice[1] if here else " "
        ink = "key" if here and self.has_focus else "strong" if here else "text"
        head: Row = (
            Span(f" {sign}", "key"), Span(glyphs().swatch[0] + " ", f"hue-{self._hues[place]}"),
            Span(CELLS[place].title.ljust(19) + " ", ink),
        )  # fmt: skip
        if run is None:
            words = "waits for its turn" if self._are_asked else "not trained yet"
            return (*head, Span(words.ljust(STANDING), "muted"), *_values(None, best))
        return (*head, *_standing(run), *_values(run, best))

    def _best(self) -> float | None:
        known = [
            run.metrics["test_perplexity"] for run in self._runs if run and "test_perplexity" in run.metrics
        ]
        return min(known, default=None) if len(known) > 1 else None

    def action_scroll(self, rows: int) -> None:
        self.place = max(0, min(self.place + rows, len(CELLS) - 1))
        self.draw()
        self.post_message(self.Moved(self.place))

    def action_scroll_to(self, end: int) -> None:
        self.action_scroll(len(CELLS) if end else -len(CELLS))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()


def _standing(run: RunSummary) -> Row:
    words = str(run.status)
    if run.status is Status.RUNNING and run.total_steps:
        eta = eta_of(run)
        line = bar(run, 8)
        return (*line, Span(set_cell_size(f" {eta} left" if eta else "", STANDING - 8), "muted"))
    return (sign_of(run), Span(set_cell_size(f" {words}", STANDING - 1), STATUS_INKS[run.status]))


def _values(run: RunSummary | None, best: float | None) -> Row:
    spans = []
    for part in PARTS:
        value = run.metrics.get(f"{part}_perplexity") if run is not None else None
        if value is None and part == "train" and run is not None and "perplexity" in run.metrics:
            spans.append(Span(f"{'~' + number(run.metrics['perplexity']):>9}", "muted"))
            continue
        ink = "muted" if value is None else "good" if part == "test" and value == best else "strong"
        spans.append(Span(f"{glyphs().dot if value is None else number(value):>9}", ink))
    return tuple(spans)


def number(value: float) -> str:
    return f"{value:.1f}" if 0 <= value < 10_000 else short(value)


def _reference(width: int) -> list[Row]:
    rows: list[Row] = [(Span("   the notebook's recipe in Keras, test, after epochs 1, 2, 3 ...", "muted"),)]
    return rows + [(Span(f"     {title:<10}", "muted"), Span(values, "text")) for title, values in REFERENCE]

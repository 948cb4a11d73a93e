"""Table of the twelve perplexities: four models, three splits of the corpus; and those of transformers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import set_cell_size
from textual.message import Message

from engine.protocol import RunSummary, Status
from tui.data.run_text import eta_of, progress_bar, sign_of
from tui.language.run_list import CELLS, LINES, PLANS, FourModels, difference_words
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import short
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.status_styles import STATUS_STYLES

PARTS = ("train", "val", "test")
TITLES = ("train", "valid.", "test")
STATUS_WIDTH = 20
WIDE = 98
"""least width in cells for the columns of vocabulary size and epochs"""
TALL = 30
REFERENCE = (
    ("1 layer", "58.3  41.8  35.8  34.4  34.6"),
    ("2 layers", "238  205  175  145  still falling"),
)
"""test perplexities of the notebook's recipe in Keras on the captions, after each epoch"""


class PerplexityTable(Sheet):
    """`place` is the index in LINES of the model under the cursor. Transformers have a line once they have a
    run."""

    @dataclass
    class Moved(Message):
        place: int

    def __init__(self, place: int = 0, **widget: Any) -> None:
        super().__init__(**widget)
        self._runs: Sequence[RunSummary | None] = [None] * len(LINES)
        self._place = place if 0 <= place < len(LINES) else 0
        self._is_captions = True
        self._plan = PLANS[0]
        self._are_submitted = False

    def update(
        self,
        runs: Sequence[RunSummary | None],
        plan: FourModels,
        is_captions: bool,
        *,
        are_submitted: bool = False,
    ) -> None:
        """`runs`: one for each of LINES. Those of the four with other parameters than the plan's are not
        compared with the rest; their differences are shown. `are_submitted`: a sweep will train those of the
        four without a run."""
        self._runs, self._plan = list(runs), plan
        self._is_captions, self._are_submitted = is_captions, are_submitted
        self.draw()

    def draw(self) -> None:
        before = len(self._rows)
        super().draw()
        if len(self._rows) != before:
            self.refresh(layout=True)

    @property
    def place(self) -> int:
        """Of a transformer that has no run: the last of the four."""
        return self._place if self._place in self._places else len(CELLS) - 1

    @property
    def _places(self) -> list[int]:
        """The places that have a line."""
        return [place for place, run in enumerate(self._runs) if place < len(CELLS) or run is not None]

    @property
    def run(self) -> RunSummary | None:
        return self._runs[self.place]

    def rows(self, width: int) -> Sequence[Row]:
        titles = "".join(f"{title:>9}" for title in TITLES)
        more = f"{'max words':>10}{'epochs':>9} perplexity" if width >= WIDE else ""
        training = (
            f"{'training':<{STATUS_WIDTH}}{more}" if more else f"{'training':<{STATUS_WIDTH - 10}}perplexity"
        )
        rows: list[Row] = [(Span(f"   {'model':<22}{training}{titles}", "muted"),)]
        best = self._best()
        for place in self._places:
            rows.append(self._row(place, best, width))
            if differs := self._differences(place):
                words = f"     {difference_words(differs)}: not comparable"
                rows.append((Span(plain(words, limit=max(width, 20)), "warn"),))
        if self._is_captions and self.app.size.height >= TALL:
            rows += [(), *_reference(width)]
        return rows

    def _row(self, place: int, best: float | None, width: int) -> Row:
        run, here = self._runs[place], place == self.place
        sign = glyphs().choice[1] if here else " "
        style_name = "key" if here and self.has_focus else "strong" if here else "text"
        head: Row = (
            Span(f" {sign}", "key"), Span(glyphs().swatch[0] + " ", f"hue-{place}"),
            Span(LINES[place].title.ljust(20) + " ", style_name),
        )  # fmt: skip
        if run is None:
            words = "waits for its turn" if self._are_submitted else "not trained yet"
            sizes = (Span(" " * 30),) if width >= WIDE else ()
            return (*head, Span(words.ljust(STATUS_WIDTH), "muted"), *sizes, *_values(None, best))
        sizes = (Span(f"{_words(run):>10}{_epochs(run):>9}{'':11}", "text"),) if width >= WIDE else ()
        fits = not self._differences(place)
        return (*head, *_status_cells(run), *sizes, *_values(run, best, "strong" if fits else "muted"))

    def _differences(self, place: int) -> dict[str, Any]:
        """From the plan of the four, which says nothing of transformers."""
        run = self._runs[place]
        return self._plan.differences(run) if run is not None and place < len(CELLS) else {}

    def _best(self) -> float | None:
        known = [
            run.metrics["test_perplexity"]
            for place, run in enumerate(self._runs[: len(CELLS)])
            if run and "test_perplexity" in run.metrics and not self._differences(place)
        ]
        return min(known, default=None) if len(known) > 1 else None

    def action_scroll(self, rows: int) -> None:
        places = self._places
        self._place = places[max(0, min(places.index(self.place) + rows, len(places) - 1))]
        self.draw()
        self.post_message(self.Moved(self.place))

    def action_scroll_to(self, end: int) -> None:
        self.action_scroll(len(LINES) if end else -len(LINES))

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()


def _status_cells(run: RunSummary) -> Row:
    words = str(run.status)
    if run.status is Status.RUNNING and run.total_steps:
        eta = eta_of(run)
        line = progress_bar(run, 8)
        return (*line, Span(set_cell_size(f" {eta} left" if eta else "", STATUS_WIDTH - 8), "muted"))
    return (sign_of(run), Span(set_cell_size(f" {words}", STATUS_WIDTH - 1), STATUS_STYLES[run.status]))


def _words(run: RunSummary) -> str:
    limit = run.spec.params.get("vocabulary")
    return f"{limit:,}" if isinstance(limit, int) else ""


def _epochs(run: RunSummary) -> str:
    """Epochs trained so far, with the total while they differ."""
    wanted = run.spec.params.get("epochs")
    if not isinstance(wanted, int) or not run.total_steps:
        return ""
    done = wanted * run.step // run.total_steps
    return f"{done}" if done == wanted else f"{done} of {wanted}"


def _value(run: RunSummary, part: str) -> float | None:
    """Of the served checkpoint: that of the best epoch, where it is kept."""
    metric, best = f"{part}_perplexity", run.best
    if best is not None and best.metric == metric and run.spec.params.get("keep", "best") == "best":
        return best.value
    return run.metrics.get(metric)


def _values(run: RunSummary | None, best: float | None, usual: str = "strong") -> Row:
    spans = []
    for part in PARTS:
        value = _value(run, part) if run is not None else None
        if value is None and part == "train" and run is not None and "perplexity" in run.metrics:
            spans.append(Span(f"{'~' + number(run.metrics['perplexity']):>9}", "muted"))
            continue
        style_name = (
            "muted"
            if value is None
            else "good"
            if part == "test" and value == best and usual == "strong"
            else usual
        )
        spans.append(Span(f"{glyphs().dot if value is None else number(value):>9}", style_name))
    return tuple(spans)


def number(value: float) -> str:
    return f"{value:.1f}" if 0 <= value < 10_000 else short(value)


def _reference(width: int) -> list[Row]:
    rows: list[Row] = [(Span("   the course's recipe in Keras, test, after epochs 1, 2, 3 ...", "muted"),)]
    return rows + [(Span(f"     {title:<10}", "muted"), Span(values, "text")) for title, values in REFERENCE]

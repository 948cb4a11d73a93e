"""The marked runs side by side: only what differs, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from engine.protocol import RunSummary
from tui.glyphs import glyphs
from tui.plain_text import plain
from tui.screens.dialog import Dialog, Keys
from tui.verbs.words import data_words, other_data, pairs
from tui.widgets.numerals import clock, short
from tui.widgets.run_words import name_of, sign_of
from tui.widgets.sheet import Sheet
from tui.widgets.span import Row, Span, fitted, row_width

NAME, LEAST, MOST = 14, 12, 22
MISSING = "–"


class DiffSheet(Sheet):
    """Rows are what differs, columns are runs."""

    def __init__(self, runs: Sequence[RunSummary], hues: Mapping[str, int]) -> None:
        super().__init__()
        self._runs, self._hues = tuple(runs), dict(hues)

    def rows(self, width: int) -> Sequence[Row]:
        column = max(LEAST, min(MOST, (width - NAME) // len(self._runs)))
        table = [self._heads(column), self._statuses(column), ()]
        changed = differing(self._runs)
        table += [self._row(name, values, column) for name, values in changed.items()]
        if not changed:
            table.append((Span("the parameters are the same", "muted"),))
        if words := other_data(self._runs):
            table += [(), (Span(words, "bad"),)]
        table.append(())
        table += [self._row(name, values, column) for name, values in outcomes(self._runs).items()]
        return [fitted(row, width) if row_width(row) > width else row for row in table]

    def _heads(self, column: int) -> Row:
        heads: list[Span] = [Span(" " * NAME)]
        for run in self._runs:
            swatch = Span(glyphs().swatch + " ", f"hue-{self._hues.get(run.id, 0)}")
            heads += [*fitted((swatch, Span(name_of(run), "strong")), column - 1), Span(" ")]
        return tuple(heads)

    def _statuses(self, column: int) -> Row:
        spans: list[Span] = [Span("status".ljust(NAME), "muted")]
        for run in self._runs:
            spans += fitted((sign_of(run), Span(f" {run.status}", "text")), column)
        return tuple(spans)

    def _row(self, name: str, values: Sequence[str], column: int) -> Row:
        label = fitted((Span(plain(name, limit=NAME - 1), "muted"),), NAME)
        cells = [(*fitted((Span(value, _ink(value)),), column - 1), Span(" ")) for value in values]
        return (*label, *(span for cell in cells for span in cell))


class CompareScreen(Dialog[None]):
    """To be read, then left."""

    def __init__(self, runs: Sequence[RunSummary], hues: Mapping[str, int]) -> None:
        super().__init__()
        self._runs, self._hues = runs, hues

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog widest") as box:
            box.border_title = Content(f"compare {len(self._runs)} runs")
            yield DiffSheet(self._runs, self._hues)
            yield Keys((("dialog.cancel", "back"), ("pane.down", "scroll")))


def differing(runs: Sequence[RunSummary]) -> dict[str, list[str]]:
    """The parameters, the seed, the device, the experiment: those that are not the same for all."""
    names = dict.fromkeys(name for run in runs for name in run.spec.params)
    table = {"experiment": [run.spec.experiment for run in runs]}
    table |= {name: [_value(run, name) for run in runs] for name in names}
    table |= {"data": [data_words(run) or MISSING for run in runs]}
    table |= {"seed": [str(run.spec.seed) for run in runs], "device": [run.device for run in runs]}
    return {
        name: [plain(v, limit=60) for v in values] for name, values in table.items() if len(set(values)) > 1
    }


def outcomes(runs: Sequence[RunSummary]) -> dict[str, list[str]]:
    """Steps, time, the last of every metric, the best."""
    names = dict.fromkeys(name for run in runs for name in run.metrics)
    table = {"steps": [f"{run.step:,}" for run in runs]}
    table["trained"] = [clock(run.train_seconds) for run in runs]
    table |= {
        name: [short(run.metrics[name]) if name in run.metrics else MISSING for run in runs] for name in names
    }
    table["best"] = [f"{short(run.best.value)} @ {run.best.step:,}" if run.best else MISSING for run in runs]
    return table


def _ink(value: str) -> str:
    return "muted" if value == MISSING else "bad" if value in ("nan", "inf", "-inf") else "text"


def _value(run: RunSummary, name: str) -> str:
    return pairs({"": run.spec.params[name]})[1:] if name in run.spec.params else MISSING

"""The comparison of the marked runs: differing parameters and all metrics, a column per run."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from engine.client.client import Client
from engine.errors import DltuiError
from engine.protocol import RunSummary
from tui.data.code_text import code_difference, diff_style
from tui.data.comparison import MISSING, ComparedRow, compare_rows
from tui.data.run_text import name_of, sign_of
from tui.data.value_text import different_data_warning
from tui.dialogs.dialog import Dialog, KeyLine
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import short
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, clipped, fitted
from tui.ui.start_worker import start_worker

MOST_LABEL, MOST_NAME = 20, 24
"""cells of the label of a row, and of the name of a run; numbers are never cut"""
GAP = 2
MOST_LINES = 1_000
"""of the difference of two runs' code"""
FEW = 4
"""runs that fit into the usual width of a dialog"""


class CompareSheet(Sheet):
    """Rows are differing values, columns are runs: as many as fit, scrolled by left and right."""

    def __init__(self, runs: Sequence[RunSummary], hues: Mapping[str, int], baseline: str = "") -> None:
        super().__init__()
        self._runs, self._hues = tuple(runs), dict(hues)
        entries = compare_rows(self._runs, short, baseline)
        self._same = not any(_differs(one) for one in entries if one.heading == "parameters")
        self._entries = [one for one in entries if _differs(one) or one.heading == "metrics"]
        self._baseline = baseline
        self._label = max(min(MOST_LABEL, max(len(one.name) for one in entries)), len("status")) + GAP
        self._widths = [self._width(place) for place in range(len(self._runs))]
        self._first = 0
        self._difference: list[str] = []

    def set_difference(self, text: str) -> None:
        """Show the difference of the code of two runs below the table."""
        self._difference = text.splitlines()[:MOST_LINES]
        self.draw()

    def _width(self, place: int) -> int:
        widths = [len(one.values[place]) + 2 for one in self._entries]
        return max(*widths, min(MOST_NAME, len(name_of(self._runs[place])) + 3)) + GAP

    def _shown(self, width: int) -> range:
        """Indices of the runs that fit."""
        room, last = width - self._label, self._first
        while last < len(self._runs) and (room := room - self._widths[last]) >= -GAP:
            last += 1
        return range(self._first, max(last, self._first + 1))

    def action_turn(self, by: int) -> None:
        """Scroll by a run to the left or to the right."""
        most, width = len(self._runs) - 1, self.scrollable_content_region.width
        while most > 0 and self._label + sum(self._widths[most - 1 :]) - GAP <= width:
            most -= 1
        self._first = max(0, min(most, self._first + by))
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        shown = self._shown(width)
        table: list[Row] = [self._place(shown)] if len(shown) < len(self._runs) else []
        table += [self._heads(shown), ()]
        if self._same:
            table += [(Span("the parameters are the same", "muted"),), ()]
        heading = ""
        for entry in self._entries:
            if heading and entry.heading != heading:
                table.append(())
            heading = entry.heading
            table.append(self._row(entry, shown))
        if len({run.spec.experiment for run in self._runs}) > 1:
            table += [(), (Span(glyphs().best, "good"), Span(" the best run of its experiment", "muted"))]
        if text := different_data_warning(self._runs):
            table += [(), (Span(text, "bad"),)]
        if self._difference:
            table += [(), *((Span(plain(line), diff_style(line)),) for line in self._difference)]
        return [clipped(row, width) for row in table]

    def _place(self, shown: range) -> Row:
        signs = glyphs()
        keys = "left right" if signs.ascii_only else "← →"
        text = f"runs {shown.start + 1} to {shown.stop} of {len(self._runs)}; "
        return (Span(text, "muted"), Span(keys, "key"), Span(" show the others", "muted"))

    def _heads(self, shown: range) -> Row:
        heads: list[Span] = [Span(" " * self._label)]
        for place in shown:
            run = self._runs[place]
            swatch = Span(glyphs().swatch + " ", f"hue-{self._hues.get(run.id, 0)}")
            name = clipped((Span(name_of(run), "strong"),), self._widths[place] - GAP - 3)
            heads += fitted((swatch, *name), self._cells(place, shown))
        return tuple(heads)

    def _row(self, entry: ComparedRow, shown: range) -> Row:
        spans = list(fitted(clipped((Span(plain(entry.name), "muted"),), self._label - GAP), self._label))
        for place in shown:
            value = entry.values[place]
            if entry.name == "status":
                cell: Row = (sign_of(self._runs[place]), Span(f" {value}", "text"))
            elif place in entry.best:
                cell = (Span(glyphs().best, "good"), Span(f" {value}", "good"))
            else:
                cell = (Span(f"  {value}", _style(value)),)
            spans += fitted(cell, self._cells(place, shown))
        return tuple(spans)

    def _cells(self, place: int, shown: range) -> int:
        """The width of a column; the last one has no gap behind it."""
        return self._widths[place] - GAP * (place == shown[-1])


class CompareScreen(Dialog[None]):
    """The comparison in a dialog without a result."""

    def __init__(
        self,
        runs: Sequence[RunSummary],
        hues: Mapping[str, int],
        baseline: str = "",
        client: Client | None = None,
    ) -> None:
        """`client` loads the code of runs whose code differs."""
        super().__init__()
        self._client = client
        self._runs, self._hues = sorted(runs, key=lambda run: run.id != baseline), hues
        self._baseline = baseline if any(run.id == baseline for run in runs) else ""

    def on_mount(self) -> None:
        if self._client is not None:
            start_worker(self, self._load_difference, self._client, group="code")

    async def _load_difference(self, client: Client) -> None:
        with contextlib.suppress(DltuiError):  # removed, or the engine went
            self.query_one(CompareSheet).set_difference(await code_difference(client, self._runs))

    def compose(self) -> ComposeResult:
        with Vertical(classes=f"dialog widest{' -many' * (len(self._runs) > FEW)}") as box:
            text = ", differences to the baseline, the first" if self._baseline else ""
            box.border_title = Content(f"compare {len(self._runs)} runs{text}")
            yield CompareSheet(self._runs, self._hues, self._baseline)
            yield KeyLine((("dialog.cancel", "back"), ("pane.down", "scroll"), ("pane.right", "next run")))


def _differs(entry: ComparedRow) -> bool:
    return len(set(entry.values)) > 1


def _style(value: str) -> str:
    return "muted" if value == MISSING else "bad" if value in ("nan", "inf", "-inf") else "text"

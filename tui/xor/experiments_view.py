"""The view `experiments`: the nine experiments of the course's notebook, our results beside its own."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.session_protocol.xor import GridReport, GridReportRequest, ReportRow
from tui.messages import KeyHintsChanged, OpenView
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, fitted
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows, paragraph
from tui.xor.experiment_table import lesson_of, notes_of, rows_of, setting_words
from tui.xor.view import GRID, XorView

POLL = 0.7
"""seconds between two requests while the run trains"""


class ExperimentsView(XorView):
    """A table of nine rows, and three plots."""

    SCOPE = "nine"
    EXPERIMENT = GRID

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        cursor = self.saved_before.get("cursor")
        self.cursor = cursor if isinstance(cursor, int) and 0 <= cursor < 9 else 0
        self.report: GridReport | None = None
        self._report_of = ""
        self.page = False
        """whether the plots are shown in place of the table, on a low screen"""
        self._is_requesting = False
        self.notes, self.table, self.plots = TextRows(id="nine-notes"), TextRows(id="nine-table"), TextRows()

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.notes
            yield self.table
            yield self.plots

    def on_mount(self) -> None:
        self.set_interval(POLL, self._poll)

    @property
    def run_shown(self) -> RunSummary | None:
        """The newest run that trains or has results, else the newest."""
        runs = self.runs.of(GRID)
        return next((run for run in runs if not run.status.is_final or run.step), runs[0] if runs else None)

    def start(self) -> None:
        self.submit(GRID, {}, name="the nine")

    def run_submitted(self, run: RunSummary) -> None:
        self.report = None
        self.update()

    # --- drawing ---------------------------------------------------------------------------------------

    def update(self) -> None:
        self._draw()
        run = self.run_shown
        if run is not None and self.in_front and not self._is_requesting:
            self._is_requesting = True
            start_worker(self, self._fetch, run, group="xor nine")

    def _poll(self) -> None:
        run = self.run_shown
        if self.in_front and run is not None and not run.status.is_final:
            self.update()

    async def _fetch(self, run: RunSummary) -> None:
        try:
            report = await self.context.session.ask(GridReportRequest(run.id))
            if self.run_shown is not None and self.run_shown.id == run.id:
                self.set_note("")
                self.report, self._report_of = report, run.id
                self._draw()
                self.post_message(KeyHintsChanged())
        except Superseded:
            return
        except DltuiError as error:
            if run.status.is_final:
                self.set_note(str(error))
        finally:
            self._is_requesting = False

    def _draw(self) -> None:
        run = self.run_shown
        report = self.report if run is not None and self._report_of == run.id else None
        brief = self.is_short
        self.notes.update(
            lambda width: notes_of(run, report, self.context.keymap, width, brief, self.loading_text)
        )
        self.table.update(
            lambda width: [*rows_of(report, self.cursor, width), *lesson_of(report, width, brief)]
        )
        self.table.display, self.plots.display = not (brief and self.page), not brief or self.page
        ascii_only = glyphs().ascii_only
        self.plots.update(lambda width: plots(report, width, max(7, self.plots.size.height), ascii_only))

    @property
    def is_short(self) -> bool:
        return self.size.height < 26

    # --- actions ---------------------------------------------------------------------------------------

    def action_page(self) -> None:
        self.page = not self.page
        self._draw()
        self.post_message(KeyHintsChanged())
        self.call_after_refresh(self._update_if_open)

    def action_choose(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, 8))
        self._draw()
        self.save_state()

    def action_open(self) -> None:
        if self.report is not None and self.report.rows[self.cursor].lanes:
            row = self.report.rows[self.cursor]
            facts = {"lane": row.lanes[0], "lanes": row.lanes, "meant": setting_words(row)}
            self.post_message(OpenView("xor", "map", {"run": self._report_of, **facts}))

    def key_labels(self) -> dict[str, str]:
        text = "run the nine" if not self.runs.of(GRID) else "run again"
        run = self.run_shown
        if self.loading_text or (run is not None and not run.status.is_final):
            text = ""
        page = "table" if self.page else "plots"
        page = page if self.is_short and self.report is not None else ""
        return {
            "xor.start": text,
            "nine.page": page,
            "nine.open": "its networks" if self.report is not None else "",
        }

    def saved(self) -> dict[str, Any]:
        return {"cursor": self.cursor}


OURS, THEIRS = "accent", "done"
HIDDEN = (
    "Survivor bias: the means are over successful runs alone. At a learning rate of 0.01 most runs had not "
    "succeeded by the last epoch, so their mean is too small. The median counts failures as above all epochs."
)


def plots(report: GridReport | None, width: int, height: int, ascii_only: bool) -> list[Row]:
    if report is None:
        return []
    each = (width - 4) // 3
    thick = 0 if height < 14 else 1 if height < 28 else 2  # 0: no blank lines between groups
    rows = report.rows
    parts = [
        bars("mean epochs by units", rows, lambda row: f"k = {row.hidden}", each, ascii_only, thick),
        bars("mean epochs by bypass", rows, _bypass, each, ascii_only, thick),
        points("std of epochs by log lr", rows, each, min(max(height - 4, 8), 26), ascii_only),
    ]
    longest = max(map(len, parts))
    blank, gap = fitted((), each), (Span("  "),)
    filled = [[fitted(row, each) for row in part] + [blank] * (longest - len(part)) for part in parts]
    lines: list[Row] = [(), *((*a, *gap, *b, *gap, *c) for a, b, c in zip(*filled, strict=True))]
    return [*lines, (), *paragraph(HIDDEN, width)] if len(lines) + 4 <= height else lines


def _bypass(row: ReportRow) -> str:
    return "with" if row.bypass else "without"


def bars(
    title: str,
    rows: Sequence[ReportRow],
    group: Callable[[ReportRow], str],
    width: int,
    ascii_only: bool,
    thick: int,
) -> list[Row]:
    """Two bars per group: the mean of its experiments, ours and that of the course's notebook."""
    names = list(dict.fromkeys(group(row) for row in sorted(rows, key=lambda row: row.hidden)))
    found = []
    for name in names:
        members = [row for row in rows if group(row) == name]
        ours = [row.mean for row in members if row.mean is not None]
        found.append((name, fmean(ours) if ours else None, fmean(row.notebook.mean for row in members)))
    most = max(max(ours or 0, theirs) for _, ours, theirs in found)
    room = max(3, width - 16)
    lines: list[Row] = [(Span(title, "strong"),)]
    for name, mean, theirs in found:
        for value, style_name, label in ((mean, OURS, name), (theirs, THEIRS, "")):
            bar = _bar(value, most, room, style_name, ascii_only)
            lines.append((Span(f"{label:<8}", "text"), *bar))
            lines += [(Span(" " * 8), bar[0])] if thick > 1 else []
        lines += [()] if thick else []
    return [*lines, _signs("#=" if ascii_only else "█▒")]


def _bar(value: float | None, most: float, room: int, style_name: str, ascii_only: bool) -> Row:
    if value is None:
        return (Span("no success yet", "muted"),)
    signs = "#=" if ascii_only else "█▒"
    sign = signs[0] if style_name == OURS else signs[1]
    return (Span(sign * max(1, round(room * value / most)), style_name), Span(f" {value:,.0f}", "text"))


def points(title: str, rows: Sequence[ReportRow], width: int, height: int, ascii_only: bool) -> list[Row]:
    """Two points per experiment, ours and the notebook's, over the logarithm of the learning rate."""
    room, high = max(8, width - 8), max(3, height - 4)
    most = max([row.notebook.std for row in rows] + [row.std or 0 for row in rows])
    low, top = math.log(min(row.lr for row in rows)), math.log(max(row.lr for row in rows))
    cells: dict[tuple[int, int], tuple[str, str]] = {}
    signs = ("o", "*") if ascii_only else ("○", "●")
    for kind, style_name in ((0, THEIRS), (1, OURS)):
        for row in rows:
            value = row.std if kind else row.notebook.std
            if value is not None:
                x = round((math.log(row.lr) - low) / max(top - low, 1e-9) * (room - 1))
                cells[x, high - 1 - round(value / max(most, 1e-9) * (high - 1))] = (signs[kind], style_name)
    side = "|" if ascii_only else "│"
    lines: list[Row] = [(Span(title, "strong"),)]
    for y in range(high):
        label = f"{most:,.0f}" if y == 0 else "0" if y == high - 1 else ""
        dots = tuple(Span(*cells.get((x, y), (" ", ""))) for x in range(room))
        lines.append((Span(f"{label:>6}", "muted"), Span(side, "line"), *dots))
    return [*lines, *_floor(rows, low, top, room, ascii_only), _signs(signs[1] + signs[0])]


def _floor(rows: Sequence[ReportRow], low: float, top: float, room: int, ascii_only: bool) -> list[Row]:
    """The x axis with its labels; one that would touch another is left out."""
    line = "-" if ascii_only else "─"
    labels = [" "] * (room + 2)
    for lr in sorted({row.lr for row in rows}, reverse=True):
        text = f"{lr:g}"
        at = round((math.log(lr) - low) / max(top - low, 1e-9) * (room - 1))
        at = max(0, min(at, room - len(text)))
        if all(sign == " " for sign in labels[max(0, at - 1) : at + len(text) + 1]):
            labels[at : at + len(text)] = text
    corner = "+" if ascii_only else "└"
    return [(Span(" " * 6), Span(corner + line * room, "line")), (Span(" " * 7 + "".join(labels), "muted"),)]


def _signs(signs: str) -> Row:
    """The legend."""
    ours = (Span(signs[0], OURS), Span(" ours  ", "muted"))
    return (*ours, Span(signs[1], THEIRS), Span(" notebook", "muted"))

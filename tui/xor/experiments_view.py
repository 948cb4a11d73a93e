"""The view `experiments`: the nine experiments of the course's notebook, our results beside its own."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.session_protocol.xor import GridReport, GridReportRequest
from tui.keys import all_keys
from tui.messages import KeyHintsChanged, OpenView
from tui.terminal.glyphs import glyphs
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows
from tui.xor.experiment_plots import plots
from tui.xor.experiment_table import lesson_of, notes_of, rows_of, setting_words
from tui.xor.view import XorView
from tui.xor.xor_runs import GRID

POLL = 0.7
"""seconds between two requests while the run trains"""


class ExperimentsView(XorView):
    """A table of nine rows, and three plots."""

    SCOPE = "nine"
    EXPERIMENT = GRID
    BINDINGS = all_keys.bindings("nine")

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

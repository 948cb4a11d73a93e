"""Everything about the selected run but its curve: overview, parameters, checkpoints, log."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container

from engine.protocol import CheckpointFacts, RunSummary
from tui.widgets.checkpoints_sheet import CheckpointsSheet
from tui.widgets.heading import Heading
from tui.widgets.log_tail import LogTail
from tui.widgets.overview import Overview
from tui.widgets.params_sheet import ParamsSheet
from tui.widgets.sheet import Sheet

PANES = ("params", "log", "checkpoints")
ALL_PANES = ("curves", *PANES)


class RunDetails(Container):
    """One pane at a time; all of them where there is room."""

    def compose(self) -> ComposeResult:
        yield Heading(ALL_PANES, id="all-panes")
        yield Overview(id="overview")
        yield Heading(PANES, id="panes")
        yield Heading(("params",), id="params-heading")
        yield ParamsSheet(id="params")
        yield Heading(("log",), id="log-heading")
        yield LogTail(id="log")
        yield Heading(("checkpoints",), id="checkpoints-heading")
        yield CheckpointsSheet(id="checkpoints")

    def show(self, run: RunSummary | None, hue: int | None) -> None:
        self.query_one(Overview).show(run, hue)
        self.query_one(ParamsSheet).show(run)

    def show_checkpoints(self, found: tuple[CheckpointFacts, ...] | None) -> None:
        self.query_one(CheckpointsSheet).show(found)

    @property
    def log_tail(self) -> LogTail:
        return self.query_one(LogTail)

    def turn_to(self, pane: str) -> None:
        self.set_classes([f"-{pane}"])
        for heading in ("#all-panes", "#panes"):
            self.query_one(heading, Heading).choose(pane)

    @property
    def open_pane(self) -> Sheet:
        chosen = next((pane for pane in PANES if self.has_class(f"-{pane}")), PANES[0])
        return self.query_one(f"#{chosen}", Sheet)

    def light(self, lit: bool) -> None:
        """Whether one of the panes has the focus."""
        for heading in self.query(Heading):
            heading.light(lit)

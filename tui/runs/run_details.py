"""The details of the selected run: overview, parameters, checkpoints, log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.containers import Container
from textual.widget import Widget

from engine.protocol import CheckpointFacts, RunSummary
from tui.ui.heading import Heading

if TYPE_CHECKING:
    from tui.runs.detail_panes import CheckpointsSheet, LogTail, ParamsSheet
    from tui.runs.overview import Overview
    from tui.ui.sheet import Sheet

PANES = ("params", "log", "checkpoints")
ALL_PANES = ("curves", *PANES)


class RunDetails(Container):
    """One pane at a time; all of them where there is room. Empty until `fill`."""

    log_tail: LogTail
    _overview: Overview
    _params: ParamsSheet
    _checkpoints: CheckpointsSheet

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.is_filled = False
        self._choosers = (Heading(ALL_PANES, id="all-panes"), Heading(PANES, id="panes"))
        self._titles = {pane: Heading((pane,), id=f"{pane}-heading") for pane in PANES}

    def fill(self) -> None:
        from tui.runs.detail_panes import CheckpointsSheet, LogTail, ParamsSheet
        from tui.runs.overview import Overview

        self._overview, self._params = Overview(id="overview"), ParamsSheet(id="params")
        self.log_tail, self._checkpoints = LogTail(id="log"), CheckpointsSheet(id="checkpoints")
        self.is_filled = True
        self.mount(
            self._choosers[0], self._overview, self._choosers[1],
            self._titles["params"], self._params,
            self._titles["log"], self.log_tail,
            self._titles["checkpoints"], self._checkpoints,
        )  # fmt: skip

    def set_empty_text(self, text: str) -> None:
        self._overview.set_empty_text(text)

    def update(self, run: RunSummary | None, hue: int | None, left_out: int = 0) -> None:
        self._overview.update(run, hue, left_out)
        self._params.update(run)

    def update_checkpoints(self, found: tuple[CheckpointFacts, ...] | None) -> None:
        self._checkpoints.update(found)

    def select_pane(self, pane: str) -> None:
        self.set_classes([f"-{pane}"])
        for heading in self._choosers:
            heading.select(pane)

    @property
    def open_pane(self) -> Sheet:
        return next(
            (pane for name, pane in self._panes().items() if self.has_class(f"-{name}")), self._params
        )

    def highlight(self, focused: Widget | None) -> None:
        """Highlight the headings of the focused pane."""
        panes = self._panes() if self.is_filled else {}
        for heading in self._choosers:
            heading.set_highlighted(focused is not None and focused in panes.values())
        for pane, heading in self._titles.items():
            heading.set_highlighted(focused is not None and panes.get(pane) is focused)

    def pane_after(self, focused: Widget | None, by: int) -> str:
        """The pane `by` places after the focused one."""
        names = list(PANES)
        now = next((name for name, pane in self._panes().items() if pane is focused), names[-1])
        return names[(names.index(now) + by) % len(names)]

    def _panes(self) -> dict[str, Sheet]:
        return {"params": self._params, "log": self.log_tail, "checkpoints": self._checkpoints}

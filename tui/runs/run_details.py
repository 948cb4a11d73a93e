"""The details of the selected run: overview, parameters, checkpoints, log, code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.containers import Container
from textual.widget import Widget
from textual.worker import Worker

from engine.errors import DltuiError
from engine.protocol import RunSummary, Status
from tui.data.connection import Connection
from tui.data.run_actions import notify_worker_error
from tui.ui.heading import Heading
from tui.ui.start_worker import start_worker

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory
    from tui.runs.code_pane import CodeSheet
    from tui.runs.detail_panes import CheckpointsSheet, ParamsSheet
    from tui.runs.events_pane import EventsPane
    from tui.runs.linked_step import FollowsStep
    from tui.runs.log_pane import LogPane
    from tui.runs.log_view import LogView
    from tui.runs.overview import Overview
    from tui.ui.sheet import Sheet

PANES = ("params", "log", "checkpoints", "events", "code")
ALL_PANES = ("curves", *PANES)
LOG = 2.0
"""seconds between two reads of the log of an active run"""


class RunDetails(Container):
    """One pane at a time; all of them where there is room. Empty until `fill`.

    Loads the checkpoints and the log of its run.
    """

    log_view: LogView
    _overview: Overview
    _params: ParamsSheet
    _checkpoints: CheckpointsSheet
    _events: EventsPane
    _code: CodeSheet

    def __init__(self, connection: Connection, **widget: Any) -> None:
        super().__init__(**widget)
        self.is_filled = False
        self._connection = connection
        self._run: RunSummary | None = None
        self._checkpoints_of: tuple[str, int, Status] | None = None
        self._choosers = (Heading(ALL_PANES, id="all-panes"), Heading(PANES, id="panes"))
        self._titles = {pane: Heading((pane,), id=f"{pane}-heading") for pane in PANES}

    def on_mount(self) -> None:
        self.set_interval(LOG, self._refresh_log)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        notify_worker_error(self, event)

    def fill(self) -> None:
        from tui.runs.code_pane import CodeSheet
        from tui.runs.detail_panes import CheckpointsSheet, ParamsSheet
        from tui.runs.events_pane import EventsPane
        from tui.runs.log_view import LogView
        from tui.runs.overview import Overview

        self._overview, self._params = Overview(id="overview"), ParamsSheet(id="params")
        self.log_view = LogView(self._connection, id="log")
        self._checkpoints = CheckpointsSheet(id="checkpoints")
        self._events, self._code = EventsPane(id="events"), CodeSheet(id="code")
        self.is_filled = True
        self.mount(
            self._choosers[0], self._overview, self._choosers[1],
            self._titles["params"], self._params,
            self._titles["log"], self.log_view,
            self._titles["checkpoints"], self._checkpoints,
            self._titles["events"], self._events,
            self._titles["code"], self._code,
        )  # fmt: skip

    def set_empty_text(self, text: str) -> None:
        self._overview.set_empty_text(text)

    def update(self, run: RunSummary | None, hue: int | None, history: RunHistory | None = None) -> None:
        self._run = run
        self._overview.update(run, hue, history)
        self._params.update(run)
        self._refresh_checkpoints()
        self._refresh_log()
        self._refresh_code()
        self._refresh_events()

    def history_grew(self) -> None:
        if self.is_filled:
            self._overview.history_grew()

    def select_pane(self, pane: str) -> None:
        self.set_classes([f"-{pane}"])
        for heading in self._choosers:
            heading.select(pane)
        self.call_after_refresh(self._refresh_log)
        if pane == "code" and self.is_filled:
            self._code.expire()
        self.call_after_refresh(self._refresh_code)

    @property
    def log_pane(self) -> LogPane:
        return self.log_view.pane

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
        return {
            "params": self._params, "log": self.log_pane, "checkpoints": self._checkpoints,
            "events": self._events, "code": self._code,
        }  # fmt: skip

    # --- the step of the crosshair -------------------------------------------------------------------------

    def _followers(self) -> Sequence[FollowsStep]:
        """The panes that go with the crosshair."""
        return (self.log_pane, self._checkpoints, self._events)

    def show_step(self, step: float | None, but: object = None) -> None:
        """Tell the panes where the crosshair is, `but` the one that has moved it; None: there is none."""
        if self.is_filled:
            for pane in self._followers():
                if pane is not but:
                    pane.show_step(step)

    # --- what is loaded -----------------------------------------------------------------------------------

    def _refresh_checkpoints(self) -> None:
        run = self._run
        known = (run.id, run.checkpoint_step, run.status) if run is not None else None
        if known != self._checkpoints_of:
            self._checkpoints_of = known
            if run is None or run.checkpoint_step == 0:
                self._checkpoints.update(() if run is not None else None)
            elif self._connection.is_connected:
                start_worker(self, self._load_checkpoints, run.id, group="checkpoints", exclusive=True)

    async def _load_checkpoints(self, run: str) -> None:
        try:
            found = await self._connection.client.show(run)
        except DltuiError:
            return  # removed, or the engine went: the table says so
        if self._run is not None and self._run.id == run:
            self._checkpoints.update(found.checkpoints, found, found.media)

    def _refresh_code(self) -> None:
        """Load it when the pane is opened, and again for another run or another attempt."""
        run = self._run
        if run is None or not self.is_filled or not self._connection.is_connected:
            return
        if self._code.is_on_screen and self._code.open(run):
            start_worker(self, self._load_code, run, group="code", exclusive=True)

    async def _load_code(self, run: RunSummary) -> None:
        try:
            found = await self._connection.client.code(run.id) if run.spec.file else None
        except DltuiError as error:
            self._code.fail(run, str(error))
            return
        self._code.update(run, found)

    def _refresh_log(self) -> None:
        if self.is_filled:
            self.log_view.show_run(self._run)
            self._refresh_events()

    def _refresh_events(self) -> None:
        run = self._run
        if self.is_filled and self._events.is_on_screen:
            history = self._connection.history(run.id) if run is not None else None
            if run is None or history is None:
                self._events.update(None)
            else:
                from tui.data.run_timeline import with_end  # the first picture has no events

                self._events.update(with_end(history.timeline.entries, run))

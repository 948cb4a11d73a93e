"""One view of a tab with several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from textual.actions import SkipAction
from textual.containers import Container
from textual.message import Message
from textual.worker import Worker

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.session_protocol.request import A, Request, StreamRequest
from tui.data.newest_runs import RunList
from tui.data.run_actions import run_and_notify
from tui.data.run_text import given_name
from tui.keys import all_keys
from tui.keys.key import Scope
from tui.messages import KeyHintsChanged, ViewStateChanged
from tui.tab.context import TabContext
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker


class RunRecipe(Protocol):
    """A run with all its parameters, submitted without a form."""

    @property
    def experiment(self) -> str: ...
    @property
    def params(self) -> dict[str, object]: ...
    @property
    def seed(self) -> int: ...
    @property
    def name(self) -> str: ...


class View(Container, can_focus=True):
    """A view of a ViewsTab. While it is not in front it sends no requests and draws nothing."""

    SCOPE: ClassVar[Scope]
    """in the table of keys, whose keys it has"""
    EXPERIMENT: ClassVar[str]
    """the experiment of the form for a new run"""

    @dataclass
    class NoteChanged(Message):
        """One line for the bar of views; empty: none."""

        text: str

    def __init_subclass__(cls, **named: Any) -> None:
        if "SCOPE" in cls.__dict__ and "BINDINGS" not in cls.__dict__:
            cls.BINDINGS = all_keys.bindings(cls.SCOPE)
        super().__init_subclass__(**named)

    def __init__(self, context: TabContext, runs: RunList, saved: Mapping[str, Any], **widget: Any) -> None:
        super().__init__(**widget)
        self.context, self.runs = context, runs
        self.saved_before = saved
        self.in_front = False

    @property
    def loading_text(self) -> str:
        """Why the runs are not known yet; empty once they are."""
        return "" if self.runs.is_known else self.context.connection.loading_text

    # --- called by the tab -----------------------------------------------------------------------------

    def activated(self) -> None:
        """The view has come to the front."""
        self.in_front = True

    def deactivated(self) -> None:
        self.in_front = False

    def runs_changed(self) -> None:
        """Some of the runs were changed or removed, or another one is chosen."""

    def history_grew(self, run: str) -> None:
        """The history of a followed run has new events."""

    def select(self, selection: Mapping[str, Any]) -> None:
        """Select what another view or tab passes; see OpenView."""

    def start(self) -> None:
        """Start the runs that the view shows and that are missing."""

    def key_labels(self) -> dict[str, str]:
        return {}

    def saved(self) -> dict[str, Any]:
        """The state of the view as JSON."""
        return {}

    # --- used by the views -----------------------------------------------------------------------------

    def set_note(self, text: str) -> None:
        self.post_message(self.NoteChanged(text))

    def save_state(self) -> None:
        """The state of the view has changed: have it saved, and the footer updated."""
        self.post_message(ViewStateChanged())
        self.post_message(KeyHintsChanged())

    def action_chart_alone(self) -> None:
        """Toggle full screen for the chart."""
        self.toggle_class("-chart-alone")

    def action_back(self) -> None:
        """Leave full screen; without it the key is left to the app."""
        if not self.has_class("-chart-alone"):
            raise SkipAction
        self.remove_class("-chart-alone")

    # --- requests --------------------------------------------------------------------------------------

    def request(self, request: Request[A], on_answer: Callable[[A], None], key: str) -> None:
        """Send a request to the session and pass its answer to `on_answer`; of requests with the same `key`
        only the newest is answered."""
        start_worker(self, self._request, request, on_answer, key, group=key)

    async def _request(self, request: Request[A], on_answer: Callable[[A], None], key: str) -> None:
        try:
            answer = await self.context.session.ask(request, newest=key)
        except Superseded:
            return
        except DltuiError as error:
            self.request_failed(key, error)
            return
        self.answered(answer, on_answer)

    def stream(self, request: StreamRequest[A], on_part: Callable[[A], None], key: str) -> Worker[None]:
        """Pass each part of an answer to `on_part`; an older stream with the same `key` is cancelled."""
        return start_worker(self, self._stream, request, on_part, key, group=key, exclusive=True)

    async def _stream(self, request: StreamRequest[A], on_part: Callable[[A], None], key: str) -> None:
        try:
            async with aclosing(self.context.session.parts(request)) as parts:
                async for part in parts:
                    self.answered(part, on_part)
        except DltuiError as error:
            self.request_failed(key, error)

    def answered(self, answer: A, on_answer: Callable[[A], None]) -> None:
        """An answer, or a part of one, has come."""
        self.set_note("")
        on_answer(answer)

    def request_failed(self, key: str, error: DltuiError) -> None:
        """A request or stream has failed, and may be sent again."""
        self.set_note(str(error))

    # --- runs ------------------------------------------------------------------------------------------

    def submit_recipes(self, *recipes: RunRecipe) -> None:
        """Submit runs; a notification reports success or the engine's error."""
        if recipes:
            run_and_notify(self, self._submit_recipes(recipes))

    def submit(self, experiment: str, params: Mapping[str, object], seed: int = 1, name: str = "") -> None:
        """Submit a run; a notification reports success or the engine's error."""
        run_and_notify(self, self._submit(experiment, params, seed, name))

    def launched(self, run: RunSummary) -> str:
        """Show the new run of a launch form. Returns a notification."""
        self._add_run(run)
        return f"{plain(given_name(run) or run.spec.experiment, limit=60)} is started."

    async def _submit_recipes(self, recipes: Sequence[RunRecipe]) -> str:
        for recipe in recipes:
            await self._submit(recipe.experiment, recipe.params, recipe.seed, recipe.name)
        return f"{len(recipes)} runs are started." if len(recipes) > 1 else f"{recipes[0].name} is started."

    async def _submit(self, experiment: str, params: Mapping[str, object], seed: int, name: str) -> str:
        self._add_run(await self.context.connection.client.submit(experiment, params, seed=seed, name=name))
        return f"{plain(name or experiment, limit=60)} is started."

    def _add_run(self, run: RunSummary) -> None:
        self.runs.update((run,), ())
        self.run_submitted(run)

    def run_submitted(self, run: RunSummary) -> None:
        """Called after the engine has accepted a run that this view submitted."""
        self.runs_changed()

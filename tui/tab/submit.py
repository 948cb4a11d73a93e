"""Base class of the views that submit runs to the engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from textual.containers import Container

from engine.protocol import RunSummary
from tui.tab.context import TabContext
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch


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


class KnownRuns(Protocol):
    def update(self, changed: Iterable[RunSummary], removed: Iterable[str]) -> object: ...


class SubmittingView(Container):
    """Submits runs in a worker; a notification reports success or the engine's error."""

    context: TabContext
    runs: KnownRuns

    def action_chart_alone(self) -> None:
        """Toggle full screen for the chart."""
        self.toggle_class("-chart-alone")

    def action_back(self) -> None:
        self.remove_class("-chart-alone")

    def submit_recipes(self, *recipes: RunRecipe) -> None:
        from tui.data.actions import run_and_notify

        if recipes:
            run_and_notify(self, self._submit_recipes(recipes))

    async def _submit_recipes(self, recipes: Sequence[RunRecipe]) -> str:
        for recipe in recipes:
            await self._submit(recipe.experiment, recipe.params, recipe.seed, recipe.name)
        return f"{len(recipes)} runs are started." if len(recipes) > 1 else f"{recipes[0].name} is started."

    def submit(self, experiment: str, params: Mapping[str, object], seed: int = 1, name: str = "") -> None:
        from tui.data.actions import run_and_notify

        run_and_notify(self, self._submit(experiment, params, seed, name))

    def submit_launch(self, launch: Launch) -> None:
        """Submit the run that a launch form describes."""
        from tui.data.actions import run_and_notify

        run_and_notify(self, self._submit_launch(launch))

    async def _submit_launch(self, launch: Launch) -> str:
        client = self.context.connection.client
        run = await launch.submit(client)
        text = self._add_run(run, launch.name or launch.experiment)
        return f"{text} {await launch.name_warning(client, run)}".rstrip()

    async def _submit(self, experiment: str, params: Mapping[str, object], seed: int, name: str) -> str:
        run = await self.context.connection.client.submit(experiment, params, seed=seed, name=name)
        return self._add_run(run, name or experiment)

    def _add_run(self, run: RunSummary, name: str) -> str:
        self.runs.update((run,), ())
        self.run_submitted(run)
        return f"{plain(name, limit=60)} is started."

    def run_submitted(self, run: RunSummary) -> None:
        """Called after the engine has accepted a run that this view submitted."""

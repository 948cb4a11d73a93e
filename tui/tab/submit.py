"""A view that has the engine train runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from textual.containers import Container

from engine.protocol import RunSummary
from tui.tab.context import TabContext
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch


class Submission(Protocol):
    """A run that a view knows how to start by itself."""

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
    """What is refused is said."""

    context: TabContext
    runs: KnownRuns

    def action_chart_alone(self) -> None:
        """The chart in all the room there is, and back."""
        self.toggle_class("-chart-alone")

    def action_back(self) -> None:
        self.remove_class("-chart-alone")

    def launch(self, *recipes: Submission) -> None:
        from tui.data.actions import attempt

        if recipes:
            attempt(self, self._launched(recipes))

    async def _launched(self, recipes: Sequence[Submission]) -> str:
        for recipe in recipes:
            await self._submitted(recipe.experiment, recipe.params, recipe.seed, recipe.name)
        return f"{len(recipes)} runs are started." if len(recipes) > 1 else f"{recipes[0].name} is started."

    def submit(self, experiment: str, params: Mapping[str, object], seed: int = 1, name: str = "") -> None:
        from tui.data.actions import attempt

        attempt(self, self._submitted(experiment, params, seed, name))

    def train(self, asked: Launch) -> None:
        """What a form asked for."""
        from tui.data.actions import attempt

        attempt(self, self._trained(asked))

    async def _trained(self, asked: Launch) -> str:
        client = self.context.connection.client
        made = await asked.submit(client)
        said = self._entered(made, asked.name or asked.experiment)
        return f"{said} {await asked.doubt(client, made)}".rstrip()

    async def _submitted(self, experiment: str, params: Mapping[str, object], seed: int, name: str) -> str:
        run = await self.context.connection.client.submit(experiment, params, seed=seed, name=name)
        return self._entered(run, name or experiment)

    def _entered(self, run: RunSummary, name: str) -> str:
        self.runs.update((run,), ())
        self.submitted(run)
        return f"{plain(name, limit=60)} is started."

    def submitted(self, run: RunSummary) -> None:
        """The engine has taken a run that was asked for here."""

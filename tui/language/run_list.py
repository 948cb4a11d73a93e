"""Runs of language models: the newest one for each of the four models of a plan, and the transformers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine import catalog
from engine.client.client import Client
from engine.params import declared
from engine.protocol import RunSummary, Status
from engine.sweep_protocol import SweepStatus, SweepSummary
from tui.data.newest_runs import RunList

EXPERIMENT = "lm"
SUITE = "lm_four"
"""the sweep of all four"""
RUNS_LIMIT = 200
LM = catalog.find(EXPERIMENT).params
COMPARABLE = frozenset({"layers", "direction", "corpus", "precision"})
"""parameters in which the models of one table may differ"""


@dataclass(frozen=True, slots=True)
class PerplexityCell:
    """A line of the table: one of the four models, or with `layers` None a transformer of any size."""

    layers: int | None
    direction: str

    @property
    def title(self) -> str:
        if self.layers is None:
            return f"transformer {self.direction}"
        return f"{self.layers} {'layer' if self.layers == 1 else 'layers'} {self.direction}"


DIRECTIONS = ("forward", "reversed")
CELLS = tuple(PerplexityCell(layers, direction) for layers in (1, 2) for direction in DIRECTIONS)
TRANSFORMERS = tuple(PerplexityCell(None, direction) for direction in DIRECTIONS)
LINES = CELLS + TRANSFORMERS


@dataclass(frozen=True, slots=True)
class FourModels:
    """A plan that trains the four models with `params`; others have the experiment's default."""

    title: str
    description: str
    params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the sweep."""
        return f"four models {self.title}".replace(",", "")

    def differences(self, run: RunSummary) -> dict[str, Any]:
        """The parameters of a run, except COMPARABLE, that differ from this plan's."""
        wanted = {param.name: self.params.get(param.name, param.default) for param in declared(LM)}
        given = {name: _params_of(run).get(name, value) for name, value in wanted.items()}
        return {
            name: value for name, value in given.items() if name not in COMPARABLE and value != wanted[name]
        }


PLANS = (
    FourModels("Keras", "the course's recipe, 20 epochs", {"framework": "tensorflow"}),
    FourModels("PyTorch", "the same recipe in PyTorch", {"framework": "torch"}),
    FourModels(
        "Keras, tuned", "dropout, tied weights, a schedule", {"framework": "tensorflow", "recipe": "tuned"}
    ),
    FourModels(
        "PyTorch, tuned", "dropout, tied weights, a schedule", {"framework": "torch", "recipe": "tuned"}
    ),
    FourModels("PyTorch, a first look", "2 epochs: a minute or so each", {"framework": "torch", "epochs": 2}),
)


class LanguageRuns(RunList):
    """Runs and sweeps of the experiment `lm`."""

    def __init__(self) -> None:
        super().__init__({EXPERIMENT: RUNS_LIMIT})
        self._sweeps: dict[str, SweepSummary] = {}

    async def fetch(self, client: Client) -> None:
        """Raises DltuiError."""
        sweeps = await client.sweeps()
        await super().fetch(client)
        self.update_sweeps(sweeps)

    def update_sweeps(self, changed: Iterable[SweepSummary], removed: Iterable[str] = ()) -> bool:
        """Returns whether any of them is of `lm`."""
        ours = {sweep.id: sweep for sweep in changed if sweep.spec.experiment == EXPERIMENT}
        gone = [sweep for sweep in removed if self._sweeps.pop(sweep, None) is not None]
        self._sweeps |= ours
        return bool(ours or gone)

    def active_sweep(self, framework: str, corpus: str) -> SweepSummary | None:
        """The running sweep that will train those that have no run yet."""
        wanted = {"framework": framework, "corpus": corpus}
        for sweep in self._sweeps.values():
            given, axes = sweep.spec.params, {axis.name for axis in sweep.spec.axes}
            is_ours = all(given.get(name) == value for name, value in wanted.items())
            if sweep.status is SweepStatus.RUNNING and is_ours and axes == {"layers", "direction"}:
                return sweep
        return None

    def plan(self, framework: str, corpus: str) -> FourModels:
        """The plan of that framework with the most runs among the four; of several the newest."""
        plans = [plan for plan in PLANS if plan.params["framework"] == framework]

        def standing(plan: FourModels) -> tuple[int, Any]:
            found = [run for run in self._best(framework, corpus, plan) if run and not plan.differences(run)]
            return len(found), max((run.spec.order for run in found), default=())

        return max(plans, key=standing)

    def four(self, framework: str, corpus: str) -> list[RunSummary | None]:
        """For each of CELLS its newest run that is active or done, else the newest; None where there is none.

        Runs of the plan come before all others, which cannot be compared with them.
        """
        return self._best(framework, corpus, self.plan(framework, corpus))

    def _best(self, framework: str, corpus: str, plan: FourModels) -> list[RunSummary | None]:
        best = sorted(self.all(), key=_rank, reverse=True)
        best.sort(key=lambda run: bool(plan.differences(run)))
        return [next((run for run in best if _fits(run, cell, framework, corpus)), None) for cell in CELLS]

    def transformers(self, corpus: str) -> list[RunSummary | None]:
        """For each of TRANSFORMERS its run, chosen as for the four; None where there is none."""
        best = sorted(self.all(), key=_rank, reverse=True)
        return [next((run for run in best if _fits(run, cell, "", corpus)), None) for cell in TRANSFORMERS]

    def newest(self) -> RunSummary | None:
        """The newest LSTM."""
        return next((run for run in self.all() if _params_of(run)["model"] == "lstm"), None)


def _rank(run: RunSummary) -> tuple[bool, bool, tuple[int, float, str]]:
    is_well = not run.status.is_final or run.status is Status.DONE
    return is_well, is_well or "val_perplexity" in run.metrics, run.spec.order


def difference_words(differences: Mapping[str, Any]) -> str:
    """Such as `vocabulary 1,000, hidden 32, 1 epoch`."""
    return ", ".join(_difference(name, value) for name, value in differences.items())


def _difference(name: str, value: Any) -> str:
    if name == "epochs":
        return f"{value:,} epoch{'' if value == 1 else 's'}"
    is_count = isinstance(value, int) and not isinstance(value, bool)
    text = f"{value:,}" if is_count else f"{value:g}" if isinstance(value, float) else str(value)
    return f"{name.removesuffix('_size')} {text}"


def _fits(run: RunSummary, cell: PerplexityCell, framework: str, corpus: str) -> bool:
    wanted: dict[str, Any] = {"model": "transformer", "direction": cell.direction, "corpus": corpus}
    if cell.layers is not None:
        wanted |= {"model": "lstm", "layers": cell.layers, "framework": framework}
    return all(_params_of(run).get(name) == value for name, value in wanted.items())


def _params_of(run: RunSummary) -> dict[str, Any]:
    """With the framework that trains; runs of before there were transformers are LSTMs."""
    return {"model": "lstm", **run.spec.params, "framework": run.spec.framework}

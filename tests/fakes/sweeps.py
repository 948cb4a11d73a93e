"""Fake sweeps: scripted trials behind the service's own table and analysis."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from engine import catalog
from engine.axes import parse_axis
from engine.catalog import find
from engine.errors import DltuiError, RunNotFound
from engine.params import Value
from engine.protocol import Json, Removal, RemovedItem
from engine.service.sweeps import plot_data, query_trials
from engine.sweep_protocol import (
    Prune,
    SweepSpec,
    SweepStatus,
    SweepSummary,
    TrialQuery,
    TrialRow,
    TrialStatus,
)
from engine.typed_json import to_json


def make_trial(number: int = 1, *, params: dict[str, Value] | None = None, **facts: Any) -> TrialRow:
    """The row of a trial, done unless `facts` name another status."""
    usual: dict[str, Any] = {
        "config": number, "seed": 1, "status": TrialStatus.DONE, "value": 1 / (1 + number), "step": 1000,
        "best_step": 1000, "total_steps": 1000, "metrics": {"loss": 1 / (1 + number)}, "seconds": 2.5,
        "run": f"20260101-{number:06d}-xor-{number:04x}",
    }  # fmt: skip
    return TrialRow(
        trial=number, params=params or {"lr": 0.1 / number, "hidden": number}, **{**usual, **facts}
    )


def make_sweep(
    number: int = 1,
    *,
    experiment: str = "xor",
    axes: tuple[str, ...] = ("lr=0.001..0.1 log", "hidden=1..8"),
    status: SweepStatus = SweepStatus.RUNNING,
    trials: tuple[TrialRow, ...] = (),
    planned: int = 30,
    why: str = "",
    **facts: Any,
) -> SweepSummary:
    """The summary of a sweep; `facts` go into its spec."""
    usual: dict[str, Any] = {
        "id": f"20260101-{number:06d}-{experiment}-sweep-{number:04x}", "name": f"sweep-{number}",
        "params": {}, "sampler": "random", "seed": 1, "seeds": (1,), "trials": planned, "parallel": None,
        "gpu_share": 1.0, "prune": Prune(), "metric": "loss", "goal": "min", "executor": "local",
        "device": "auto", "created_at": 1.7e9 + number,
    }  # fmt: skip
    parsed = tuple(parse_axis(find(experiment), text) for text in axes)
    spec = SweepSpec(experiment=experiment, axes=parsed, **{**usual, **facts})
    return with_results(SweepSummary(spec, status, planned, {}, why=why), trials)


def with_results(sweep: SweepSummary, trials: tuple[TrialRow, ...]) -> SweepSummary:
    """The summary with the counts and the best of these trials."""
    counts: dict[str, int] = {}
    for row in trials:
        counts[str(row.status)] = counts.get(str(row.status), 0) + 1
    sign = -1 if sweep.spec.goal == "max" else 1
    best = min(trials, key=lambda row: math.inf if row.value is None else sign * row.value, default=None)
    return replace(sweep, counts=counts, best=best)


class FakeSweeps:
    """Answers the requests of `engine.client.client.Client` about sweeps."""

    def __init__(self) -> None:
        self.by_id: dict[str, SweepSummary] = {}
        self.trials_of: dict[str, tuple[TrialRow, ...]] = {}
        self.requests: list[tuple[str, Json]] = []
        """every request that changes something, with its facts"""
        self.queries: list[TrialQuery] = []
        self.refusal: DltuiError | None = None
        """raised by the next request that changes something"""

    def put(self, sweep: SweepSummary, trials: tuple[TrialRow, ...] = ()) -> SweepSummary:
        self.by_id[sweep.id] = sweep
        if trials:
            self.trials_of[sweep.id] = trials
            self.by_id[sweep.id] = with_results(sweep, trials)
        return self.by_id[sweep.id]

    def answer(self, word: str, facts: Json) -> tuple[Json, SweepSummary | None]:
        """The answer, and the sweep that was changed, if any."""
        if word in ("sweep_submit", "sweep_edit", "sweep_remove"):
            return self._change(word, facts)
        if word == "sweeps":
            newest = sorted(self.by_id.values(), key=lambda sweep: sweep.spec.created_at, reverse=True)
            return {"sweeps": [to_json(sweep) for sweep in newest]}, None
        sweep = self.find(facts["sweep"])
        rows = self.trials_of.get(sweep.id, ())
        if word == "sweep_show":
            return {"sweep": to_json(sweep)}, None
        if word == "sweep_trials":
            query = TrialQuery(**{name: value for name, value in facts.items() if name != "sweep"})
            self.queries.append(query)
            return to_json(query_trials.page(rows, query, largest=sweep.spec.goal == "max")), None
        if word == "sweep_analysis":
            found = plot_data.analyse(sweep.spec, rows, facts["kind"], facts["where"], facts["facts"])
            return found, None
        raise DltuiError(f"Unknown request {word!r}.")

    def find(self, name: str) -> SweepSummary:
        for sweep in self.by_id.values():
            if name in (sweep.id, sweep.spec.name):
                return sweep
        raise RunNotFound(f"No sweep answers to {name!r}.")

    def _change(self, word: str, facts: Json) -> tuple[Json, SweepSummary | None]:
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
        self.requests.append((word, {name: value for name, value in facts.items() if name != "token"}))
        if word == "sweep_submit":
            made = self.put(self._submitted(facts))
            return {"sweep": to_json(made)}, made
        sweep = self.find(facts["sweep"])
        if word == "sweep_remove":
            del self.by_id[sweep.id]
            item = RemovedItem("sweep", sweep.id, sweep.spec.name, str(sweep.status), 1 << 20)
            return {"removal": to_json(Removal(1, 0.0, 86_400.0, (item,)))}, None
        statuses = {
            "pause": SweepStatus.PAUSED, "stop": SweepStatus.STOPPED, "resume": SweepStatus.RUNNING,
        }  # fmt: skip
        if facts["verb"] == "pin":
            self._pin(sweep.id, facts["facts"])
        changed = replace(sweep, status=statuses.get(facts["verb"], sweep.status))
        self.by_id[sweep.id] = changed
        return {"sweep": to_json(changed)}, changed

    def _submitted(self, facts: Json) -> SweepSummary:
        plain = {name: facts[name] for name in ("sampler", "parallel", "device", "params", "gpu_share")}
        number = len(self.by_id) + 1
        named = {"name": facts["name"]} if facts["name"] else {}
        suite = catalog.suite(facts["experiment"])
        experiment, axes = (suite.experiment, suite.axes) if suite else (facts["experiment"], ())
        given = facts["axes"] if experiment != "exec" else ()
        return make_sweep(
            number, experiment=experiment, axes=(*axes, *given), prune=Prune(**facts["prune"]),
            planned=facts["trials"] or 30, **plain, **named,
        )  # fmt: skip

    def _pin(self, sweep_id: str, facts: Json) -> None:
        rows = self.trials_of.get(sweep_id, ())
        self.trials_of[sweep_id] = tuple(
            replace(row, pinned=facts["on"]) if row.trial == facts["trial"] else row for row in rows
        )

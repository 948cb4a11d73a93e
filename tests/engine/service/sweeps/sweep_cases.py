"""Sweep specs, sweeps and journal entries for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.axes import parse_axis
from engine.catalog import find
from engine.params import Value
from engine.protocol import Json, read_request
from engine.service.sweeps import submission
from engine.service.sweeps import sweep as sweeping
from engine.service.sweeps.sweep import Config, Sweep
from engine.service.sweeps.sweep_folder import SweepFolder
from engine.sweep_protocol import Prune, SweepSpec, SweepSubmitRequest, TrialStatus

Objective = Callable[[dict[str, Value]], float]


def make_sweep_spec(*axes: str, experiment: str = "mnist", **facts: Any) -> SweepSpec:
    usual: dict[str, Any] = {
        "id": "20260101-000000-sweep-aaaa", "name": "s", "params": {}, "sampler": "grid", "seed": 1,
        "seeds": (1,), "trials": None, "parallel": None, "gpu_share": 1.0, "prune": Prune(), "metric": "loss",
        "goal": "min", "executor": "local", "device": "auto", "created_at": 1.0,
    }  # fmt: skip
    parsed = tuple(parse_axis(find(experiment), text) for text in axes)
    return SweepSpec(experiment=experiment, axes=parsed, **{**usual, **facts})


def open_sweep(path: Path, spec: SweepSpec) -> Sweep:
    path.mkdir(exist_ok=True)
    return sweeping.new_sweep(SweepFolder(path), spec)


def submitted_spec(*axes: str, experiment: str = "mnist", **facts: Any) -> SweepSpec:
    """The spec of a sweep that a client submits."""
    request = {"experiment": experiment, "axes": list(axes), **facts}
    return submission.make_spec(read_request(request, SweepSubmitRequest))


def asked_entry(trial: int, config: int, params: Json, seed: int = 1, point: int | None = 0) -> Json:
    return {
        "kind": "asked", "trial": trial, "config": config, "params": params, "seed": seed, "point": point,
        "run": f"run-{trial}", "created_at": 1.0,
    }  # fmt: skip


def told_entry(
    trial: int, value: float | None, status: TrialStatus = TrialStatus.DONE, step: int = 10
) -> Json:
    return {
        "kind": "told", "trial": trial, "status": str(status), "value": value, "step": step,
        "best_step": step, "total_steps": 10, "metrics": {}, "seconds": 1.0, "cause": "",
    }  # fmt: skip


def add_result(
    sweep: Sweep, config: Config, value: float | None, status: TrialStatus = TrialStatus.DONE
) -> None:
    """Record a trial of a configuration and its result."""
    number = len(sweep.trials) + 1
    sweep.fold(asked_entry(number, config.number, config.params, point=config.point))
    sweep.fold(told_entry(number, value, status))

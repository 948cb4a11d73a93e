"""The best checkpoint of a run: of those saved, the one with the best value of its experiment's metric.

A checkpoint has a value where that metric was logged at its step; the manifest holds it. Of equal values the
first counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import DamagedCheckpoint
from checkpoints.manifest import Fact, Manifest
from engine.metric_goal import MetricGoal

METRIC, VALUE = "metric", "metric_value"
"""keys of `env` of a manifest; the value is text that `float` reads exactly"""


@dataclass(frozen=True, slots=True)
class SavedValue:
    """The value of the metric at the step of a checkpoint."""

    step: int
    value: float


def facts_of(goal: MetricGoal, value: float | None) -> dict[str, Fact]:
    """What the manifest of a checkpoint says about its value; empty without one."""
    return {} if value is None or not goal.metric else {METRIC: goal.metric, VALUE: repr(float(value))}


def value_of(manifest: Manifest, goal: MetricGoal) -> float | None:
    """The value of the metric of `goal` at that checkpoint; None where it was not logged there."""
    if not goal.metric or manifest.env.get(METRIC) != goal.metric:
        return None
    try:
        return float(manifest.env.get(VALUE, ""))
    except ValueError:
        return None


def best_saved(
    checkpoints: Path, goal: MetricGoal, *, after: int = -1, until: int | None = None
) -> SavedValue | None:
    """The best checkpoint, damaged or not: only manifests are read. None where none has a value.

    `after` and `until` bound the steps: those of the run itself, not of one that it began with, and not those
    of a rewound future. Raises CheckpointError.
    """
    best: SavedValue | None = None
    for step in checkpoint_folder.steps(checkpoints):
        if step <= after or (until is not None and step > until):
            continue
        try:
            value = value_of(
                checkpoint_folder.manifest_of(checkpoints / checkpoint_folder.name_of(step)), goal
            )
        except DamagedCheckpoint:
            continue
        if value is not None and goal.is_better(value, best.value if best else None):
            best = SavedValue(step, value)
    return best

"""Checkpoints of a run: when to save, what is saved, and how it is restored."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from checkpoints import folder as checkpoint_folder
from checkpoints.errors import CheckpointError, DamagedCheckpoint, MismatchedCheckpoint
from checkpoints.folder import CheckpointInfo, Verified
from checkpoints.manifest import Fact, Manifest
from checkpoints.retention import Keep
from engine import best_checkpoint, served_checkpoint
from engine.best_checkpoint import SavedValue, best_saved
from engine.metric_goal import MetricGoal
from engine.spec_versions import VERSION
from engine.store import RunFolder

SECONDS = 10.0
"""between two checkpoints; DLTUI_CHECKPOINT_SECONDS overrides it, 0 saves after every step"""
SHARE = 20
"""the time between two checkpoints is at least this many times the duration of the last one"""
BEST_PART = 10
"""a step with a better value than all saved ones is saved after this part of the seconds already"""


class CapturedState(Protocol):
    """A copy in memory of a training state between two steps."""

    @property
    def env(self) -> Mapping[str, Fact]: ...

    def files(self) -> dict[str, bytes]: ...

    def weights_sha256(self) -> str: ...


class TrainingState(Protocol):
    """All state of a training, such as checkpoints.torch_io.TorchState."""

    def capture(self, step: int, /) -> CapturedState: ...

    def restore(self, verified: Verified, /, *, strict: bool = True) -> int: ...

    def begin(self, verified: Verified, /, *, keeps_random: bool) -> int: ...


@dataclass(frozen=True, slots=True)
class CheckpointMetadata:
    """Saved with the state: live values, points logged per metric and the last step of each, the data,
    steps per epoch (0: unknown) and the step of the best weights kept (0: none)."""

    live: Mapping[str, float | None] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    last_steps: Mapping[str, int] = field(default_factory=dict)
    epoch_steps: int = 0
    best_step: int = 0
    data: Mapping[str, str] = field(default_factory=dict)
    """title and fingerprint of the training data"""
    version: int = VERSION
    """spec version of the live values"""
    value: float | None = None
    """of the metric of the experiment at this step; None: not logged there"""

    def to_env(self) -> dict[str, Fact]:
        return {
            "live": json.dumps(dict(self.live)),
            "logged": json.dumps(dict(self.counts)),
            "last_steps": json.dumps(dict(self.last_steps)),
            served_checkpoint.EPOCH_STEPS: self.epoch_steps,
            served_checkpoint.BEST_STEP: self.best_step,
            "data": json.dumps(dict(self.data)),
            "spec_version": self.version,
            **{f"pinned.{name}": value for name, value in self.pinned.items()},
        }


def metadata_from_env(env: Mapping[str, Fact]) -> CheckpointMetadata:
    pinned = {name.removeprefix("pinned."): str(env[name]) for name in env if name.startswith("pinned.")}
    live, counts, last, data = (
        json.loads(str(env.get(name, "{}"))) for name in ("live", "logged", "last_steps", "data")
    )
    epoch_steps, best_step = (
        int(env.get(name, 0)) for name in (served_checkpoint.EPOCH_STEPS, served_checkpoint.BEST_STEP)
    )
    return CheckpointMetadata(
        live, counts, pinned, last, epoch_steps, best_step, data, int(env.get("spec_version", 1))
    )


class Checkpoints:
    def __init__(
        self,
        folder: RunFolder,
        acknowledge: Callable[[CheckpointInfo, float], None],
        *,
        goal: MetricGoal,
        begins_at: int = -1,
    ) -> None:
        """`goal` chooses the best checkpoint, which is kept beside the newest ones.

        `begins_at`: the step of a checkpoint of another run with which this one begins; -1: none.
        """
        self._folder, self._begins_at = folder, begins_at
        self._acknowledge = acknowledge
        self._seconds = float(os.environ.get("DLTUI_CHECKPOINT_SECONDS") or SECONDS)
        self.goal = goal
        self.best: SavedValue | None = None
        """the best checkpoint of those that are kept"""
        self.saved_step: int | None = None
        self._set_due(0.0)

    def _set_due(self, took: float) -> None:
        """`took`: seconds that the last save took."""
        now, limit = time.monotonic(), SHARE * took if self._seconds else 0.0
        self.due_at = now + max(self._seconds, limit)
        self.best_due_at = now + max(self._seconds / BEST_PART, limit)

    def is_best(self, value: float) -> bool:
        """Whether `value` is better than those of all checkpoints that are kept."""
        return self.goal.is_better(value, self.best.value if self.best else None)

    def go_back(self, step: int) -> None:
        """Continue from the checkpoint of `step`: the best one is one of those up to there."""
        self.best = best_saved(self._folder.checkpoints, self.goal, after=self._begins_at, until=step)

    def save(
        self, step: int, state: TrainingState, facts: CheckpointMetadata, *, is_last: bool = False
    ) -> str:
        """Save a checkpoint; returns a note on files that could not be removed, "" if none.

        The best step of `facts` and the checkpoint with the best value are not removed. The last checkpoint
        may use the space reserved for events and logs.

        Raises SaveFailed, and NotFinite for a bad weight.
        """
        began = time.monotonic()
        best = self.best
        if facts.value is not None and self.is_best(facts.value):
            best = SavedValue(step, facts.value)
        served = frozenset({facts.best_step} if facts.best_step else ())
        try:
            captured = state.capture(step)
            saved = checkpoint_folder.write(
                self._folder.checkpoints,
                step,
                captured.files(),
                run_id=self._folder.id,
                weights_sha256=captured.weights_sha256(),
                env={**captured.env, **facts.to_env(), **best_checkpoint.facts_of(self.goal, facts.value)},
                keep=Keep(best=best.step if best else None, pinned=served),
                reserve=0 if is_last else checkpoint_folder.RESERVE,
                acknowledge=lambda found: self._acknowledge(found, time.monotonic() - began),
            )
        finally:
            self._set_due(time.monotonic() - began)
        self.saved_step, self.best = step, best
        return saved.note

    def newest(self) -> tuple[Verified | None, list[str]]:
        """The newest checkpoint that verifies, and the errors of newer, damaged ones."""
        checkpoint_folder.remove_leftovers(self._folder.checkpoints)
        verified, damaged = checkpoint_folder.newest_intact(self._folder.checkpoints)
        return verified, [str(damage) for damage in damaged]

    def model_of(self, step: int) -> bytes | None:
        """The model.safetensors of the checkpoint of `step`; None if it is missing or damaged."""
        try:
            found = checkpoint_folder.read(
                self._folder.checkpoints / checkpoint_folder.name_of(step), only={served_checkpoint.MODEL}
            )
        except DamagedCheckpoint:
            return None
        return found.files.get(served_checkpoint.MODEL)

    def recorded(self) -> CheckpointMetadata:
        """The facts of the newest readable manifest of this run; weights are not read."""
        newest = self._newest_manifest()
        return metadata_from_env(newest.env) if newest and self.is_own(newest) else CheckpointMetadata()

    def of_parent(self) -> CheckpointMetadata | None:
        """The facts of the checkpoint of another run that this one begins with; None once it has its own."""
        newest = self._newest_manifest()
        return None if newest is None or self.is_own(newest) else metadata_from_env(newest.env)

    def is_own(self, manifest: Manifest) -> bool:
        """Whether this run wrote the checkpoint, and not the run that it begins with."""
        return manifest.step > self._begins_at

    def _newest_manifest(self) -> Manifest | None:
        for step in reversed(checkpoint_folder.steps(self._folder.checkpoints)):
            with suppress(CheckpointError, OSError, ValueError):
                return checkpoint_folder.manifest_of(
                    self._folder.checkpoints / checkpoint_folder.name_of(step)
                )
        return None

    def restore(
        self, verified: Verified, state: TrainingState, pinned: Mapping[str, str], *, strict: bool
    ) -> CheckpointMetadata:
        """Restore `state`. Raises MismatchedCheckpoint if `state` or `pinned` differ from the checkpoint.

        The state comes first: of another device it names both, and what is pinned differs because of that.
        """
        facts = metadata_from_env(verified.manifest.env)
        self.saved_step = state.restore(verified, strict=strict)
        for name, value in pinned.items():
            recorded = facts.pinned.get(name)
            if strict and recorded != value:
                raise MismatchedCheckpoint(
                    f"An exact resume is not possible here: {name} was {recorded or 'unknown'}, is {value}.",
                    "Restore that, or resume with --fast: statistically equal, not bit for bit.",
                )
        return facts

    def begin(self, verified: Verified, state: TrainingState, *, keeps_random: bool) -> None:
        """Begin with a checkpoint of another run. Raises MismatchedCheckpoint for one of another shape."""
        self.saved_step = state.begin(verified, keeps_random=keeps_random)

"""Checkpoints of a run: when one is due, what it is made of, and the way back."""

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
from checkpoints.manifest import Fact
from checkpoints.retention import Keep
from engine import served_checkpoint
from engine.spec_versions import VERSION
from engine.store import RunFolder

SECONDS = 10.0
"""between two checkpoints, unless DLTUI_CHECKPOINT_SECONDS says otherwise; 0 is after every step"""
SHARE = 20
"""slow checkpoints come less often: at least this many times its own duration lies between two"""


class CapturedState(Protocol):
    """A training at a step boundary, in memory of its own."""

    @property
    def env(self) -> Mapping[str, Fact]: ...

    def files(self) -> dict[str, bytes]: ...

    def weights_sha256(self) -> str: ...


class TrainingState(Protocol):
    """Everything a training consists of, such as checkpoints.torch_io.TorchState."""

    def capture(self, step: int, /) -> CapturedState: ...

    def restore(self, verified: Verified, /, *, strict: bool = True) -> int: ...


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """What travels with the state: live values, how much was logged and up to which step, what the data
    were, how many steps an epoch has (0: not told) and which step was the best one kept (0: none)."""

    live: Mapping[str, float | None] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    last_steps: Mapping[str, int] = field(default_factory=dict)
    epoch_steps: int = 0
    best_step: int = 0
    data: Mapping[str, str] = field(default_factory=dict)
    """title and fingerprint of what it trains on"""
    version: int = VERSION
    """of what the live values mean"""

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


def facts_of(env: Mapping[str, Fact]) -> CheckpointFacts:
    pinned = {name.removeprefix("pinned."): str(env[name]) for name in env if name.startswith("pinned.")}
    live, counts, last, data = (
        json.loads(str(env.get(name, "{}"))) for name in ("live", "logged", "last_steps", "data")
    )
    epoch_steps, best_step = (
        int(env.get(name, 0)) for name in (served_checkpoint.EPOCH_STEPS, served_checkpoint.BEST_STEP)
    )
    return CheckpointFacts(
        live, counts, pinned, last, epoch_steps, best_step, data, int(env.get("spec_version", 1))
    )


class Checkpoints:
    def __init__(self, folder: RunFolder, acknowledge: Callable[[CheckpointInfo, float], None]) -> None:
        self._folder = folder
        self._acknowledge = acknowledge
        self._seconds = float(os.environ.get("DLTUI_CHECKPOINT_SECONDS") or SECONDS)
        self.due_at = time.monotonic() + self._seconds
        self.saved_step: int | None = None

    def save(self, step: int, state: TrainingState, facts: CheckpointFacts, *, is_last: bool = False) -> str:
        """What could not be cleaned up, in words; the best step of `facts` is not removed.

        The last one may use the space that is kept free for events and logs: there will be no more of them.

        Raises SaveFailed, and NotFinite for a bad weight.
        """
        began = time.monotonic()
        try:
            captured = state.capture(step)
            saved = checkpoint_folder.write(
                self._folder.checkpoints,
                step,
                captured.files(),
                run_id=self._folder.id,
                weights_sha256=captured.weights_sha256(),
                env={**captured.env, **facts.to_env()},
                keep=Keep(best=facts.best_step or None),
                reserve=0 if is_last else checkpoint_folder.RESERVE,
                acknowledge=lambda found: self._acknowledge(found, time.monotonic() - began),
            )
        finally:
            took = time.monotonic() - began
            self.due_at = time.monotonic() + (max(self._seconds, SHARE * took) if self._seconds else 0.0)
        self.saved_step = step
        return saved.note

    def newest(self) -> tuple[Verified | None, list[str]]:
        """The newest one that verifies, and what is wrong with those that had to be skipped."""
        checkpoint_folder.remove_leftovers(self._folder.checkpoints)
        verified, damaged = checkpoint_folder.newest_intact(self._folder.checkpoints)
        return verified, [str(damage) for damage in damaged]

    def model_of(self, step: int) -> bytes | None:
        """The model.safetensors of the checkpoint of `step`; None when it is not there or not whole."""
        try:
            found = checkpoint_folder.read(
                self._folder.checkpoints / checkpoint_folder.name_of(step), only={served_checkpoint.MODEL}
            )
        except DamagedCheckpoint:
            return None
        return found.files.get(served_checkpoint.MODEL)

    def recorded(self) -> CheckpointFacts:
        """Of the newest checkpoint that says anything, before its weights are read."""
        for step in reversed(checkpoint_folder.steps(self._folder.checkpoints)):
            with suppress(CheckpointError, OSError, ValueError):
                return facts_of(
                    checkpoint_folder.read(
                        self._folder.checkpoints / checkpoint_folder.name_of(step), only=()
                    ).manifest.env
                )
        return CheckpointFacts()

    def restore(
        self, verified: Verified, state: TrainingState, pinned: Mapping[str, str], *, strict: bool
    ) -> CheckpointFacts:
        """Raises MismatchedCheckpoint when `state` or the data are not those of the checkpoint."""
        facts = facts_of(verified.manifest.env)
        for name, value in pinned.items():
            recorded = facts.pinned.get(name)
            if strict and recorded != value:
                raise MismatchedCheckpoint(
                    f"An exact resume is not possible here: {name} was {recorded}, is {value}.",
                    "Restore that, or resume with --fast: statistically equal, not bit for bit.",
                )
        self.saved_step = state.restore(verified, strict=strict)
        return facts

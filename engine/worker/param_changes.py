"""Changes of parameters that users made while a run trained, read from its events."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from engine import events, spec_versions
from engine.protocol import Json, Spec

NEVER = math.inf


@dataclass(frozen=True, slots=True)
class ParamChange:
    """`name` was set to `value` after `step` updates."""

    step: int
    name: str
    value: float | None


def read_changes(path: Path, spec: Spec) -> list[ParamChange]:
    """The changes made by users, read from the event file of a run of `spec`.

    A change undoes earlier changes of the same name at later steps.
    """
    changes: list[ParamChange] = []
    for event in events.replay(path, lambda line: b'"kind":"set"' in line[:96]):
        changes = _merged(changes, event.facts, spec)
    return changes


def _merged(changes: list[ParamChange], facts: Json, spec: Spec) -> list[ParamChange]:
    if facts.get("replayed"):
        return changes
    try:
        name, value = str(facts["name"]), facts["value"]
        if not spec_versions.is_current(facts):
            value = spec_versions.upgrade_live(spec.experiment, spec.params, name, value)
        new = ParamChange(int(facts["step"]), name, None if value is None else float(value))
    except (KeyError, TypeError, ValueError):
        return changes  # a damaged line: `dltui verify` reports it
    return [old for old in changes if old.name != new.name or old.step <= new.step] + [new]

"""Parameters that can change while a run trains: their values, and the changes read from its events."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import events, spec_versions
from engine.errors import ParamError
from engine.params import ParamSet, declared, parse_value
from engine.protocol import Json, Spec

NEVER = math.inf


@dataclass(frozen=True, slots=True)
class ParamChange:
    """`name` was set to `value` after `step` updates."""

    step: int
    name: str
    value: float | None


class LiveParams:
    """`values` are current; `ahead` holds changes of later steps, to be applied again after a restore."""

    def __init__(self, params: Any) -> None:
        kind: type[ParamSet] = type(params)
        self._declared = {param.name: param for param in declared(kind) if param.live}
        self.values: dict[str, float | None] = {name: getattr(params, name) for name in self._declared}
        self.ahead: list[ParamChange] = []
        self.applied: list[ParamChange] = []
        """every change applied so far, in this attempt or in the part of earlier ones that it continues"""

    @property
    def next_step(self) -> float:
        return self.ahead[0].step if self.ahead else NEVER

    def change(self, step: int, name: str, given: object) -> ParamChange:
        """Apply a change by the user; it replaces changes of later steps. Raises ParamError."""
        param = self._declared.get(name)
        if param is None:
            known = ", ".join(self._declared) or "nothing"
            raise ParamError(f"{name[:80]}: cannot be changed during training; {known} can.")
        value = parse_value(param, given)
        assert not isinstance(value, str), "live parameters are numbers"
        self.ahead = [change for change in self.ahead if change.name != name]
        self.values[name] = value
        self.applied.append(ParamChange(step, name, value))
        return self.applied[-1]

    def restore(self, step: int, values: Mapping[str, float | None], past: Iterable[ParamChange]) -> None:
        """Go back to `step`, where `values` were current; `past` holds all recorded changes."""
        self.values |= {name: value for name, value in values.items() if name in self._declared}
        known = sorted((change for change in past if change.name in self._declared), key=lambda one: one.step)
        self.applied = [change for change in known if change.step < step]
        self.ahead = [change for change in known if change.step >= step]

    def apply_due(self, step: int) -> list[ParamChange]:
        """Apply and return the changes that are due at `step`."""
        changes = [change for change in self.ahead if change.step <= step]
        self.ahead = self.ahead[len(changes) :]
        self.applied += changes
        self.values |= {change.name: change.value for change in changes}
        return changes


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

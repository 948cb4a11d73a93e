"""The entries of a sweep's journal: their fields and types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.axes import Axis
from engine.params import Value
from engine.protocol import Json
from engine.sweep_protocol import TrialStatus
from engine.typed_json import WrongType, typed


@dataclass(frozen=True, slots=True)
class AskedEntry:
    trial: int
    config: int
    params: Mapping[str, Value]
    seed: int
    point: int | None
    created_at: float = 0.0
    run: str = ""


@dataclass(frozen=True, slots=True)
class TrialEntry:
    trial: int


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    trial: int
    cause: str


@dataclass(frozen=True, slots=True)
class ToldEntry:
    trial: int
    status: TrialStatus
    metrics: Mapping[str, float | str]
    value: float | None
    step: int
    best_step: int
    total_steps: int
    seconds: float
    cause: str


@dataclass(frozen=True, slots=True)
class RungEntry:
    trial: int
    rung: int
    value: float | str
    why: str


@dataclass(frozen=True, slots=True)
class LearnedEntry:
    config: int


@dataclass(frozen=True, slots=True)
class EmptyEntry:
    """An entry without fields."""


@dataclass(frozen=True, slots=True)
class DamagedEntry:
    """Replaces a damaged line in memory."""

    text: str


@dataclass(frozen=True, slots=True)
class HeldEntry:
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlindEntry:
    """The sweep stopped by itself: no trial logs its metric."""

    why: str
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PinEntry:
    trial: int
    on: bool


@dataclass(frozen=True, slots=True)
class AddEntry:
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class WidenEntry:
    """Either `seeds` or `axes` is set."""

    seeds: tuple[int, ...] | None = None
    axes: tuple[Axis, ...] | None = None


@dataclass(frozen=True, slots=True)
class CountEntry:
    count: int | None


@dataclass(frozen=True, slots=True)
class ExtendEntry:
    trial: int
    params: Mapping[str, Value] | None = None
    seed: int | None = None


KINDS: dict[str, type] = {
    "asked": AskedEntry, "begun": TrialEntry, "refused": RefusedEntry, "told": ToldEntry, "rung": RungEntry,
    "learned": LearnedEntry, "reopened": TrialEntry, "exhausted": EmptyEntry, "damaged": DamagedEntry,
    "blind": BlindEntry,
}  # fmt: skip
EDITS: dict[str, type] = {
    "pause": HeldEntry, "stop": HeldEntry, "resume": EmptyEntry, "stop_trial": TrialEntry, "pin": PinEntry,
    "add": AddEntry, "widen": WidenEntry, "parallel": CountEntry, "trials": CountEntry, "extend": ExtendEntry,
}  # fmt: skip


def check(entry: Json) -> None:
    """Raises WrongType for an entry of unknown kind or with fields of another type."""
    kind, verb = entry.get("kind"), entry.get("verb")
    shape = EDITS.get(str(verb)) if kind == "edited" else KINDS.get(str(kind))
    if shape is None:
        raise WrongType("kind", "a fact of a sweep", verb if kind == "edited" else kind)
    typed(entry, shape)
    typed(entry.get("at", 0.0), float)

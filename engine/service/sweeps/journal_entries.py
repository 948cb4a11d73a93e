"""The facts a journal of a sweep may hold: their fields and the types of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.axes import Axis
from engine.params import Value
from engine.protocol import Json
from engine.sweep_protocol import TrialStatus
from engine.typed_json import WrongType, typed


@dataclass(frozen=True, slots=True)
class AskedFact:
    trial: int
    config: int
    params: Mapping[str, Value]
    seed: int
    point: int | None
    created_at: float = 0.0
    run: str = ""


@dataclass(frozen=True, slots=True)
class TrialFact:
    trial: int


@dataclass(frozen=True, slots=True)
class RefusedFact:
    trial: int
    cause: str


@dataclass(frozen=True, slots=True)
class ToldFact:
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
class RungFact:
    trial: int
    rung: int
    value: float | str
    why: str


@dataclass(frozen=True, slots=True)
class LearnedFact:
    config: int


@dataclass(frozen=True, slots=True)
class BareFact:
    """Its kind says all."""


@dataclass(frozen=True, slots=True)
class DamagedFact:
    """Stands in memory for a line that is no fact."""

    text: str


@dataclass(frozen=True, slots=True)
class HeldFact:
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BlindFact:
    """It stopped by itself."""

    why: str
    held: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PinFact:
    trial: int
    on: bool


@dataclass(frozen=True, slots=True)
class AddFact:
    params: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class WidenFact:
    """One of both."""

    seeds: tuple[int, ...] | None = None
    axes: tuple[Axis, ...] | None = None


@dataclass(frozen=True, slots=True)
class CountFact:
    count: int | None


@dataclass(frozen=True, slots=True)
class ExtendFact:
    trial: int
    params: Mapping[str, Value] | None = None
    seed: int | None = None


KINDS: dict[str, type] = {
    "asked": AskedFact, "begun": TrialFact, "refused": RefusedFact, "told": ToldFact, "rung": RungFact,
    "learned": LearnedFact, "reopened": TrialFact, "exhausted": BareFact, "damaged": DamagedFact,
    "blind": BlindFact,
}  # fmt: skip
EDITS: dict[str, type] = {
    "pause": HeldFact, "stop": HeldFact, "resume": BareFact, "stop_trial": TrialFact, "pin": PinFact,
    "add": AddFact, "widen": WidenFact, "parallel": CountFact, "trials": CountFact, "extend": ExtendFact,
}  # fmt: skip


def check(fact: Json) -> None:
    """Raises WrongType for what is no fact of a sweep."""
    kind, verb = fact.get("kind"), fact.get("verb")
    shape = EDITS.get(str(verb)) if kind == "edited" else KINDS.get(str(kind))
    if shape is None:
        raise WrongType("kind", "a fact of a sweep", verb if kind == "edited" else kind)
    typed(fact, shape)
    typed(fact.get("at", 0.0), float)

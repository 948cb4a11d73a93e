"""Experiments that misbehave on purpose, for DLTUI_EXTRA_CATALOG=tests.fakes.catalog:CATALOG."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog import Experiment
from engine.params import ParamSet, choice, number


@dataclass(frozen=True, slots=True)
class CounterParams:
    steps: int = number(100, "steps", least=0)
    seconds: float = number(0.0, "slept at each step", least=0)
    pace: float = number(1.0, "added at each step", least=0, live=True)


@dataclass(frozen=True, slots=True)
class FateParams:
    steps: int = number(100, "steps", least=0)
    at: int = number(5, "the step at which it happens", least=0)
    seconds: float = number(0.0, "slept at each step", least=0)


@dataclass(frozen=True, slots=True)
class CrashParams:
    steps: int = number(100, "steps", least=0)
    at: int = number(5, "the step at which it happens", least=0)
    seconds: float = number(0.0, "slept at each step", least=0)
    error: str = choice(
        "error", "what is raised", ("error", "exit", "data", "params", "memory", "gpu_memory", "disk_full")
    )


def _fake(name: str, params: type[ParamSet]) -> Experiment:
    module = f"tests.fakes.{name}"
    return Experiment(
        name, f"Fake: {name}", "It is a fake.", "python", params, f"{module}:train", best="loss"
    )


CATALOG = (
    _fake("counter", CounterParams),
    _fake("reader", CounterParams),
    _fake("crash", CrashParams),
    _fake("stubborn", FateParams),
    _fake("silent", FateParams),
    _fake("noisy", FateParams),
    _fake("nan", FateParams),
    _fake("segfault", FateParams),
    _fake("hostile", CrashParams),
)

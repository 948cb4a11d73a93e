"""Precision of matrix products, float32 or bfloat16: the faster one, timed once per machine and cached.

Weights, optimizer and evaluation are float32 either way.

A processor may have instructions for bfloat16 and still be slower with it, or have none and emulate it at a
tenth of the speed; so nothing is concluded from its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import files
from engine.errors import CorruptRun

FILE = "precision.json"
FP32, BF16 = "fp32", "bf16"
MIN_TURNS, MAX_TURNS, SECONDS = 5, 20, 2.0
"""least and most turns, and the time after which no more are added: the best of many is free of other load"""
MIN_SPEEDUP = 1.1
"""bfloat16 is chosen when it is at least this many times as fast, since its sums are less precise"""


@dataclass(frozen=True, slots=True)
class TimedWork:
    """`what` is done by `run` in the precision given, without side effects; `machine` names everything that
    its duration depends on."""

    what: str
    machine: str
    run: Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the same update in each precision."""

    fp32: float
    bf16: float

    @property
    def choice(self) -> str:
        return BF16 if self.fp32 >= MIN_SPEEDUP * self.bf16 else FP32

    @property
    def summary(self) -> str:
        return f"{1e3 * self.fp32:.1f} ms in fp32, {1e3 * self.bf16:.1f} ms in bf16"


def resolve_precision(
    requested: str, recorded: str | None, cache: Path, work: TimedWork, note: Callable[[str], object]
) -> str:
    """fp32 or bf16: as `requested` unless that is auto, as `recorded` when the run began, else the faster.

    `note` is called with one line about a timing.
    """
    if requested != "auto":
        return requested
    if recorded is not None:
        return recorded
    timing = cached_timing(cache, work)
    note(f"Precision {timing.choice}: {work.what} takes {timing.summary}.")
    return timing.choice


def cached_timing(cache: Path, work: TimedWork) -> Timing:
    """The timing cached for the machine, else a new one."""
    path = cache / FILE
    known = _read(path)
    if work.machine not in known:
        known = {**known, work.machine: measure(work.run)}
        cache.mkdir(parents=True, exist_ok=True)
        files.write_json(path, {name: {FP32: one.fp32, BF16: one.bf16} for name, one in known.items()})
    return known[work.machine]


def measure(update: Callable[[str], object], clock: Callable[[], float] = time.perf_counter) -> Timing:
    """The best of several turns of each, in alternation, so that other load on the machine slows both."""
    best: dict[str, float] = {}
    start = clock()
    for turn in range(MAX_TURNS + 1):
        if turn > MIN_TURNS and clock() - start > SECONDS:
            break
        for precision in (FP32, BF16):
            began = clock()
            update(precision)
            if turn:  # the first turn only warms up
                best[precision] = min(best.get(precision, float("inf")), clock() - began)
    return Timing(best[FP32], best[BF16])


def _read(path: Path) -> Mapping[str, Timing]:
    """The cached timings; empty for a file that cannot be read."""
    try:
        found = files.read_json(path) or {}
        return {name: Timing(float(one[FP32]), float(one[BF16])) for name, one in found.items()}
    except (CorruptRun, TypeError, KeyError, ValueError):
        return {}

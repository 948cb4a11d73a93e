"""In which numbers to multiply, float32 or bfloat16: timed once on each machine, and remembered.

A processor may have instructions for bfloat16 and still be slower with it, or have none and emulate it at a
tenth of the speed; so nothing is concluded from its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine import store
from engine.errors import CorruptRun

FILE = "precision.json"
FP32, BF16 = "fp32", "bf16"
TURNS, MOST, SECONDS = 5, 20, 2.0
"""more than the least number of turns while there is time: the best of many is not a neighbour's doing"""
WORTH = 1.1
"""bfloat16 has to be so many times as fast: its sums are coarser"""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of the same update in either."""

    fp32: float
    bf16: float

    @property
    def choice(self) -> str:
        return BF16 if self.fp32 >= WORTH * self.bf16 else FP32

    @property
    def words(self) -> str:
        took = f"{1e3 * self.fp32:.1f} ms in fp32, {1e3 * self.bf16:.1f} ms in bf16"
        return f"{self.choice}: an update takes {took}"


def settled(cache: Path, machine: str, update: Callable[[str], object]) -> Timing:
    """As it was found on this `machine`, else from timing `update(precision)`, which must change nothing."""
    path = cache / FILE
    known = _read(path)
    if machine not in known:
        known = {**known, machine: timed(update)}
        cache.mkdir(parents=True, exist_ok=True)
        store.write_json(path, {name: {FP32: one.fp32, BF16: one.bf16} for name, one in known.items()})
    return known[machine]


def timed(update: Callable[[str], object], clock: Callable[[], float] = time.perf_counter) -> Timing:
    """The best of some turns each, in alternation, so that a busy neighbour slows both."""
    best: dict[str, float] = {}
    start = clock()
    for turn in range(MOST + 1):
        if turn > TURNS and clock() - start > SECONDS:
            break
        for precision in (FP32, BF16):
            began = clock()
            update(precision)
            if turn:  # the first one only warms up
                best[precision] = min(best.get(precision, float("inf")), clock() - began)
    return Timing(best[FP32], best[BF16])


def _read(path: Path) -> Mapping[str, Timing]:
    """What is damaged or of another kind is measured anew."""
    try:
        found = store.read_json(path) or {}
        return {name: Timing(float(one[FP32]), float(one[BF16])) for name, one in found.items()}
    except (CorruptRun, TypeError, KeyError, ValueError):
        return {}

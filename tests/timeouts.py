"""Timeouts of tests that hold on a busy machine.

Loops that wait for a condition measure `quiet_seconds`, a clock that runs more slowly the higher the load of
the machine is; calls with a timeout of their own get `LONG`, which only a hang exceeds.
"""

from __future__ import annotations

import os
import time

LONG = 1200.0
CORES = len(os.sched_getaffinity(0))


class QuietClock:
    """Seconds scaled by the load: a second counts as cores / load where the load exceeds the cores."""

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self._passed = 0.0

    def __call__(self) -> float:
        now = time.monotonic()
        self._passed += (now - self._seen) * min(1.0, CORES / max(1.0, os.getloadavg()[0]))
        self._seen = now
        return self._passed


quiet_seconds = QuietClock()

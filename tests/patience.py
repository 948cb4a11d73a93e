"""How long a test waits before it says that what it waits for does not come.

A bound in seconds breaks on a busy machine. Loops that wait for a condition count `quiet_seconds`, which
pass more slowly the more processes want the cores; calls that wait by themselves get `LONG`, which only a
hang takes.
"""

from __future__ import annotations

import os
import time

LONG = 1200.0
CORES = len(os.sched_getaffinity(0))


class QuietClock:
    """Seconds in which a core was to be had: each counts as cores / load where the load is higher."""

    def __init__(self) -> None:
        self._seen = time.monotonic()
        self._passed = 0.0

    def __call__(self) -> float:
        now = time.monotonic()
        self._passed += (now - self._seen) * min(1.0, CORES / max(1.0, os.getloadavg()[0]))
        self._seen = now
        return self._passed


quiet_seconds = QuietClock()

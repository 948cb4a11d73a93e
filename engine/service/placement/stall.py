"""Detect running runs that have made no step for long."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

LEAST_SECONDS = 60.0
STEPS = 20
"""a stall is the usual time of this many steps without a beat, and at least LEAST_SECONDS"""


@dataclass(slots=True)
class StallWatch:
    """When each beat file last changed, on the monotonic clock: jumps of the wall clock have no effect."""

    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def idle_seconds(self, run_id: str, beat: Path, now: float) -> float:
        """Seconds since the last beat; 0 before the first one, while the framework is loaded."""
        try:
            modified = os.stat(beat).st_mtime_ns
        except OSError:
            self.forget(run_id)
            return 0.0
        last, since = self._seen.get(run_id, (0, now))
        if modified != last:
            self._seen[run_id] = (modified, now)
            return 0.0
        return now - since

    def forget(self, run_id: str) -> None:
        self._seen.pop(run_id, None)


def stall_notice(idle_seconds: float, rate: float) -> str:
    """A line for the user, empty without a stall; `rate` in steps a second, 0 where it is not known."""
    limit = max(LEAST_SECONDS, STEPS / rate if rate > 0 else 0.0)
    return f"no step for {idle_seconds:.0f} s" if idle_seconds > limit else ""

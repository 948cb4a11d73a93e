"""Whether a run that should be training has stopped moving."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

LEAST_SECONDS = 60.0
STEPS = 20
"""a stall is this many usual steps without a sign of life, and no less than LEAST_SECONDS"""


@dataclass(slots=True)
class StallWatch:
    """When each beat was last seen to change, on the monotonic clock: a clock that jumps stalls nobody."""

    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def silence(self, run_id: str, beat: Path, now: float) -> float:
        """Seconds without a beat; 0 before the first one: loading a framework takes its time."""
        try:
            moved = os.stat(beat).st_mtime_ns
        except OSError:
            self.forget(run_id)
            return 0.0
        last, since = self._seen.get(run_id, (0, now))
        if moved != last:
            self._seen[run_id] = (moved, now)
            return 0.0
        return now - since

    def forget(self, run_id: str) -> None:
        self._seen.pop(run_id, None)


def notice(silence: float, rate: float) -> str:
    """Words for the user, or none; `rate` in steps a second, 0 where it is not known."""
    limit = max(LEAST_SECONDS, STEPS / rate if rate > 0 else 0.0)
    return f"no step for {silence:.0f} s" if silence > limit else ""

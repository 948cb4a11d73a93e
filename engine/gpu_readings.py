"""What the service reads from the GPUs, in one file of the home for all workers.

The service asks the driver once for all runs and writes while a run has a GPU; a worker reads the file when
it measures. Times are of the monotonic clock, which the processes of a machine share. Standard library only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "gpus.json"
"""in the home; it can be deleted at any time"""
LATE_SECONDS = 15.0
"""after which a file says nothing any more: the service has ended, or the driver does not answer"""
LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class GpuReading:
    """`busy` counts up the seconds in which the GPU computed, among the `seen` seconds since the service
    watches it: the difference of two readings is its use between them. None: the driver does not tell."""

    number: int
    seen: float
    busy: float | None
    used_bytes: int
    total_bytes: int
    watts: float | None = None
    celsius: float | None = None


def to_bytes(now: float, readings: Mapping[str, GpuReading]) -> bytes:
    """`readings` by the UUID of the GPU."""
    gpus = {
        uuid: [
            one.number, round(one.seen, 2), None if one.busy is None else round(one.busy, 3), one.used_bytes,
            one.total_bytes, one.watts, one.celsius,
        ]
        for uuid, one in readings.items()
    }  # fmt: skip
    return json.dumps({"at": round(now, 3), "gpus": gpus}, separators=(",", ":")).encode()


def read(path: Path, names: Sequence[str], now: float) -> list[GpuReading]:
    """Those of these GPUs, by UUID or number, of the last LATE_SECONDS."""
    try:
        with path.open("rb") as file:
            data: Any = json.loads(file.read(LIMIT))
        if abs(now - data["at"]) > LATE_SECONDS:
            return []
        by_uuid = {uuid: GpuReading(*one) for uuid, one in data["gpus"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    found = [one for uuid, one in by_uuid.items() if uuid in names or str(one.number) in names]
    return [one for one in found if _is_plain(one)]


def _is_plain(one: GpuReading) -> bool:
    numbers = (one.seen, one.used_bytes, one.total_bytes)
    told = [value for value in (one.busy, one.watts, one.celsius) if value is not None]
    return type(one.number) is int and all(isinstance(value, int | float) for value in (*numbers, *told))


def use_between(before: GpuReading | None, now: GpuReading) -> float | None:
    """0 to 1; since the service watches it where `before` is not of the same service."""
    if now.busy is None:
        return None
    seen, busy = now.seen, now.busy
    if before is not None and before.busy is not None and before.seen < now.seen:
        seen, busy = now.seen - before.seen, now.busy - before.busy
    return min(1.0, max(0.0, busy / seen)) if seen > 0 else None

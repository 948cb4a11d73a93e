"""Tells the workers of this machine what the GPUs do: adds up their use, writes the file that they read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine import files, gpu_readings
from engine.gpu_readings import LATE_SECONDS, GpuReading
from engine.machine_protocol import Gpu

WRITE_SECONDS = 4.0
"""between two files: a worker measures every five seconds"""


@dataclass(slots=True)
class _Sums:
    seen: float = 0.0
    busy: float = 0.0
    at: float = 0.0


@dataclass(slots=True)
class GpuUseMeter:
    """Nothing is written while no run has a GPU."""

    path: Path
    _sums: dict[str, _Sums] = field(default_factory=dict)
    _write_at: float = 0.0
    _last_error: str = ""

    def update(self, gpus: Sequence[Gpu], now: float, *, are_in_use: bool) -> None:
        """A reading of the driver; `now` on the monotonic clock. A reading that failed is a gap."""
        for gpu in gpus:
            sums = self._sums.setdefault(gpu.uuid, _Sums(at=now))
            lasted = now - sums.at
            if 0 < lasted <= LATE_SECONDS:
                sums.seen, sums.busy = sums.seen + lasted, sums.busy + gpu.busy * lasted
            sums.at = now
        if gpus and are_in_use and now >= self._write_at:
            self._write_at = now + WRITE_SECONDS
            self._write(gpus, now)

    def _write(self, gpus: Sequence[Gpu], now: float) -> None:
        readings = {gpu.uuid: self._reading(gpu, place) for place, gpu in enumerate(gpus)}
        try:
            files.write_bytes(self.path, gpu_readings.to_bytes(now, readings), sync=False)
            self._last_error = ""
        except OSError as error:
            if str(error) != self._last_error:
                self._last_error = str(error)
                logging.warning("what the GPUs do cannot be told to the workers: %s", error)

    def _reading(self, gpu: Gpu, place: int) -> GpuReading:
        sums = self._sums[gpu.uuid]
        number = place if gpu.number is None else gpu.number
        busy = sums.busy if gpu.is_busy_known else None
        return GpuReading(
            number, sums.seen, busy, gpu.used_bytes, gpu.total_bytes, gpu.watts, gpu.celsius
        )  # fmt: skip

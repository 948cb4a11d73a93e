"""What a run used of its machine, folded from its events: means, peaks, and for how long the GPU was idle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine import point_columns, system_metrics
from engine.events import Event
from engine.protocol import Json
from engine.service.runs.system_verdict import IDLE_GPU, SystemUse
from engine.system_metrics import (
    CPU,
    DISK_WAIT,
    GPU_BYTES,
    GPU_MEMORY,
    GPU_USE,
    MACHINE_CPU,
    MEGABYTE,
    MEMORY,
    RSS,
    is_of_gpu,
)
from engine.typed_json import Number, typed

SECONDS = 5.0
"""that a measurement stands for where the one before is not known"""
RECENT = 60.0
PEAKS_LIMIT = 256
_GPU_USE, _GPU_MEMORY = "gpu", "gpu memory"
_OF_GPUS = {_GPU_USE: GPU_USE, _GPU_MEMORY: GPU_MEMORY}


@dataclass(slots=True)
class SystemStats:
    """A resumed run goes on: what was used is used."""

    cores: int = 0
    """that the run may use; 0 where that is not known"""
    sums: dict[str, float] = field(default_factory=dict)
    """value times seconds, by quantity"""
    seconds: dict[str, float] = field(default_factory=dict)
    """in which it is known"""
    peaks: dict[str, float] = field(default_factory=dict)
    """by metric"""
    idle: float = 0.0
    """the longest time in seconds for which the GPU had no work"""
    idle_now: float = field(default=0.0, compare=False)
    _recent: deque[tuple[float, dict[str, float]]] = field(default_factory=deque, compare=False)
    _clock: float | None = field(default=None, compare=False)

    def start(self, event: Event) -> None:
        """A new attempt."""
        self._clock, self.idle_now = event.clock, 0.0
        self._recent.clear()

    def add(self, event: Event) -> None:
        """A `system` event."""
        now, before = event.clock, self._clock
        lasted = now - before if before is not None and now > before else SECONDS
        self._clock = now
        self.cores = typed(event.facts.get("cores", self.cores), int)
        values = system_metrics.values_of(event.facts)
        self._raise_peaks(values)
        quantities = _quantities(values)
        self._recent.append((lasted, quantities))
        while sum(length for length, _ in self._recent) > RECENT and len(self._recent) > 1:
            self._recent.popleft()
        for name, value in quantities.items():
            self._count(name, value * lasted, lasted)
        self._count_idle(quantities.get(_GPU_USE), lasted)

    def add_columns(self, series: Mapping[str, list[str]]) -> None:
        """Points of an imported run: each counts as much."""
        for name in filter(system_metrics.is_system, series):
            values = [value for value in point_columns.steps_and_values(series, name)[1] if value == value]
            if values:
                self._raise_peaks({name: max(values)})
                if (quantity := _quantity_of(name)) is not None:
                    self._count(quantity, sum(values), len(values))

    @property
    def peak_memory(self) -> int:
        """Bytes of its processes."""
        return round(self.peaks.get(RSS, 0.0) * MEGABYTE)

    @property
    def peak_gpu_memory(self) -> int:
        """Bytes of all its GPUs together."""
        return round(sum(value for name, value in self.peaks.items() if is_of_gpu(name, GPU_BYTES)))

    @property
    def gpu_use(self) -> float:
        """Percent, the mean of all of the training; 0 without a GPU."""
        return round(self._means().get(_GPU_USE, 0.0), 1)

    def use(self, threads: int, *, is_over: bool) -> SystemUse:
        """Of the last minute, or of all; `threads`: at most as many cores count as its own, 0 for all."""
        means = self._means() if is_over else self._recent_means()
        percent = means.get(CPU)
        memory = self.peaks.get(MEMORY) if is_over else means.get(MEMORY)
        return SystemUse(
            cores=None if percent is None or not self.cores else percent * self.cores / 100,
            of=min(threads or self.cores, self.cores),
            cpu=percent,
            memory=memory,
            disk_wait=means.get(DISK_WAIT),
            machine=means.get(MACHINE_CPU),
            gpu=means.get(_GPU_USE),
            gpu_memory=means.get(_GPU_MEMORY),
            idle=self.idle if is_over else self.idle_now,
            is_over=is_over,
        )

    def _means(self) -> dict[str, float]:
        return {name: total / self.seconds[name] for name, total in self.sums.items() if self.seconds[name]}

    def _recent_means(self) -> dict[str, float]:
        names = dict.fromkeys(name for _, values in self._recent for name in values)
        return {name: _mean((value[name], lasted) for lasted, value in self._recent if name in value)
                for name in names}  # fmt: skip

    def _count(self, name: str, total: float, seconds: float) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + total
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def _count_idle(self, gpu: float | None, lasted: float) -> None:
        """What is not known is no idle time."""
        self.idle_now = self.idle_now + lasted if gpu is not None and gpu <= IDLE_GPU else 0.0
        self.idle = max(self.idle, self.idle_now)

    def _raise_peaks(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            if name in self.peaks or len(self.peaks) < PEAKS_LIMIT:
                self.peaks[name] = max(value, self.peaks.get(name, value))


def _quantities(values: Mapping[str, float]) -> dict[str, float]:
    """Those of which means are kept; of several GPUs their mean."""
    found: dict[str, list[float]] = {}
    for name, value in values.items():
        if (quantity := _quantity_of(name)) is not None:
            found.setdefault(quantity, []).append(value)
    return {quantity: sum(several) / len(several) for quantity, several in found.items()}


def _quantity_of(metric: str) -> str | None:
    if metric in (CPU, MEMORY, DISK_WAIT, MACHINE_CPU):
        return metric
    return next((quantity for quantity, field in _OF_GPUS.items() if is_of_gpu(metric, field)), None)


def _mean(weighted: Iterable[tuple[float, float]]) -> float:
    pairs = list(weighted)
    return sum(value * weight for value, weight in pairs) / sum(weight for _, weight in pairs)


# --- to and from JSON, for the index ----------------------------------------------------------------------


def to_json(stats: SystemStats) -> Json:
    """Empty where nothing was measured."""
    if not stats.peaks:
        return {}
    return {
        "cores": stats.cores, "sums": stats.sums, "seconds": stats.seconds, "peaks": stats.peaks,
        "idle": stats.idle,
    }  # fmt: skip


def peaks_in(tail: Json) -> Mapping[str, float]:
    """Those of the stats in the index."""
    try:
        return from_json(tail["digest"]["system"]).peaks
    except (KeyError, TypeError, ValueError):
        return {}


def from_json(data: Json) -> SystemStats:
    """Raises KeyError or ValueError."""
    if not data:
        return SystemStats()
    numbers = dict[str, Number]
    return SystemStats(
        typed(data["cores"], int),
        typed(data["sums"], numbers),
        typed(data["seconds"], numbers),
        typed(data["peaks"], numbers),
        typed(data["idle"], float),
    )

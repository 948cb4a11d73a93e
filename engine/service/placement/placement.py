"""Which GPUs a run may use: those with enough free memory and without other users' processes. One run of ours
per GPU, unless runs take shares of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.protocol import Gpu
from engine.service.placement.queue import FreeGpus

GIB = 1 << 30
OPEN_FREE = 4 * GIB
CLOSE_FREE = 2 * GIB
"""bytes of free memory that open a GPU for runs, and below which an open one is closed"""
OPEN_FOREIGN = 1 * GIB
CLOSE_FOREIGN = 2 * GIB
"""bytes of other users' processes below which a GPU is opened, and above which an open one is closed"""


@dataclass(slots=True)
class GpuPlacement:
    """Keeps which GPUs are open, with hysteresis: a value that varies about one limit changes nothing."""

    order: tuple[str, ...] = ()
    """UUIDs or indices in the order of preference; where given, no other GPU is used"""
    _open: set[str] = field(default_factory=set)

    def update(self, gpus: Sequence[Gpu], held: Iterable[str]) -> FreeGpus:
        """The GPUs that a run may use now. `held`: UUIDs of those that runs of ours use."""
        if not gpus:
            return FreeGpus()
        named = self._named(gpus)
        if not named:
            return FreeGpus((), f"DLTUI_GPUS={','.join(self.order)} names none that this machine has")
        own = set(held)
        reasons = {gpu.uuid: self._why_closed(gpu, gpu.uuid in own) for gpu in named}
        free = tuple(gpu.uuid for gpu in named if not reasons[gpu.uuid])
        shared = tuple(gpu.uuid for gpu in named if gpu.uuid in own and _can_share(gpu))
        why_none = "; ".join(f"{gpu.name} {reasons[gpu.uuid]}" for gpu in named if reasons[gpu.uuid])
        return FreeGpus(free, why_none, shared)

    def _named(self, gpus: Sequence[Gpu]) -> list[Gpu]:
        """In the order of preference; without one, by free memory, the most first."""
        if not self.order:
            return sorted(gpus, key=lambda gpu: gpu.used_bytes - gpu.total_bytes)
        by_name = {str(index): gpu for index, gpu in enumerate(gpus)} | {gpu.uuid: gpu for gpu in gpus}
        return [by_name[name] for name in self.order if name in by_name]

    def _why_closed(self, gpu: Gpu, own: bool) -> str:
        if own:
            self._open.add(gpu.uuid)
            return "is used by a run of dltui"
        was_open = gpu.uuid in self._open
        least_free = CLOSE_FREE if was_open else OPEN_FREE
        most_foreign = CLOSE_FOREIGN if was_open else OPEN_FOREIGN
        free = gpu.total_bytes - gpu.used_bytes
        self._open.discard(gpu.uuid)
        if gpu.foreign_bytes > most_foreign:
            return f"is used by others ({gpu.foreign_bytes / GIB:.1f} GiB)"
        if free < least_free:
            return f"has {free / GIB:.1f} GiB free, expected {least_free / GIB:.0f}"
        self._open.add(gpu.uuid)
        return ""


def _can_share(gpu: Gpu) -> bool:
    """Whether a GPU that runs of ours use has memory for one more that takes a share."""
    return gpu.foreign_bytes <= CLOSE_FOREIGN and gpu.total_bytes - gpu.used_bytes >= CLOSE_FREE

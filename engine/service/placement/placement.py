"""Which GPUs a run may be put on: enough free memory, nobody else at work on them, one run of ours each
unless they take shares of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from engine.protocol import Gpu
from engine.service.placement.queue import Gpus

GIB = 1 << 30
OPEN_FREE = 4 * GIB
SHUT_FREE = 2 * GIB
"""free memory that opens a GPU, and below which an open one shuts"""
OPEN_FOREIGN = 1 * GIB
SHUT_FOREIGN = 2 * GIB
"""memory of other people's processes below which a GPU opens, and above which an open one shuts"""


@dataclass(slots=True)
class GpuPlacement:
    """Remembers which GPUs are open: a value that swings about a limit does not open and shut them."""

    order: tuple[str, ...] = ()
    """UUIDs or positions in the order of preference; where given, no other GPU is used"""
    _open: set[str] = field(default_factory=set)

    def update(self, gpus: Sequence[Gpu], held: Iterable[str]) -> Gpus:
        """The GPUs that are free now; `held` are the UUIDs that runs of ours are on."""
        if not gpus:
            return Gpus()
        named = self._named(gpus)
        if not named:
            return Gpus((), f"DLTUI_GPUS={','.join(self.order)} names none that this machine has")
        ours = set(held)
        whys = {gpu.uuid: self._why_shut(gpu, gpu.uuid in ours) for gpu in named}
        free = tuple(gpu.uuid for gpu in named if not whys[gpu.uuid])
        shared = tuple(gpu.uuid for gpu in named if gpu.uuid in ours and _takes_more(gpu))
        why_none = "; ".join(f"{gpu.name} {whys[gpu.uuid]}" for gpu in named if whys[gpu.uuid])
        return Gpus(free, why_none, shared)

    def _named(self, gpus: Sequence[Gpu]) -> list[Gpu]:
        """In the order of preference; without one, those with the most free memory first."""
        if not self.order:
            return sorted(gpus, key=lambda gpu: gpu.used_bytes - gpu.total_bytes)
        by_name = {str(place): gpu for place, gpu in enumerate(gpus)} | {gpu.uuid: gpu for gpu in gpus}
        return [by_name[name] for name in self.order if name in by_name]

    def _why_shut(self, gpu: Gpu, ours: bool) -> str:
        if ours:
            self._open.add(gpu.uuid)
            return "is used by a run of dltui"
        was_open = gpu.uuid in self._open
        least_free = SHUT_FREE if was_open else OPEN_FREE
        most_foreign = SHUT_FOREIGN if was_open else OPEN_FOREIGN
        free = gpu.total_bytes - gpu.used_bytes
        self._open.discard(gpu.uuid)
        if gpu.foreign_bytes > most_foreign:
            return f"is used by others ({gpu.foreign_bytes / GIB:.1f} GiB)"
        if free < least_free:
            return f"has {free / GIB:.1f} GiB free, expected {least_free / GIB:.0f}"
        self._open.add(gpu.uuid)
        return ""


def _takes_more(gpu: Gpu) -> bool:
    """Beside a run of ours, one more that wants a part of it."""
    return gpu.foreign_bytes <= SHUT_FOREIGN and gpu.total_bytes - gpu.used_bytes >= SHUT_FREE

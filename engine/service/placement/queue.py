"""The queue, first come, first served: which runs may start, and a reason for each that waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CPU = "cpu"
ROUNDING = 1e-9
"""tolerance of a sum of shares: three thirds of a GPU are one"""


@dataclass(frozen=True, slots=True)
class QueuedRun:
    id: str
    name: str
    threads: int
    device: str
    """auto, cpu or gpu"""
    since: float
    share: float = 1.0
    """of a GPU"""
    gpus: tuple[str, ...] | None = None
    """the only GPUs that it may use; None: any"""
    limit: str = ""
    """CUDA_VISIBLE_DEVICES of its shell, where that is set"""

    def may_use(self, gpu: str) -> bool:
        return self.gpus is None or gpu in self.gpus


@dataclass(frozen=True, slots=True)
class ActiveRun:
    """A run that uses resources; `gpu` is the UUID of its GPU, empty on the CPU."""

    id: str
    name: str
    threads: int
    gpu: str = ""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class FreeGpus:
    """The GPUs a run may use, best first, and why the others are not available."""

    free: tuple[str, ...] = ()
    why_none: str = "this machine has none"
    shared: tuple[str, ...] = ()
    """GPUs that runs of ours use and that have memory for more"""


@dataclass(frozen=True, slots=True)
class QueuedStart:
    id: str
    device: str
    """cpu, or the UUID of a GPU"""


@dataclass(frozen=True, slots=True)
class QueuePlan:
    starts: tuple[QueuedStart, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """why each of the other runs waits, by id"""


def slots_of(threads: int, gpu: str, cores: int) -> int:
    """CPU slots that a run takes: its threads, at most `cores`; one for a run on a GPU."""
    return 1 if gpu else min(max(threads, 1), cores)


def slots_used(active: Iterable[ActiveRun], cores: int) -> int:
    return sum(slots_of(run.threads, run.gpu, cores) for run in active)


def plan(queued: Iterable[QueuedRun], active: Sequence[ActiveRun], cores: int, gpus: FreeGpus) -> QueuePlan:
    resources = _FreeResources(list(active), cores, gpus)
    for run in sorted(queued, key=lambda run: (run.since, run.id)):
        resources.place(run)
    return QueuePlan(tuple(resources.starts), resources.reasons)


class _FreeResources:
    """What is left for the queued runs, placed in order. One that waits blocks its resource for the rest."""

    def __init__(self, active: list[ActiveRun], cores: int, gpus: FreeGpus) -> None:
        self._active, self._cores = active, cores
        self._gpus, self._why_no_gpu, self._shared = list(gpus.free), gpus.why_none, list(gpus.shared)
        self._first_waiting: dict[str, QueuedRun] = {}
        self.starts: list[QueuedStart] = []
        self.reasons: dict[str, str] = {}

    def place(self, run: QueuedRun) -> None:
        options: list[tuple[str, Callable[[QueuedRun], str]]] = []
        if run.device in ("auto", "gpu"):
            options.append(("gpu", self._try_gpu))
        if run.device != "gpu":
            options.append((CPU, self._try_cpu))
        why = ""
        for resource, attempt in options:
            ahead = self._first_waiting.get(resource) or self._first_waiting.get(_limited(resource, run))
            why = self._behind(ahead, run, resource) if ahead else attempt(run)
            if not why:
                return
        self.reasons[run.id] = why
        self._first_waiting.setdefault(_limited(options[-1][0], run), run)

    def _behind(self, ahead: QueuedRun, run: QueuedRun, resource: str) -> str:
        """The run ahead, and where this one would fit into what is free, why it does not start."""
        first, own = (slots_of(one.threads, "", self._cores) for one in (ahead, run))
        free = self._free_slots()
        if resource != CPU or own > free:
            return f"waits behind {ahead.name}"
        return (
            f"waits behind {ahead.name}, which needs {first} CPU threads ({free} free); runs start in order"
        )

    def _try_gpu(self, run: QueuedRun) -> str:
        gpu = self._shared_gpu(run)
        free = next((one for one in self._gpus if run.may_use(one)), "")
        if run.gpus == ():
            return f"needs a GPU: CUDA_VISIBLE_DEVICES of its shell leaves none ({_why_none(run.limit)})"
        if not gpu and not free:
            limit = " (CUDA_VISIBLE_DEVICES limits the choice)" if self._gpus else ""
            return f"needs a GPU: {self._why_no_gpu}{limit}"
        if self._free_slots() < 1:
            return self._no_slots(1)
        if not gpu:
            gpu = free
            self._gpus.remove(gpu)
            self._shared.append(gpu)
        self._start(run, gpu)
        return ""

    def _shared_gpu(self, queued: QueuedRun) -> str:
        """A GPU in use that has that share left; empty where none has."""
        for gpu in filter(queued.may_use, self._shared):
            if sum(run.share for run in self._active if run.gpu == gpu) + queued.share <= 1 + ROUNDING:
                return gpu
        return ""

    def _try_cpu(self, run: QueuedRun) -> str:
        needed = slots_of(run.threads, "", self._cores)
        if self._free_slots() < needed:
            return self._no_slots(needed)
        self._start(run, "")
        return ""

    def _start(self, run: QueuedRun, gpu: str) -> None:
        self.starts.append(QueuedStart(run.id, gpu or CPU))
        self._active.append(ActiveRun(run.id, run.name, run.threads, gpu, run.share))

    def _free_slots(self) -> int:
        return self._cores - slots_used(self._active, self._cores)

    def _no_slots(self, needed: int) -> str:
        """For example: needs 2 CPU threads, 0 free: mnist-3fa2 holds 2."""
        named = [f"{r.name} holds {slots_of(r.threads, r.gpu, self._cores)}" for r in self._active[:3]]
        more = len(self._active) - len(named)
        holders = ", ".join(named) + (f" and {more} more" if more > 0 else "")
        threads = "thread" if needed == 1 else "threads"
        return f"needs {needed} CPU {threads}, {max(0, self._free_slots())} free: {holders}"


def _why_none(limit: str) -> str:
    if "MIG-" in limit:
        return f"{limit[:60]} is an instance, and runs are placed on whole GPUs: name the GPU"
    return f"{limit[:60]} names none of this machine" if limit.strip() else "it is empty"


def _limited(resource: str, run: QueuedRun) -> str:
    """The resource that the run holds up while it waits: of the GPUs only those that it may use."""
    return f"{resource} {run.gpus}" if resource != CPU and run.gpus is not None else resource

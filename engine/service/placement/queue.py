"""Who may start, who has to wait, and why, in words. First come, first served."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

CPU = "cpu"
ROUNDING = 1e-9
"""three thirds of a GPU are one"""


@dataclass(frozen=True, slots=True)
class Waiting:
    id: str
    name: str
    threads: int
    device: str
    """auto, cpu or gpu"""
    since: float
    share: float = 1.0
    """of a GPU"""


@dataclass(frozen=True, slots=True)
class Holding:
    """A run at work; `gpu` is the UUID of its GPU, empty on the CPU."""

    id: str
    name: str
    threads: int
    gpu: str = ""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Gpus:
    """The GPUs a run may be put on, best first, and why there is none besides them."""

    free: tuple[str, ...] = ()
    why_none: str = "this machine has none"
    shared: tuple[str, ...] = ()
    """those that runs of ours are on and that could take more of them"""


@dataclass(frozen=True, slots=True)
class QueuedStart:
    id: str
    device: str
    """cpu, or the UUID of a GPU"""


@dataclass(frozen=True, slots=True)
class QueuePlan:
    starts: tuple[QueuedStart, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)
    """why each of the others waits, by id"""


def slots_of(threads: int, gpu: str, cores: int) -> int:
    """CPU slots a run takes: its threads, all there are where it wants more, one beside a GPU."""
    return 1 if gpu else min(max(threads, 1), cores)


def used(holding: Iterable[Holding], cores: int) -> int:
    return sum(slots_of(run.threads, run.gpu, cores) for run in holding)


def plan(waiting: Iterable[Waiting], holding: Sequence[Holding], cores: int, gpus: Gpus) -> QueuePlan:
    desk = _FreeResources(list(holding), cores, gpus)
    for run in sorted(waiting, key=lambda run: (run.since, run.id)):
        desk.serve(run)
    return QueuePlan(tuple(desk.starts), desk.reasons)


class _FreeResources:
    """Serves one run after the other; who cannot be served closes what it waits for to all behind it."""

    def __init__(self, holding: list[Holding], cores: int, gpus: Gpus) -> None:
        self._holding, self._cores = holding, cores
        self._gpus, self._why_no_gpu, self._shared = list(gpus.free), gpus.why_none, list(gpus.shared)
        self._first: dict[str, Waiting] = {}
        self.starts: list[QueuedStart] = []
        self.reasons: dict[str, str] = {}

    def serve(self, run: Waiting) -> None:
        ways: list[tuple[str, Callable[[Waiting], str]]] = []
        if run.device in ("auto", "gpu"):
            ways.append(("gpu", self._try_gpu))
        if run.device != "gpu":
            ways.append((CPU, self._try_cpu))
        why = ""
        for resource, attempt in ways:
            ahead = self._first.get(resource)
            why = f"waits behind {ahead.name}" if ahead else attempt(run)
            if not why:
                return
        self.reasons[run.id] = why
        self._first.setdefault(ways[-1][0], run)

    def _try_gpu(self, run: Waiting) -> str:
        shared = self._with_room(run.share)
        if not shared and not self._gpus:
            return f"needs a GPU: {self._why_no_gpu}"
        if self._left() < 1:
            return self._no_slots(1)
        if not shared:
            shared = self._gpus.pop(0)
            self._shared.append(shared)
        self._start(run, shared)
        return ""

    def _with_room(self, share: float) -> str:
        """A GPU whose runs leave that share of it; empty where none does."""
        for gpu in self._shared:
            if sum(run.share for run in self._holding if run.gpu == gpu) + share <= 1 + ROUNDING:
                return gpu
        return ""

    def _try_cpu(self, run: Waiting) -> str:
        need = slots_of(run.threads, "", self._cores)
        if self._left() < need:
            return self._no_slots(need)
        self._start(run, "")
        return ""

    def _start(self, run: Waiting, gpu: str) -> None:
        self.starts.append(QueuedStart(run.id, gpu or CPU))
        self._holding.append(Holding(run.id, run.name, run.threads, gpu, run.share))

    def _left(self) -> int:
        return self._cores - used(self._holding, self._cores)

    def _no_slots(self, need: int) -> str:
        """Such as: needs 2 CPU threads, 0 free: mnist-3fa2 holds 2."""
        shown = [f"{r.name} holds {slots_of(r.threads, r.gpu, self._cores)}" for r in self._holding[:3]]
        more = len(self._holding) - len(shown)
        holders = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
        threads = "thread" if need == 1 else "threads"
        return f"needs {need} CPU {threads}, {max(0, self._left())} free: {holders}"

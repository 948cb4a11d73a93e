"""What needs no GPU to be right, with a pretended driver: the words of doctor, placement on several GPUs, use
over time, and the refusal of another kind of GPU. A row has what was said."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from checkpoints.errors import MismatchedCheckpoint
from engine import gpu_readings
from engine.machine_protocol import Finding
from engine.service.health import gpu_driver, gpu_frameworks
from engine.service.health.gpu_frameworks import Build
from engine.service.placement.gpu_use_meter import GpuUseMeter
from engine.service.placement.gpus import GpuPlacement, Nvml, visible_gpus
from engine.service.placement.queue import ActiveRun, QueuedRun, plan
from engine.store import RunFolder
from engine.worker.system_sampler import SystemSampler
from tests.engine.worker.attempts import new_run, train, weights
from tests.fakes.nvml import GIB, LOST, NO_PERMISSION, PretendedGpu, PretendedNvml
from tests.gpu.exact_resume import PausedFrom
from tests.gpu.result import GpuResult, GpuSetting, Results, check

DRIVER = "580.65.06"
TORCH = Build("torch", "2.13.0+cu130", "13.0")


def results(setting: GpuSetting) -> Results:
    yield from doctor()
    yield from placement()
    yield use_over_time(setting)
    with contextlib.redirect_stdout(sys.stderr):
        yield another_kind(setting)
        yield another_device(setting)


@contextlib.contextmanager
def installed(nvml: PretendedNvml) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        nvml.install(patch)
        yield patch


# --- doctor -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DoctorCase:
    what: str
    gpus: tuple[PretendedGpu, ...]
    words: tuple[str, ...]
    """of which each has to be in what is said"""
    driver: str = DRIVER
    error: str = ""
    order: tuple[str, ...] = ()
    """as in DLTUI_GPUS"""


def cases() -> tuple[DoctorCase, ...]:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    one, held = PretendedGpu(), {os.getpid(): GIB, gone.pid: 8 * GIB}
    return (
        DoctorCase("all is well", (one, one), ("NVIDIA H200", DRIVER)),
        DoctorCase("too old a driver", (one,), ("CUDA 13.0", "needs driver 580", "535.183"), "535.183.01"),
        DoctorCase("no permission for NVML", (one,), (NO_PERMISSION, "/dev/nvidia"), error=NO_PERMISSION),
        DoctorCase("a driver without a GPU", (), ("shows no GPU",)),
        DoctorCase("a GPU that is lost", (one, PretendedGpu(error=LOST)), ("GPU 1 does not answer", LOST)),
        DoctorCase("MIG", (PretendedGpu(is_mig=True),), ("GPU 0", "MIG")),
        DoctorCase("ECC errors", (PretendedGpu(ecc_errors=3),), ("3 uncorrected memory errors",)),
        DoctorCase("memory of a process that is gone", (PretendedGpu(used=9 * GIB, processes=held),),
                   ("8.0 GiB", str(gone.pid), "is gone")),
        DoctorCase("a GPU by its number", (one, one), (DRIVER,), order=("1",)),
        DoctorCase("a GPU by its UUID", (one, one), (DRIVER,), order=("GPU-1",)),
        DoctorCase("a GPU that there is not", (one,), ("DLTUI_GPUS names 7", "0 (GPU-0)"), order=("7",)),
    )  # fmt: skip


def doctor() -> Results:
    for case in cases():
        found = said(case)
        text = " ".join(f"{one.text} {one.remedy}".strip() for one in found)
        is_right = all(word in text for word in case.words)
        # What is wrong is a finding of its own; without that there are the GPUs and PyTorch alone.
        is_right &= len(found) == 2 or case.words != (DRIVER,)
        yield check("pretended", f"doctor: {case.what}", is_right, text[:240])


def said(case: DoctorCase) -> list[Finding]:
    nvml = PretendedNvml(case.gpus, driver=case.driver)
    nvml.error = case.error
    with installed(nvml):
        driver = gpu_driver.read_driver()
        return [
            *gpu_driver.check(driver, case.order), gpu_frameworks.framework_finding("torch", TORCH, driver)
        ]  # fmt: skip


# --- placement ----------------------------------------------------------------------------------------------


def queued(name: str, number: int, share: float = 1.0, gpus: tuple[str, ...] | None = None) -> QueuedRun:
    return QueuedRun(name, name, 1, "gpu", float(number), share, gpus)


def placement() -> Results:
    """On three GPUs, of which others use one."""
    nvml = PretendedNvml(
        [
            PretendedGpu(used=60 * GIB),
            PretendedGpu(used=2 * GIB),
            PretendedGpu(used=5 * GIB, processes={1: 4 * GIB}),
        ]
    )
    seen = Nvml(nvml).read([])
    free = GpuPlacement().update(seen, [])
    yield check("pretended", "the GPU with the most free memory comes first, that of others is closed",
                free.free == ("GPU-1", "GPU-0") and "used by others (4.0 GiB)" in free.why_none,
                f"{', '.join(free.free)}; {free.why_none}")  # fmt: skip
    runs = [queued("a", 1), queued("b", 2, 0.5), queued("c", 3, 0.5), queued("d", 4)]
    made = plan(runs, [], 16, free)
    places = {start.id: start.device for start in made.starts}
    yield check("pretended", "a run has a GPU, two halves share one, a fourth waits",
                places == {"a": "GPU-1", "b": "GPU-0", "c": "GPU-0"} and "d" in made.reasons,
                f"{places}; d: {made.reasons.get('d', 'started')}")  # fmt: skip
    asked = {"number": "0", "UUID": "GPU-1", "none": "7"}
    limited = [
        queued(name, place, gpus=visible_gpus(limit, seen))
        for place, (name, limit) in enumerate(asked.items())
    ]
    made = plan(limited, [], 16, GpuPlacement().update(seen, []))
    places = {start.id: start.device for start in made.starts}
    yield check("pretended", "CUDA_VISIBLE_DEVICES by number, by UUID, and of none",
                places == {"number": "GPU-0", "UUID": "GPU-1"} and "leaves none" in made.reasons["none"],
                f"{places}; none: {made.reasons.get('none', 'started')}")  # fmt: skip
    nvml.gpus[1].error = LOST
    left = GpuPlacement().update(Nvml(nvml).read([]), ["GPU-0"])
    made = plan([queued("e", 1)], [ActiveRun("a", "a", 1, "GPU-0")], 16, left)
    why = made.reasons.get("e", "started")
    yield check("pretended", "nothing is placed on a GPU that is lost", not made.starts, why)


def use_over_time(setting: GpuSetting) -> GpuResult:
    """What the service reads every second, and a worker every five."""
    nvml = PretendedNvml([PretendedGpu(busy=20, used=14 * GIB, watts=300.0, celsius=60)])
    home = setting.folder / "use"
    home.mkdir()
    meter, history = GpuUseMeter(home / gpu_readings.FILE), []
    clock = [100.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.monotonic", lambda: clock[0])
        sampler = SystemSampler(os.getpid(), home, ["GPU-0"])
        for second in range(16):
            nvml.gpus[0].busy = 20 if second <= 5 else 80
            clock[0] = 100.0 + second
            meter.update(Nvml(nvml).read([]), clock[0], are_in_use=True)
            if second % 5 == 0:
                history.append(sampler.measure().get("gpu"))
    use = [one[0][1] for one in history if one]
    is_right = use == sorted(use) and use[0] == 20 and use[-1] == 80
    return check(
        "pretended", "use over time follows the load", is_right, f"percent {use}, last {history[-1]}"
    )


# --- another kind of GPU ------------------------------------------------------------------------------------


def another_kind(setting: GpuSetting) -> GpuResult:
    """A run paused on an H200 and resumed on an A100: refused, with --fast it goes on."""
    nvml = PretendedNvml([PretendedGpu(name="NVIDIA H200")])
    folder = new_run(setting.folder, "xor", epochs=12)
    with installed(nvml) as patch:
        patch.setattr("checkpoints.torch_io.environment", named_by(nvml))
        train(folder, PausedFrom(5))
        nvml.gpus[0].name = "NVIDIA A100"
        text = refused(folder)
    is_right = "processor was NVIDIA H200, is NVIDIA A100" in text and "--fast" in text
    is_right &= weights(folder)[0] == 12
    return check("pretended", "a run paused on one kind of GPU is refused on another", is_right, text)


def refused(folder: RunFolder) -> str:
    """The refusal of a second attempt; a third one, with --fast, goes on."""
    try:
        train(folder, number=2)
        text = "it was not refused"
    except MismatchedCheckpoint as error:
        text = str(error)
    train(folder, number=3, mode="fast")
    return text


def another_device(setting: GpuSetting) -> GpuResult:
    """A run with device=auto, paused on a GPU and resumed on the CPU: the refusal names both, with --fast it
    goes on."""
    from checkpoints import torch_io

    folder = new_run(setting.folder, "mnist", model="logistic", iterations=12, every=100)
    of_cpu, plain = torch_io._random, torch_io.environment
    on_h200 = {"device": "cuda", "processor": "NVIDIA H200"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch_io, "environment", lambda device: plain(device) | on_h200)
        patch.setattr(torch_io, "_random", lambda device: of_cpu(device) | {"cuda": of_cpu(device)["cpu"]})
        patch.setattr("engine.experiments.mnist.offer", lambda *given: None)  # no loops for a CPU
        train(folder, PausedFrom(5))
    text = refused(folder)
    is_right = "device was cuda, is cpu; processor was NVIDIA H200, is " in text and "--fast" in text
    is_right &= weights(folder)[0] == 12
    return check("pretended", "a run paused on a GPU is refused on the CPU, which names both", is_right, text)


def named_by(nvml: PretendedNvml) -> Callable[..., dict[str, object]]:
    """The environment of a checkpoint, with the GPU of the pretended driver as its processor."""
    from checkpoints.torch_io import environment

    return lambda device: {**environment(device), "processor": nvml.nvmlDeviceGetName(0).decode()}

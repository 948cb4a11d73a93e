"""GPUs as NVML reports them, and errors of the driver. The driver is a fake."""

from __future__ import annotations

import builtins
import os
import subprocess
from typing import Any

import pytest

from engine import gpu_readings
from engine.machine_protocol import Gpu
from engine.places import Places
from engine.protocol import Status
from engine.service.placement import gpu_use_meter, gpus
from engine.service.placement.gpus import GpuPlacement, NoGpus, Nvml, visible_gpus
from engine.service.server import service as service_module
from engine.worker.system_sampler import SystemSampler
from tests.engine.service.live import connect, reach, serving, until
from tests.fakes.nvml import GIB, LOST, NO_DRIVER, NO_PERMISSION, UNKNOWN, PretendedGpu, PretendedNvml


def test_gpus_are_read_and_memory_of_other_processes_is_foreign() -> None:
    nvml = PretendedNvml(
        [PretendedGpu(used=7, total=100, busy=25, processes={10: 5, 11: None}), PretendedGpu()]
    )
    first, second = Nvml(nvml).read([])
    assert first == Gpu("NVIDIA H200", "GPU-0", 7, 100, 0.25, 5, number=0, watts=75.0, celsius=30)
    assert second.foreign_bytes == 0
    assert Nvml(nvml).read([10])[0].foreign_bytes == 0


def test_a_driver_that_fails_is_tried_again() -> None:
    nvml = PretendedNvml([PretendedGpu(), PretendedGpu()])
    driver = Nvml(nvml)
    nvml.error = UNKNOWN
    assert driver.read([]) == ()
    nvml.error = ""
    assert len(driver.read([])) == 2


def test_a_gpu_that_is_lost_leaves_the_others_their_numbers(caplog: pytest.LogCaptureFixture) -> None:
    nvml = PretendedNvml([PretendedGpu(), PretendedGpu(), PretendedGpu()])
    driver = Nvml(nvml)
    nvml.gpus[1].error = LOST
    left = driver.read([])
    assert [gpu.number for gpu in left] == [0, 2]
    assert visible_gpus("2", left) == ("GPU-2",) and visible_gpus("1", left) == ()
    assert GpuPlacement(("2",)).update(left, []).free == ("GPU-2",)
    driver.read([])
    assert caplog.text.count("GPU 1 does not answer: GPU is lost") == 1, "told once"


def test_what_the_driver_does_not_tell_is_not_known() -> None:
    refused = dict.fromkeys(
        ("nvmlDeviceGetPowerUsage", "nvmlDeviceGetTemperature", "nvmlDeviceGetComputeRunningProcesses"),
        NO_PERMISSION,
    )
    found = Nvml(PretendedNvml([PretendedGpu(is_mig=True, refused=refused)])).read([])[0]
    assert (found.busy, found.is_busy_known, found.watts, found.celsius) == (0.0, False, None, None)
    assert found.foreign_bytes == 0 and found.used_bytes == 1 << 30


def test_the_driver_is_found_by_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = PretendedNvml([PretendedGpu()])
    nvml.install(monkeypatch)
    assert len(gpus.find_driver().read([])) == 1
    nvml.error = NO_DRIVER
    assert isinstance(gpus.find_driver(), NoGpus)


def test_without_the_library_there_are_no_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "pynvml":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert isinstance(gpus.find_driver(), NoGpus)


class OneGpu:
    """A machine with one GPU, on which other processes use `foreign` bytes."""

    def __init__(self) -> None:
        self.foreign = 0

    def read(self, own_pids: object) -> tuple[Gpu, ...]:
        return (Gpu("H200", "GPU-abc", self.foreign, 80 << 30, 0.0, self.foreign),)


async def test_a_run_is_pinned_to_the_gpu_and_the_next_one_waits_for_it(places: Places) -> None:
    async with serving(places, driver=OneGpu()) as service, await connect(places) as client:
        first = await client.submit("xor", {"epochs": 5000}, device="gpu", name="first")
        await reach(client, first.id, Status.RUNNING)
        run = service.registry.get(first.id)
        assert run is not None and run.device == "GPU-abc"
        second = await client.submit("xor", {"epochs": 2}, device="gpu")
        waiting = service.registry.get(second.id)
        assert waiting is not None
        await until(lambda: waiting.why == "needs a GPU: H200 is used by a run of dltui")
        third = await client.submit("xor", {"epochs": 2}, device="auto")
        assert (await reach(client, third.id, Status.DONE)).step == 2
        await client.stop(first.id)
        await reach(client, second.id, Status.DONE)


async def test_while_a_run_has_a_gpu_its_worker_is_told_what_that_does(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_module, "GPU_SECONDS", 0.05)
    monkeypatch.setattr(gpu_use_meter, "WRITE_SECONDS", 0.05)
    nvml = PretendedNvml([PretendedGpu(), PretendedGpu(busy=31, used=7 * GIB, uuid="GPU-abc")])
    nvml.gpus[0].error = LOST
    path = places.root / gpu_readings.FILE
    async with serving(places, driver=Nvml(nvml)) as service, await connect(places) as client:
        await until(lambda: service.machine.gpus_known and len(nvml.calls) > 50)
        assert not path.exists(), "no run has a GPU"
        made = await client.submit("xor", {"epochs": 5000}, device="gpu")
        await reach(client, made.id, Status.RUNNING)
        sampler = SystemSampler(os.getpid(), places.root, ["GPU-abc"])
        await until(lambda: sampler.measure().get("gpu") == [[1, 31, 7 * 1024, 5, 75, 30]])
        nvml.error = UNKNOWN
        await until(lambda: service.machine.gpus == ())
        await client.stop(made.id)
        assert (await reach(client, made.id, Status.STOPPED)).status is Status.STOPPED


async def test_a_new_service_finds_the_gpu_of_a_running_run(places: Places) -> None:
    async with serving(places, driver=OneGpu()) as service, await connect(places) as client:
        made = await client.submit("xor", {"epochs": 5000}, device="gpu")
        await reach(client, made.id, Status.RUNNING)
        adopted = service.machine.device_of(service.registry.get(made.id) or pytest.fail("it runs"))
        assert adopted == "GPU-abc"


async def test_a_run_waits_while_others_use_the_gpu(places: Places) -> None:
    driver = OneGpu()
    driver.foreign = 40 << 30
    async with serving(places, driver=driver) as service, await connect(places) as client:
        made = await client.submit("xor", {"epochs": 2}, device="gpu")
        run = service.registry.get(made.id)
        assert run is not None
        await until(lambda: run.why == "needs a GPU: H200 is used by others (40.0 GiB)")
        driver.foreign = 0
        assert (await reach(client, made.id, Status.DONE)).step == 2


@pytest.mark.parametrize(("experiment", "device"), [("xor_batch", "GPU-abc"), ("xor_grid", "cpu")])
async def test_an_experiment_that_trains_on_the_cpu_alone_takes_no_gpu(
    places: Places, experiment: str, device: str
) -> None:
    async with serving(places, driver=OneGpu()) as service, await connect(places) as client:
        made = await client.submit(experiment, {}, device="auto")
        run = service.registry.get(made.id)
        assert run is not None
        await until(lambda: run.device == device)
        await client.stop(made.id)


class TwoGpus:
    def read(self, own_pids: object) -> tuple[Gpu, ...]:
        return tuple(Gpu("H200", name, 0, 80 << 30, 0.0, 0) for name in ("GPU-abc", "GPU-def"))


async def test_runs_and_trials_take_the_gpu_that_their_shell_leaves(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    async with serving(places, driver=TwoGpus()) as service, await connect(places) as client:
        first = await client.submit("xor", {"epochs": 5000}, device="gpu", name="first")
        await reach(client, first.id, Status.RUNNING)
        taken = service.registry.get(first.id)
        assert taken is not None and taken.device == "GPU-def"
        second = await client.submit("xor", {"epochs": 2}, device="gpu")
        waits = service.registry.get(second.id)
        assert waits is not None
        await until(lambda: "CUDA_VISIBLE_DEVICES limits the choice" in waits.why)
        sweep = await client.sweep_submit("xor", ["epochs=2,3"], device="gpu")
        assert sweep.spec.gpus == "1"
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
        third = await client.submit("xor", {"epochs": 2}, device="gpu")
        hidden = service.registry.get(third.id)
        assert hidden is not None
        await until(lambda: "CUDA_VISIBLE_DEVICES of its shell leaves none" in hidden.why)


async def test_without_a_gpu_that_is_the_reason_whatever_the_shell_names(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    async with serving(places) as service, await connect(places) as client:
        made = await client.submit("xor", {"epochs": 2}, device="gpu")
        run = service.registry.get(made.id)
        assert run is not None
        await until(lambda: run.why == "needs a GPU: this machine has none")


def test_in_a_container_that_sees_other_process_numbers_runs_share_a_gpu() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    nvml = PretendedNvml([PretendedGpu(used=5 * GIB, processes={ended.pid: 4 * GIB})])
    seen = Nvml(nvml).read([])
    assert (seen[0].foreign_bytes, seen[0].unseen_bytes) == (4 * GIB, 4 * GIB)
    placement = GpuPlacement()
    assert placement.update(seen, []).free == (), "without a run of ours it is somebody else's"
    assert placement.update(seen, ["GPU-0"]).shared == ("GPU-0",)
    nvml.gpus[0].processes = {os.getppid(): 4 * GIB}
    assert placement.update(Nvml(nvml).read([]), ["GPU-0"]).shared == (), "that process is another's"


@pytest.mark.parametrize(
    ("limit", "uuids"),
    [
        ("0,1", ("GPU-aa", "GPU-ab")),
        ("1, 0", ("GPU-ab", "GPU-aa")),
        ("GPU-ab", ("GPU-ab",)),
        ("GPU-a", ()),
        ("", ()),
        ("-1", ()),
        ("MIG-aa", ()),
        ("NoDevFiles", ()),
        ("0,7,1", ("GPU-aa",)),
    ],
)
def test_cuda_visible_devices_names_gpus_as_cuda_reads_it(limit: str, uuids: tuple[str, ...]) -> None:
    found = [Gpu("H200", uuid, 0, 1, 0.0, 0) for uuid in ("GPU-aa", "GPU-ab")]
    assert visible_gpus(limit, found) == uuids

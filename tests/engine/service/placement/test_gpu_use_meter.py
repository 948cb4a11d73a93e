"""What the service tells the workers of the GPUs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine import gpu_readings
from engine.gpu_readings import GpuReading
from engine.machine_protocol import Gpu
from engine.service.placement.gpu_use_meter import GpuUseMeter
from engine.service.placement.gpus import Nvml
from engine.service.placement.machine_load import ResourceMeter
from engine.service.placement.machine_monitor import MachineMonitor
from engine.worker.system_sampler import SystemSampler
from tests.fakes.nvml import LOST, PretendedGpu, PretendedNvml

HERE = Gpu("H200", "GPU-a", 2 << 30, 8 << 30, 0.5, 0, number=3, watts=300.0, celsius=60)


def meter_of(home: Path) -> GpuUseMeter:
    return GpuUseMeter(home / gpu_readings.FILE)


def told(home: Path, now: float) -> GpuReading | None:
    found = gpu_readings.read(home / gpu_readings.FILE, ["GPU-a"], now)
    return found[0] if found else None


def test_nothing_is_written_while_no_run_has_a_gpu(tmp_path: Path) -> None:
    meter = meter_of(tmp_path)
    meter.update([HERE], 100.0, are_in_use=False)
    meter.update([], 102.0, are_in_use=True)
    assert list(tmp_path.iterdir()) == []


def test_use_is_added_up_and_told_every_few_seconds(tmp_path: Path) -> None:
    meter = meter_of(tmp_path)
    meter.update([HERE], 100.0, are_in_use=True)
    assert told(tmp_path, 100.0) == GpuReading(3, 0.0, 0.0, 2 << 30, 8 << 30, 300.0, 60.0)
    for now in (102.0, 103.0, 104.0):
        meter.update([HERE], now, are_in_use=True)
    found = told(tmp_path, 104.0)
    assert found is not None and (found.seen, found.busy) == (4.0, 2.0)
    assert told(tmp_path, 104.0 + gpu_readings.LATE_SECONDS + 1) is None, "the service has ended"


def test_the_time_in_which_the_driver_does_not_answer_is_no_idle_time(tmp_path: Path) -> None:
    meter = meter_of(tmp_path)
    for now in (100.0, 102.0, 300.0, 302.0):
        meter.update([HERE], now, are_in_use=True)
    meter.update([HERE], 304.0, are_in_use=True)
    found = told(tmp_path, 304.0)
    assert found is not None and (found.seen, found.busy) == (6.0, 3.0)


def test_a_disk_that_is_full_is_told_once_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    meter = GpuUseMeter(tmp_path / "gone" / gpu_readings.FILE)
    for now in (100.0, 110.0):
        meter.update([HERE], now, are_in_use=True)
    assert caplog.text.count("cannot be told to the workers") == 1


async def test_a_driver_that_fails_in_mid_run_is_a_gap_of_the_run_and_one_line_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    nvml = PretendedNvml([PretendedGpu(busy=31, watts=212.4, celsius=55)])
    machine = MachineMonitor(ResourceMeter(tmp_path, 2), Nvml(nvml), are_gpus_in_use=True)
    clock = time.monotonic()

    async def at(seconds: float) -> object:
        monkeypatch.setattr(time, "monotonic", lambda: clock + seconds)
        await machine.read_gpus()
        return sampler.measure().get("gpu")

    sampler = SystemSampler(os.getpid(), tmp_path, ["GPU-0"])
    await at(0)
    assert await at(5) == [[0, 31, 1024, 0.714, 212, 55]]
    nvml.gpus[0].error = LOST
    assert [await at(30), await at(32)] == [None, None]
    nvml.gpus[0].error = ""
    assert await at(40) is not None
    assert caplog.text.count("does not answer") == 1

"""What a worker measures of itself, and of the GPU as the service tells it."""

from __future__ import annotations

import json
import os
import time
from math import inf
from pathlib import Path

import pytest

from engine import gpu_readings
from engine.gpu_readings import GpuReading
from engine.worker.system_sampler import SystemSampler, gpus_of, seconds_between

GPU = "GPU-abc"


def write(home: Path, reading: GpuReading, ago: float = 0.0) -> None:
    (home / gpu_readings.FILE).write_bytes(gpu_readings.to_bytes(time.monotonic() - ago, {GPU: reading}))


@pytest.mark.parametrize(
    ("setting", "seconds"),
    [("", 5), ("2.5", 2.5), ("0", inf), ("-1", inf), ("0.01", 1), ("1e9", 3600), ("often", 5), ("nan", 5)],
)
def test_the_time_between_two_measurements_is_a_setting(setting: str, seconds: float) -> None:
    assert seconds_between({"DLTUI_SYSTEM_SECONDS": setting}) == seconds


def test_a_process_is_measured_in_percent_of_its_processors(tmp_path: Path) -> None:
    sampler = SystemSampler(os.getpid(), tmp_path)
    before, began = time.process_time(), time.monotonic()
    while time.process_time() < before + 0.2:
        sum(range(1000))
    facts = sampler.measure()
    share = 100 * 0.2 / (time.monotonic() - began) / len(os.sched_getaffinity(0))
    cpu, rss = facts["cpu"], facts["rss"]
    assert isinstance(cpu, float | int) and 0.4 * share < cpu <= 110
    assert isinstance(rss, int) and rss > 10
    assert facts["cores"] == len(os.sched_getaffinity(0)) and "gpu" not in facts
    assert "cores" not in sampler.measure(), "once is enough"


def test_a_line_of_twelve_hours_of_them_is_short(tmp_path: Path) -> None:
    write(tmp_path, GpuReading(0, 10.0, 5.0, 87_000 << 20, 143_000 << 20, 312.44, 61))
    sampler = SystemSampler(os.getpid(), tmp_path, [GPU])
    sampler.measure()
    assert len(json.dumps({"step": 123_456, **sampler.measure()}, separators=(",", ":"))) < 110


def test_the_gpu_of_the_run_is_told_by_the_service(tmp_path: Path) -> None:
    sampler = SystemSampler(os.getpid(), tmp_path, [GPU])
    assert "gpu" not in sampler.measure(), "no service has told it yet"
    write(tmp_path, GpuReading(3, 10.0, 5.0, 2 << 30, 8 << 30, 312.4, 61.0))
    assert sampler.measure()["gpu"] == [[3, 50, 2048, 25, 312, 61]]
    write(tmp_path, GpuReading(3, 20.0, 5.0, 2 << 30, 8 << 30))
    assert sampler.measure()["gpu"] == [[3, 0, 2048, 25, None, None]], "between the two readings"
    write(tmp_path, GpuReading(3, 4.0, 4.0, 2 << 30, 8 << 30))
    assert sampler.measure()["gpu"] == [[3, 100, 2048, 25, None, None]], "of a new service"
    write(tmp_path, GpuReading(3, 6.0, None, 2 << 30, 8 << 30))
    assert sampler.measure()["gpu"] == [[3, None, 2048, 25, None, None]], "a part of a GPU has no use"


@pytest.mark.parametrize(
    "text", ["", "[]", '{"at":1}', '{"at":"x","gpus":{}}', '{"at":%f,"gpus":{"GPU-abc":["x"]}}']
)
def test_a_file_that_is_no_reading_is_a_gap(tmp_path: Path, text: str) -> None:
    (tmp_path / gpu_readings.FILE).write_text(text % time.monotonic() if "%" in text else text)
    assert "gpu" not in SystemSampler(os.getpid(), tmp_path, [GPU]).measure()


def test_the_reading_of_a_service_that_has_ended_is_a_gap(tmp_path: Path) -> None:
    write(tmp_path, GpuReading(0, 1.0, 1.0, 1, 2), ago=60)
    assert "gpu" not in SystemSampler(os.getpid(), tmp_path, [GPU]).measure()


def test_a_process_that_has_ended_is_not_measured(tmp_path: Path) -> None:
    assert SystemSampler(2**22 - 1, tmp_path).measure() == {}


def test_several_gpus_are_told_by_uuid_or_number(tmp_path: Path) -> None:
    readings = {f"GPU-{number}": GpuReading(number, 10.0, number, 1 << 30, 4 << 30) for number in range(3)}
    (tmp_path / gpu_readings.FILE).write_bytes(gpu_readings.to_bytes(time.monotonic(), readings))
    assert gpus_of({"CUDA_VISIBLE_DEVICES": "2, GPU-0"}) == ["2", "GPU-0"]
    assert [gpus_of({"CUDA_VISIBLE_DEVICES": text}) for text in ("", "-1")] == [[], []]
    found = SystemSampler(os.getpid(), tmp_path, ["2", "GPU-0"]).measure()["gpu"]
    assert found == [[0, 0, 1024, 25, None, None], [2, 20, 1024, 25, None, None]]

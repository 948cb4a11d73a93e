"""What the GPUs of a node do is told to the worker there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine import gpu_readings
from engine.remote import node_gpus
from tests.fakes.nvml import NO_DRIVER, PretendedGpu, PretendedNvml


class Enough(Exception):
    pass


def test_the_worker_of_a_node_reads_what_the_driver_there_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = PretendedNvml([PretendedGpu(busy=40), PretendedGpu()])
    nvml.install(monkeypatch)

    def sleep(seconds: float) -> None:
        raise Enough

    monkeypatch.setattr(time, "sleep", sleep)
    with pytest.raises(Enough):
        node_gpus.tell(tmp_path)
    (found,) = gpu_readings.read(tmp_path / gpu_readings.FILE, ["1"], time.monotonic())
    assert found.number == 1 and found.watts == 75


def test_a_node_without_a_driver_tells_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = PretendedNvml()
    nvml.error = NO_DRIVER
    nvml.install(monkeypatch)
    node_gpus.tell(tmp_path)
    assert list(tmp_path.iterdir()) == []

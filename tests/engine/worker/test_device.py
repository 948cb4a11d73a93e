"""Which framework prepares the device of a worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import store
from engine.worker import device
from engine.worker.device import Device
from tests.engine.worker.attempts import new_run


@pytest.mark.parametrize(
    ("experiment", "wanted", "visible", "sees", "found"),
    [
        ("xor_batch", "auto", "GPU-1", True, "cuda"),
        ("xor_batch", "gpu", "GPU-1", True, "cuda"),
        ("xor_batch", "auto", "GPU-1", False, "cpu"),
        ("xor_batch", "auto", "", True, "cpu"),
        ("xor_batch", "cpu", "GPU-1", True, "cpu"),
        ("xor_grid", "auto", "GPU-1", True, "cpu"),
    ],
)
def test_a_batch_of_networks_gets_the_gpu_that_pytorch_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    experiment: str, wanted: str, visible: str, sees: bool, found: str,
) -> None:  # fmt: skip
    on_gpu: Any = lambda spec, threads, visible: Device("cuda", "NVIDIA H200", threads, {})  # noqa: E731
    monkeypatch.setattr(device, "_prepare_torch", on_gpu)
    monkeypatch.setattr(device, "_torch_sees_gpu", lambda: sees)
    spec = replace(store.read_spec(new_run(tmp_path, experiment)), device=wanted)
    assert device.prepare(spec, {"CUDA_VISIBLE_DEVICES": visible}).device == found

"""The line that says what holds a run back, by rules on what it used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.service.runs.system_verdict import SystemUse, verdict


def on_gpu(gpu: float, cores: float, of: int = 8, **others: float) -> SystemUse:
    return SystemUse(cores, of, 100 * cores / of, gpu=gpu, **others)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (SystemUse(), ""),
        (on_gpu(31, 7.8), "GPU 31 %, waits for data: 7.8 of 8 cores busy"),
        (on_gpu(31, 2.0, of=2), "GPU 31 %, waits for data: 2.0 of 2 cores busy"),
        (on_gpu(31, 1.0), "GPU 31 %, waits for one core of 8"),
        (on_gpu(31, 0.4), "GPU 31 %, 0.4 of 8 cores busy"),
        (on_gpu(31, 0.4, disk_wait=45.0), "GPU 31 %, waits for disk"),
        (on_gpu(69.9, 7.8), "GPU 70 %, waits for data: 7.8 of 8 cores busy"),
        (on_gpu(70, 7.8), "GPU 70 %"),
        (on_gpu(97, 7.8, gpu_memory=96.0), "GPU 97 %; GPU memory 96 % full"),
        (on_gpu(0, 8.0, idle=180.0), "GPU idle for 3 min, waits for data: 8.0 of 8 cores busy"),
        (on_gpu(0, 0.1, idle=119.0), "GPU 0 %, 0.1 of 8 cores busy"),
        (on_gpu(0, 0.0, idle=7200.0), "GPU idle for 2.0 h, 0.0 of 8 cores busy"),
        (SystemUse(gpu=40.0), "GPU 40 %"),
        (SystemUse(gpu=40.0, cpu=12.0), "GPU 40 %, CPU 12 %"),
        (SystemUse(2.0, 2, 100.0), "2.0 of 2 cores"),
        (SystemUse(1.0, 1, 50.0), "1.0 of 1 core"),
        (SystemUse(0.02, 2, 1.0), "0.0 of 2 cores, idle"),
        (SystemUse(0.3, 2, 15.0, disk_wait=34.0), "0.3 of 2 cores, waits for disk (34 % of the time)"),
        (SystemUse(1.9, 2, 95.0, disk_wait=34.0), "1.9 of 2 cores"),
        (SystemUse(0.3, 2, 15.0, machine=99.0, disk_wait=50.0), "0.3 of 2 cores, others use the rest"),
        (SystemUse(1.9, 2, 95.0, machine=100.0), "1.9 of 2 cores"),
        (SystemUse(0.0, 2, 0.0, machine=100.0), "0.0 of 2 cores, idle"),
        (
            on_gpu(31, 1.0, machine=97.0),
            "GPU 31 %, waits for processors that others use: 1.0 of 8 cores",
        ),
        (SystemUse(cpu=45.0), "CPU 45 %"),
        (SystemUse(2.0, 2, 100.0, memory=93.0), "memory is 93 % full; 2.0 of 2 cores"),
        (SystemUse(2.0, 2, 100.0, memory=91.9), "2.0 of 2 cores"),
    ],
)
def test_what_matters_is_said_first(use: SystemUse, text: str) -> None:
    assert verdict(use) == text


def test_of_a_run_that_has_ended_it_is_what_was() -> None:
    ended = replace(on_gpu(31, 7.8, idle=720.0, memory=95.0), is_over=True)
    assert verdict(ended) == (
        "memory was 95 % full; GPU 31 %, waits for data: 7.8 of 8 cores busy; was idle for 12 min"
    )

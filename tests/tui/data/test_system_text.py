"""What a run used of its machine, as text."""

from __future__ import annotations

from tests.fakes.engine import make_run
from tui.data.system_text import peaks_text, quantities_of, quantity_of


def test_peaks_are_told_in_their_units_what_matters_first() -> None:
    peaks = {
        "system/cpu": 98.3, "system/proc.memory.rssMB": 412.0, "system/memory_percent": 37.0,
        "system/gpu.1.gpu": 87.0, "system/gpu.1.memoryAllocated": 6.1,
        "system/gpu.1.memoryAllocatedBytes": 8.7 * (1 << 30), "system/gpu.1.powerWatts": 312.0,
        "system/gpu.1.temp": 61.0, "system/network.sent": 5.0,
    }  # fmt: skip
    assert peaks_text(make_run(1, peaks=peaks)) == (
        "GPU 1 87 %, GPU 1 mem 8.7 GB, CPU 98 %, memory 412.0 MB, machine mem 37 %, GPU 1 power 312 W, "
        "GPU 1 heat 61 C"
    )
    assert peaks_text(make_run(1)) == ""


def test_quantities_without_a_name_are_in_charts_alone() -> None:
    assert quantity_of("system/network.sent") is None and quantity_of("loss") is None
    found = [one.label for one in quantities_of(["system/cpu", "system/x", "system/gpu.0.gpu"])]
    assert found == ["GPU 0", "CPU"]

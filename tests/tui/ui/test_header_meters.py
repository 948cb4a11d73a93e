"""The meters in the header."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.machine_protocol import Gpu
from tests.fakes.engine import MACHINE
from tui.ui.header_meters import Meters
from tui.ui.span import row_text, row_width

GPU = Gpu("H200", "GPU-1", 12 << 30, 139 << 30, 0.97, 0)


def shown(width: int, **facts: object) -> str:
    meters = Meters()
    meters._resources = replace(MACHINE, **facts)  # type: ignore[arg-type]
    row = meters.row(width)
    assert row_width(row) <= width
    return row_text(row)


def test_cpu_memory_and_slots_are_there() -> None:
    assert shown(60).split() == ["cpu", "▅", "62%", "mem", "▂", "3.0/15G", "slots", "1/2"]


def test_gpus_are_told_apart() -> None:
    words = shown(90, gpus=(GPU, GPU))
    assert "gpu0" in words and "gpu1" in words and "97% 12/139G" in words


@pytest.mark.parametrize("width", range(1, 60, 7))
def test_what_does_not_fit_is_left_out_whole(width: int) -> None:
    whole = ["  ".join(PARTS[:count]) for count in (2, 3)]
    assert shown(width).strip() in ("", *whole, "cpu  62%", "cpu  62%  mem 20%")


def test_cpu_and_memory_are_shortened_before_one_is_left_out() -> None:
    assert shown(26).split() == ["cpu", "62%", "mem", "20%"]
    assert shown(28).split() == ["cpu", "▅", "62%", "mem", "▂", "3.0/15G"]


PARTS = ("cpu ▅  62%", "mem ▂ 3.0/15G", "slots 1/2")


def test_a_full_disk_comes_first() -> None:
    assert shown(60, disk_free=1 << 29).split()[:3] == ["disk", "0.5G", "left"]

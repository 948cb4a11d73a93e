"""The precision that is chosen, timed once per machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.models import image_precision
from engine.models.image_precision import Timing


@pytest.mark.parametrize(
    ("fp32", "bf16", "choice"),
    [(2.0, 1.0, "bf16"), (1.0, 1.0, "fp32"), (1.05, 1.0, "fp32"), (1.0, 9.0, "fp32")],
)
def test_bfloat16_has_to_be_a_tenth_faster(fp32: float, bf16: float, choice: str) -> None:
    assert Timing(fp32, bf16).choice == choice


def test_the_best_turn_counts_and_the_first_does_not() -> None:
    now, left = [0.0], {"fp32": [0.1, 5.0, 3.0, 4.0, 9.0, 7.0], "bf16": [0.2, 2.0, 1.0, 1.5, 8.0, 6.0]}

    def update(precision: str) -> None:
        now[0] += left[precision].pop(0)

    found = image_precision.measure(update, lambda: now[0])
    assert (found.fp32, found.bf16) == pytest.approx((3.0, 1.0))


def test_each_machine_is_timed_once(tmp_path: Path) -> None:
    asked: list[str] = []
    first = image_precision.cached_timing(tmp_path / "cache", "here", asked.append)
    count = len(asked)
    assert count and image_precision.cached_timing(tmp_path / "cache", "here", asked.append) == first
    assert len(asked) == count
    image_precision.cached_timing(tmp_path / "cache", "there", asked.append)
    assert len(asked) == 2 * count
    assert image_precision.cached_timing(tmp_path / "cache", "here", asked.append) == first


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"here": 3}', '{"here": {"fp32": "x", "bf16": 1}}'])
def test_a_damaged_cache_is_timed_again(tmp_path: Path, damage: str) -> None:
    (tmp_path / image_precision.FILE).write_text(damage)
    asked: list[str] = []
    found = image_precision.cached_timing(tmp_path, "here", asked.append)
    assert asked and image_precision.cached_timing(tmp_path, "here", asked.append) == found

"""The precision that is chosen, timed once per machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.models import precision
from engine.models.precision import TimedWork, Timing


def work(machine: str, asked: list[str]) -> TimedWork:
    return TimedWork("nothing", machine, asked.append)


@pytest.mark.parametrize(
    ("fp32", "bf16", "choice"),
    [(2.0, 1.0, "bf16"), (1.0, 1.0, "fp32"), (1.05, 1.0, "fp32"), (1.0, 9.0, "fp32")],
)
def test_bfloat16_has_to_be_a_tenth_faster(fp32: float, bf16: float, choice: str) -> None:
    assert Timing(fp32, bf16).choice == choice


def test_the_best_turn_counts_and_the_first_does_not() -> None:
    now, left = [0.0], {"fp32": [0.1, 5.0, 3.0, 4.0, 9.0, 7.0], "bf16": [0.2, 2.0, 1.0, 1.5, 8.0, 6.0]}

    def update(kind: str) -> None:
        now[0] += left[kind].pop(0)

    found = precision.measure(update, lambda: now[0])
    assert (found.fp32, found.bf16) == pytest.approx((3.0, 1.0))


def test_each_machine_is_timed_once(tmp_path: Path) -> None:
    asked: list[str] = []
    first = precision.cached_timing(tmp_path / "cache", work("here", asked))
    count = len(asked)
    assert count and precision.cached_timing(tmp_path / "cache", work("here", asked)) == first
    assert len(asked) == count
    precision.cached_timing(tmp_path / "cache", work("there", asked))
    assert len(asked) == 2 * count
    assert precision.cached_timing(tmp_path / "cache", work("here", asked)) == first


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"here": 3}', '{"here": {"fp32": "x", "bf16": 1}}'])
def test_a_damaged_cache_is_timed_again(tmp_path: Path, damage: str) -> None:
    (tmp_path / precision.FILE).write_text(damage)
    asked: list[str] = []
    found = precision.cached_timing(tmp_path, work("here", asked))
    assert asked and precision.cached_timing(tmp_path, work("here", asked)) == found


def test_a_choice_by_name_or_of_the_start_of_the_run_is_not_timed(tmp_path: Path) -> None:
    asked: list[str] = []
    for requested, recorded, choice in (
        ("fp32", "bf16", "fp32"),
        ("bf16", None, "bf16"),
        ("auto", "fp32", "fp32"),
    ):
        assert (
            precision.resolve_precision(requested, recorded, tmp_path, work("here", asked), asked.append)
            == choice
        )
    assert not asked and not list(tmp_path.iterdir())


def test_auto_takes_the_faster_one_and_says_what_it_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "measure", lambda run: Timing(fp32=0.03, bf16=0.02))
    notes: list[str] = []
    assert precision.resolve_precision("auto", None, tmp_path, work("here", []), notes.append) == "bf16"
    assert notes == ["Precision bf16: nothing takes 30.0 ms in fp32, 20.0 ms in bf16."]

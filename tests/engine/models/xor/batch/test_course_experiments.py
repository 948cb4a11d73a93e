"""The table of the nine experiments: runs counted, failures, and the difference from the notebook."""

from __future__ import annotations

import json
import math
from functools import cache

import numpy as np
import pytest

from engine.models.xor.batch import course_experiments, record
from engine.models.xor.batch.plan import from_rows
from engine.models.xor.batch.record import BatchRecord
from tests.engine.models.xor.batch.sample_batches import trained

RUNNING, SUCCESS, FAIL = 0, 1, 2


@cache
def nine() -> BatchRecord:
    plan = from_rows(list(course_experiments.rows(60, 40_000, 1)), course_experiments.AXES)
    training = trained(plan, threads=2)
    return record.read(
        record.dump_metadata(plan, 40_000, runs=60, successes=50), record.dump_arrays(training)
    )


def made_up(outcomes: list[int], stops: list[int]) -> BatchRecord:
    count = len(outcomes)
    told = {"lanes": count, "runs": count, "successes": 3, "epochs": 100, "axes": []}
    arrays = {"outcome": np.array(outcomes), "stop": np.array(stops)}
    losses = {name: np.full(count, 0.1, np.float32) for name in ("loss", "val_loss")}
    return BatchRecord(told, {**arrays, **losses})


def test_a_setting_is_over_after_enough_successes() -> None:
    outcomes = [SUCCESS, FAIL, SUCCESS, SUCCESS, FAIL, SUCCESS]
    assert course_experiments.counted(made_up(outcomes, [1] * 6), 0, 6, 3).tolist() == [0, 1, 2, 3]
    assert course_experiments.counted(made_up([FAIL] * 6, [1] * 6), 0, 6, 3).tolist() == list(range(6))


def test_failures_count_as_more_than_the_last_epoch() -> None:
    row = course_experiments._row(
        made_up([SUCCESS, FAIL, SUCCESS, SUCCESS], [10, 100, 30, 50]),
        0,
        course_experiments.SETTINGS[0],
        np.arange(4),
        100,
    )
    assert (row.runs, row.fails, row.mean, row.median) == (4, 1, 30.0, 40.0)
    assert row.std == pytest.approx(np.std([10, 30, 50])) and row.mean_all == 47.5
    assert row.low is None, "four runs say nothing for sure"
    lost = course_experiments._row(
        made_up([FAIL] * 7, [100] * 7), 0, course_experiments.SETTINGS[0], np.arange(7), 100
    )
    assert (lost.mean, lost.median, lost.high, lost.mean_all) == (None, None, None, 100.0)


def test_what_still_runs_is_no_failure() -> None:
    row = course_experiments._row(
        made_up([RUNNING, FAIL], [5, 5]), 0, course_experiments.SETTINGS[0], np.arange(2), 100
    )
    assert (row.running, row.fails) == (1, 1)


@pytest.mark.parametrize("count", [6, 10, 15, 40])
def test_the_interval_covers_the_median_in_95_percent(count: int) -> None:
    rng = np.random.default_rng(count)
    held = 0
    for _ in range(4000):
        low, high = course_experiments.interval(rng.exponential(size=count))
        held += low <= math.log(2) <= high
    assert held / 4000 > 0.945


def test_every_network_of_the_nine_has_a_seed_of_its_own_and_the_notebooks_recipe() -> None:
    rows = list(course_experiments.rows(15, 40_000, 2))
    assert len({row["seed"] for row in rows}) == len(rows) == 135
    assert not {row["seed"] for row in rows} & {row["seed"] for row in course_experiments.rows(15, 40_000, 1)}
    assert [(row["lr"], row["hidden"], row["bypass"]) for row in rows[::15]] == [
        (0.25, 1, True), (0.1, 4, False), (0.1, 2, True), (0.1, 4, True), (0.1, 2, False),
        (0.01, 2, False), (0.01, 2, True), (0.01, 4, False), (0.01, 4, True),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(9))
def test_epochs_and_losses_agree_with_the_notebook_within_its_own_spread(number: int) -> None:
    """Two standard deviations of its runs; the losses at the stop, which show the rule, within 12 %."""
    row = course_experiments.table(nine())[number]
    theirs = course_experiments.SETTINGS[number].printed
    assert abs(row.mean - theirs.mean) < 2 * theirs.std
    assert row.train_loss == pytest.approx(theirs.train_loss, rel=0.12)
    assert row.val_loss == pytest.approx(theirs.val_loss, rel=0.12)


def test_the_notebooks_means_have_a_fair_chance_among_ours() -> None:
    """The least of nine is expected at 0.1; two settings of narrow networks lie at 0.01."""
    chances = [row.chance for row in course_experiments.table(nine())]
    assert min(chances) > 0.002
    assert sum(chance > 0.04 for chance in chances) >= 6


def test_a_chance_is_spread_evenly_for_means_of_the_same_networks_and_small_for_others() -> None:
    rng = np.random.default_rng(2)
    found = []
    for _ in range(150):
        ours, theirs = rng.exponential(1000, 60) + 500, rng.exponential(1000, 10) + 500
        found.append(course_experiments.chance(ours, np.ones(60, bool), float(theirs.mean())))
    assert all(
        0.02 < sum(chance < share for chance in found) / 150 + 0.02 < share + 0.12 for share in (0.1, 0.5)
    )
    assert course_experiments.chance(np.arange(500, 600), np.ones(100, bool), 900.0) == 0
    assert course_experiments.chance(np.arange(5), np.zeros(5, bool), 900.0) is None


def test_there_is_no_chance_while_networks_train() -> None:
    told = {"lanes": 27, "runs": 3, "successes": 3, "epochs": 100, "axes": []}
    arrays = {"outcome": np.array([1, 1, 0] + [1, 1, 2] * 8), "stop": np.arange(27)}
    losses = {name: np.full(27, 0.1, np.float32) for name in ("loss", "val_loss")}
    chances = [row.chance for row in course_experiments.table(BatchRecord(told, {**arrays, **losses}))]
    assert chances[0] is None and None not in chances[1:]


def test_small_learning_rates_fail_about_as_often_as_the_notebooks() -> None:
    rows = course_experiments.table(nine())
    shares = [row.fails / row.runs for row in rows]
    assert max(shares[:4]) < 0.1
    for share, setting in zip(shares[5:], course_experiments.SETTINGS[5:], strict=True):
        assert abs(share - setting.printed.fails / 15) < 0.3


def test_the_single_hidden_unit_is_read_as_a_gate() -> None:
    gates = course_experiments.gates(nine())
    assert sum(gates.values()) == 50
    assert set(gates) & {"AND", "OR", "NOR", "NAND", "x1 and not x2", "x2 and not x1"}
    assert "always 0" not in gates and "always 1" not in gates


def test_a_record_is_read_back_whole_and_a_damaged_one_named() -> None:
    plan = from_rows([{"seed": 1}, {"seed": 2}], ("seed",))
    training = trained(plan)
    told, arrays = record.dump_metadata(plan, 1000), record.dump_arrays(training)
    found = record.read(told, arrays)
    assert found.axes == ("seed",) and found.value("seed", 1) == 2 and found.value("hidden", 0) == 2
    for bad in (
        (told, arrays[:-1]),
        (b"{}", arrays),
        (b"[", arrays),
        (json.dumps({**json.loads(told), "lanes": 3}).encode(), arrays),
    ):
        with pytest.raises(Exception, match="cannot be read"):
            record.read(*bad)

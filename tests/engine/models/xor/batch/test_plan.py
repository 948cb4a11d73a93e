"""Plans: grids and rows become columns and groups."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest

from engine import catalog
from engine.axes import parse_axes
from engine.built_in_experiments import XorBatchParams, XorParams
from engine.errors import ParamError
from engine.models.xor.batch.arrays import NetGroup
from engine.models.xor.batch.plan import BatchPlan, from_axes, from_rows
from engine.params import build
from tests.engine.models.xor.batch.sample_batches import mixed

XOR = catalog.find("xor")


def plan(axes: str, seed: int = 7, **common: object) -> BatchPlan:
    return from_axes(asdict(XorParams(**common)), seed, parse_axes(XOR, axes))


def test_a_grid_runs_through_its_last_axis_first() -> None:
    made = plan("activation=tanh,relu; hidden=1..3; bypass=no,yes", lr=0.5)
    assert len(made) == 12
    assert made.params(0) == {**asdict(XorParams(lr=0.5)), "activation": "tanh", "hidden": 1}
    assert made.params(1)["bypass"] is True and made.params(2)["hidden"] == 2
    assert made.params(11)["activation"] == "relu"
    assert made.value("seed", 11) == 7


def test_without_axes_it_is_one_network() -> None:
    assert len(plan("")) == 1


def test_a_seed_axis_takes_the_place_of_the_runs_seed() -> None:
    assert plan("seed=3..5").columns["seed"].tolist() == [3, 4, 5]


def test_every_network_is_in_the_group_of_its_architecture() -> None:
    rows = mixed(300)
    seen = np.zeros(300, int)
    for group, indices in from_rows(rows).groups():
        seen[indices] += 1
        for index in indices:
            row = rows[index]
            assert group == NetGroup(
                row["hidden"], row["bypass"], row["activation"], row["loss"], row["optimizer"],
                row["validation"] == "notebook",
            )  # fmt: skip
    assert (seen == 1).all()


def test_more_weights_than_a_machine_holds_are_refused() -> None:
    assert build(XorBatchParams, {"axes": "seed=1..100000", "hidden": 16})
    with pytest.raises(ParamError, match=r"axes: expected at most 8,000,000 weights in all, got 9,720,000\."):
        build(XorBatchParams, {"axes": "hidden=60,61; seed=1..20000"})


def test_the_default_is_a_map_of_some_thousand_networks() -> None:
    assert len(from_axes(asdict(XorBatchParams()), 1, parse_axes(XOR, XorBatchParams().axes))) == 4000

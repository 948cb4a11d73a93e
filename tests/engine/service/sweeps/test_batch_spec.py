"""Sweeps of XOR that train as one run of the batch trainer, with their trials as lanes."""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.axes import parse_axes, sample_point
from engine.catalog import find
from engine.places import Places
from engine.service.sweeps import batch_spec, trial_spec
from engine.sweep_protocol import Prune, SweepSpec, SweepStatus, TrialQuery
from tests.engine.service.sweeps.sweep_cases import make_sweep_spec, submitted_spec
from tests.engine.service.sweeps.test_sweeps import open_client, wait_until_ended


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (make_sweep_spec("lr=0.1,0.2", experiment="xor"), True),
        (make_sweep_spec("lr=0.1..1 log", experiment="xor", sampler="random", trials=9), True),
        (make_sweep_spec("lr=0.1..1 log", experiment="xor", sampler="tpe", trials=9), False),
        (make_sweep_spec("lr=0.1,0.2", experiment="xor", prune=Prune("asha")), False),
        (make_sweep_spec("lr=0.1,0.2", experiment="xor", metric="accuracy", goal="max"), False),
        (make_sweep_spec("lr=0.1,0.2", experiment="xor", trials=1), False),
        (make_sweep_spec("hidden=0,1", experiment="xor"), False),
        (make_sweep_spec("lr=0.1,0.2", experiment="mnist"), False),
    ],
)
def test_which_sweeps_are_batchable(spec: SweepSpec, expected: bool) -> None:
    assert batch_spec.is_batchable(spec) is expected


def text_of(spec: SweepSpec) -> str:
    return batch_spec.axes_text(batch_spec.first_batch(spec))


def test_the_axes_are_written_as_a_user_types_them() -> None:
    spec = make_sweep_spec("lr=0.1,0.01", "hidden=1..4", "bypass=yes,no", experiment="xor", seeds=(1, 2, 3))
    assert text_of(spec) == "lr=0.1,0.01; hidden=1..4; bypass=yes,no; seed=1..3"
    ranged = make_sweep_spec("lr=0.001..1 log", experiment="xor", sampler="random", trials=4, seeds=(7,))
    assert text_of(ranged) == "lr=0.001..1.0 log; seed=7"


@pytest.mark.parametrize("text", ["hidden=1..64 log", "hidden=1..64", "epochs=1..9", "epochs=1..9 linear",
                                  "epochs=1,2,3,4"])  # fmt: skip
def test_a_batch_draws_from_the_axis_that_was_submitted(text: str) -> None:
    spec = make_sweep_spec(text, experiment="xor", sampler="random", trials=4)
    (again, _) = parse_axes(find("xor"), text_of(spec))
    kinds = trial_spec.axis_params(find("xor"))
    assert [sample_point((again,), kinds, 3, n) for n in range(50)] == [
        sample_point(spec.axes, kinds, 3, n) for n in range(50)
    ]


async def test_a_grid_is_one_run_and_its_rows_are_in_the_order_of_the_grid(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["lr=0.5,0.1", "hidden=1..2"], {"epochs": 300}, seeds=3)
        assert made.planned == 12
        done = await wait_until_ended(client, made.id)
        assert done.status is SweepStatus.DONE and sum(done.counts.values()) == 12
        assert (await client.runs()).total == 1
        page = await client.sweep_trials(made.id)
        points = itertools.product((0.5, 0.1), (1, 2), (1, 2, 3))
        assert [(row.params["lr"], row.params["hidden"], row.seed) for row in page.rows] == list(points)
        assert [row.config for row in page.rows] == [n // 3 + 1 for n in range(12)]
        values = [row.value for row in page.rows if row.value is not None]
        assert done.best is not None and done.best.value == min(values) and done.best.trial > 0
        groups = (await client.sweep_trials(made.id, TrialQuery(group="config"))).groups
        assert len(groups) == 4 and all(group.count == 3 for group in groups)
        assert (await client.sweep_analysis(made.id, "heat"))["counts"] == [[3, 3], [3, 3]]


async def test_random_points_are_a_function_of_the_seed(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "xor", ["lr=0.01..1 log", "hidden=2..4"], {"epochs": 20}, sampler="random", trials=9, seed=5
        )
        await wait_until_ended(client, made.id)
        rows = (await client.sweep_trials(made.id)).rows
        spec = submitted_spec(
            "lr=0.01..1 log", "hidden=2..4", experiment="xor", sampler="random", trials=9, seed=5
        )
        kinds = trial_spec.axis_params(find("xor"))
        assert [dict(row.params) for row in rows] == [sample_point(spec.axes, kinds, 5, n) for n in range(9)]


async def test_a_paused_batch_is_resumed_by_a_new_service(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit("xor", ["hidden=1..4"], {"epochs": 4_000_000}, seeds=20)
        while not (await client.sweep_show(made.id)).counts.get("running"):
            await asyncio.sleep(0.05)
        await client.sweep_edit(made.id, "pause")
        paused = await wait_until_ended(client, made.id)
        assert paused.status is SweepStatus.PAUSED and sum(paused.counts.values()) == 80
    async with open_client(places) as client:
        assert (await client.sweep_show(made.id)).counts == paused.counts
        await client.sweep_edit(made.id, "resume")
        while (await client.sweep_show(made.id)).status is not SweepStatus.RUNNING:
            await asyncio.sleep(0.02)
        await client.sweep_edit(made.id, "stop")
        assert (await wait_until_ended(client, made.id)).status is SweepStatus.STOPPED


def test_a_service_at_rest_loads_neither_numpy_nor_optuna() -> None:
    script = (
        "import json, sys; import engine.service.__main__; "
        "print(json.dumps([name for name in ('numpy', 'optuna', 'safetensors') if name in sys.modules]))"
    )
    root = Path(__file__).parents[4]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root
    )
    assert json.loads(done.stdout) == []


@pytest.mark.long
async def test_the_value_of_a_lane_is_that_of_a_run_of_its_own(places: Places) -> None:
    """The best value logged, also if the loss diverges; the last loss is much larger then."""
    axes, params = ["lr=0.5,100"], {"activation": "relu", "optimizer": "sgd", "epochs": 300}
    async with open_client(places) as client:
        batched = await client.sweep_submit("xor", axes, params)
        alone = await client.sweep_submit("xor", axes, params, prune=Prune("median", startup=50))
        assert batched.spec.lanes and not alone.spec.lanes
        for sweep in (batched, alone):
            await wait_until_ended(client, sweep.id)
        ours, theirs = [(await client.sweep_trials(sweep.id)).rows for sweep in (batched, alone)]
        for lane, run in zip(ours, theirs, strict=True):
            assert lane.value == pytest.approx(run.value, rel=1e-3), (lane, run)
        assert abs(ours[1].best_step - theirs[1].best_step) <= 1
        assert ours[1].metrics["loss"] > 2 * (ours[1].value or 0.0)


async def test_lanes_without_validation_points_have_no_validation_loss(places: Places) -> None:
    async with open_client(places) as client:
        made = await client.sweep_submit(
            "xor", ["validation=none,notebook"], {"epochs": 50}, metric="val_loss", goal="min"
        )
        await wait_until_ended(client, made.id)
        without, validated = (await client.sweep_trials(made.id)).rows
        assert made.spec.lanes and (without.value, set(without.metrics)) == (None, {"loss"})
        assert validated.value is not None and set(validated.metrics) == {"loss", "val_loss"}
        assert (await client.sweep_show(made.id)).best == validated

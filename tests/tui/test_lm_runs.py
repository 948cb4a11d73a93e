"""Which run stands for which of the four."""

from __future__ import annotations

import pytest

from engine.protocol import RunSummary
from engine.service import sweep_submission
from tests.fakes.engine import done, failed, make_run
from tui.lm_runs import PLANS, SUITE, LmRuns, Plan


def run(number: int, **facts: object) -> RunSummary:
    params = {"framework": "torch", "corpus": "captions", "layers": 1, "direction": "forward"}
    return make_run(number, experiment="lm", params=params, created=1e9 + number, **facts)


def four(*runs: RunSummary) -> list[RunSummary | None]:
    known = LmRuns()
    known.update(runs, ())
    return known.four("torch", "captions")


def test_the_newest_that_went_well_stands_for_its_cell() -> None:
    well, broken = run(1, state=done()), run(2, state=failed())
    assert four(well, broken) == [well, None, None, None]
    again = run(3, state=done())
    assert four(well, broken, again)[0] is again


def test_one_that_trains_takes_the_place_of_an_older_one() -> None:
    older = run(1, state=done(), metrics={"val_perplexity": 40.0})
    newer = run(2)
    assert four(older, newer)[0] == newer


def test_other_frameworks_corpora_and_experiments_do_not_count() -> None:
    assert four(make_run(1), make_run(2, experiment="lm", params={"framework": "tensorflow"})) == [None] * 4


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.title)
def test_every_plan_is_a_sweep_that_the_engine_takes(plan: Plan) -> None:
    facts = {
        "experiment": SUITE,
        "axes": [],
        "params": {**plan.params, "corpus": "captions"},
        "name": plan.name,
    }
    assert sweep_submission.spec_of(facts).name == plan.name

"""Selection of the run for each of the four models."""

from __future__ import annotations

import pytest

from engine.protocol import RunSummary
from engine.service.sweeps import submission
from engine.sweep_protocol import SweepSubmitRequest
from tests.fakes.engine import done, failed, make_run
from tui.language.run_list import PLANS, SUITE, FourModels, LanguageRuns, difference_words


def run(number: int, **facts: object) -> RunSummary:
    params = {"framework": "torch", "corpus": "captions", "layers": 1, "direction": "forward"}
    return make_run(number, experiment="lm", params=params, created=1e9 + number, **facts)


def four(*runs: RunSummary) -> list[RunSummary | None]:
    known = LanguageRuns()
    known.update(runs, ())
    return known.four("torch", "captions")


def test_the_newest_finished_run_is_selected_for_its_cell() -> None:
    well, broken = run(1, state=done()), run(2, state=failed())
    assert four(well, broken) == [well, None, None, None]
    again = run(3, state=done())
    assert four(well, broken, again)[0] is again


def test_a_run_in_training_replaces_an_older_one() -> None:
    older = run(1, state=done(), metrics={"val_perplexity": 40.0})
    newer = run(2)
    assert four(older, newer)[0] == newer


def test_runs_of_other_frameworks_corpora_and_experiments_are_not_selected() -> None:
    assert four(make_run(1), make_run(2, experiment="lm", params={"framework": "tensorflow"})) == [None] * 4


def small(number: int, **given: object) -> RunSummary:
    params = {"framework": "torch", "corpus": "captions", "layers": 1, "direction": "forward", **given}
    return make_run(number, experiment="lm", params=params, state=done(), created=1e9 + number)


def test_a_run_of_other_sizes_does_not_replace_one_of_the_plan() -> None:
    recipe, other = small(1), small(2, vocabulary=1_000, hidden_size=32, epochs=1)
    assert four(recipe, other)[0] == recipe
    assert four(other)[0] == other
    plan = PLANS[1]
    assert plan.differences(recipe) == {}
    assert difference_words(plan.differences(other)) == "vocabulary 1,000, hidden 32, 1 epoch"


def test_the_plan_is_the_one_with_the_most_runs() -> None:
    known = LanguageRuns()
    assert known.plan("torch", "captions").title == "PyTorch"
    known.update([small(1), small(2, recipe="tuned")], ())
    assert known.plan("torch", "captions").title == "PyTorch, tuned"
    known.update([small(3, layers=2)], ())
    assert known.plan("torch", "captions").title == "PyTorch"
    found = known.four("torch", "captions")
    assert [run and run.spec.params.get("recipe", "notebook") for run in found] == [
        "notebook", None, "notebook", None,
    ]  # fmt: skip


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.title)
def test_every_plan_is_a_valid_sweep(plan: FourModels) -> None:
    params = {**plan.params, "corpus": "captions"}
    request = SweepSubmitRequest(experiment=SUITE, params=params, name=plan.name)
    assert submission.make_spec(request).name == plan.name


def test_a_transformer_takes_no_cell_of_the_four() -> None:
    params = {"framework": "torch", "corpus": "captions", "layers": 1, "direction": "forward"}
    lstm = make_run(1, experiment="lm", params=params)
    newer = make_run(2, experiment="lm", params=params | {"model": "transformer"}, state=done())
    assert four(lstm, newer) == [lstm, None, None, None]


def transformer(number: int, **facts: object) -> RunSummary:
    given = {"model": "transformer", "framework": "torch", "corpus": "captions", "layers": 3}
    params = {**given, "direction": facts.pop("direction", "forward")}
    return make_run(number, experiment="lm", params=params, created=1e9 + number, **facts)


def test_the_transformers_of_a_corpus_are_the_newest_that_ended_well_of_each_direction() -> None:
    known = LanguageRuns()
    well, broken = transformer(1, state=done()), transformer(2, state=failed())
    known.update([run(3, state=done()), well, broken], ())
    assert known.transformers("captions") == [well, None]
    assert known.transformers("shakespeare") == [None, None]
    back = transformer(4, direction="reversed")
    known.update([back], ())
    assert known.transformers("captions") == [well, back]


def test_the_newest_run_that_names_a_framework_is_an_lstm() -> None:
    known = LanguageRuns()
    known.update([transformer(5)], ())
    assert known.newest() is None
    known.update([run(1)], ())
    newest = known.newest()
    assert newest is not None and newest.id == run(1).id

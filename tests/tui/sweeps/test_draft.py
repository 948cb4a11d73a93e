"""The sweep of a filled form."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import AsyncMock

import pytest

from engine import params
from engine.catalog import find
from engine.errors import ParamError
from engine.protocol import ParentCheckpoint
from engine.sweep_protocol import Prune
from tests.fakes.sweeps import make_sweep
from tui.sweeps.draft import SweepDraft, draft_of, field_error, typed_of
from tui.sweeps.sweep_settings import MORE, SETTINGS, changed, pruner_of

XOR = find("xor")
DECLARED = {param.name: param for param in (*params.declared(XOR.params), *SETTINGS, *MORE)}


def drafted(**typed: str) -> SweepDraft:
    texts = {name: params.format_value(param, param.default) for name, param in DECLARED.items()}
    return draft_of(XOR, {**texts, **typed})


def test_values_with_commas_or_dots_vary_and_the_rest_is_fixed() -> None:
    draft = drafted(lr="0.1,0.01", hidden="1..4", epochs="50", seeds="3")
    assert draft.axes == ("hidden=1..4", "lr=0.1,0.01")
    assert draft.params == {"epochs": 50}
    assert (draft.configurations, draft.planned) == (8, 24)
    assert draft.text == "24 trials: 8 configurations, 3 seeds each"


def test_a_sampler_draws_as_many_as_it_is_told_else_thirty() -> None:
    assert drafted(lr="0.001..0.1 log", sampler="tpe").planned == 30
    assert drafted(lr="0.001..0.1 log", sampler="random", trials="7").planned == 7
    assert drafted(hidden="1..8", trials="3").planned == 3


async def test_the_checkpoint_that_trials_begin_with_is_submitted_and_repeated() -> None:
    client = AsyncMock()
    await drafted(lr="0.1,0.01", parent="a1b2@best").submit(client)
    assert client.sweep_submit.await_args.kwargs["begin"] == "a1b2@best"
    sweep = make_sweep()
    begun = replace(
        sweep, spec=replace(sweep.spec, experiment="xor", parent=ParentCheckpoint("run-a", 400, 1))
    )
    assert typed_of(begun, XOR)["parent"] == "run-a@400"


def test_seeds_alone_can_vary() -> None:
    assert drafted(seeds="5,9").seeds == (5, 9)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"lr": "0,01"}, "lr: expected a number of 0 or more"),
        ({"hidden": "4..1"}, "hidden: the range '4..1' is empty"),
        ({"hidden": "0", "lr": "0.1,0.2"}, "hidden: expected 1 or more while bypass is off"),
        ({"lr": "0.001..0.1 log"}, "lr: a grid needs values, got a range"),
        ({"epochs": "1..1000000000"}, "epochs: expected"),
        ({"epochs": "1..1000", "patience": "1..1000", "hidden": "1..64"}, "expected at most 100,000 points"),
        ({"seeds": "none"}, "seeds: expected a count"),
        ({}, "No parameter varies yet."),
        ({"lr": "0.1,1", "metric": "accuracy"}, "goal: expected min or max of accuracy, got 'its own'"),
        ({"lr": "0.1,1", "gpu_share": "0"}, "gpu_share: expected a number above 0, at most 1, got '0'"),
        ({"lr": "0.1,1", "prune": "asha", "eta": "1"}, "eta: expected a whole number of 2 or more"),
    ],
)
def test_a_mistake_is_one_line_that_names_field_expected_and_got(typed: dict[str, str], words: str) -> None:
    with pytest.raises(ParamError) as caught:
        drafted(**typed)
    assert words in caught.value.message and "\n" not in str(caught.value)


def test_a_long_axis_is_typed_by_its_ends() -> None:
    sweep = make_sweep(axes=("lr=0.001..0.3 log 25", "hidden=1..64", "epochs=10,20,30"))
    typed = typed_of(sweep, XOR)
    assert (typed["lr"], typed["hidden"], typed["epochs"]) == ("0.001..0.3 log 25", "1..64", "10,20,30")


def test_some_points_may_be_impossible() -> None:
    assert drafted(hidden="0,1").planned == 2


def test_a_field_says_what_is_wrong_with_it_alone() -> None:
    assert field_error(XOR, DECLARED["lr"], "0.1,x").startswith("expected a number of 0 or more")
    assert field_error(XOR, DECLARED["bypass"], "no,yes") == ""
    assert field_error(XOR, DECLARED["hidden"], "two").endswith("got 'two'.")


def test_a_sweep_is_typed_as_it_was_asked_for() -> None:
    axes = ("lr=0.001..0.1 log", "hidden=1..4", "activation=relu,tanh")
    sweep = make_sweep(axes=axes, params={"epochs": 50, "bypass": True}, seeds=(1, 2), planned=9)
    usual = {name: params.format_value(param, param.default) for name, param in DECLARED.items()}
    typed = {**usual, **typed_of(sweep, XOR)}
    again = draft_of(XOR, typed)
    assert set(again.axes) == set(axes)
    assert again.params == {"epochs": 50, "bypass": True} and again.seeds == (1, 2)
    assert again.configurations == 9


def test_how_it_is_compared_pruned_and_where_it_trains_is_typed_again() -> None:
    sweep = make_sweep(
        axes=("lr=0.1,1",), sampler="tpe", seed=9, metric="accuracy", goal="max", gpu_share=0.25,
        executor="ray@10.0.0.5:6379", prune=Prune("median", 3, 5, 8),
    )  # fmt: skip
    usual = {name: params.format_value(param, param.default) for name, param in DECLARED.items()}
    found = draft_of(XOR, {**usual, **typed_of(sweep, XOR)}).settings
    assert pruner_of(found) == Prune("median", 3, 5, 8)
    names = ("sampler_seed", "metric", "goal", "gpu_share", "executor", "ray_address")
    assert [found[name] for name in names] == [9, "accuracy", "max", 0.25, "ray", "10.0.0.5:6379"]


def test_rarely_changed_settings_are_listed_where_they_were_changed() -> None:
    usual = {name: params.format_value(param, param.default) for name, param in DECLARED.items()}
    assert changed(usual) == []
    assert changed({**usual, "goal": "max", "ray_address": "auto"}) == ["goal=max"]

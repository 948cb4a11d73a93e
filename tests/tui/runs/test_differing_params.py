"""The parameters in which the rows of the run table differ."""

from __future__ import annotations

import pytest

from engine import catalog
from engine.exec.shell_command import ShellCommand
from engine.protocol import RunSummary
from tests.fakes.engine import make_run
from tui.runs.differing_params import differing_params


def run(number: int, seed: int = 1, experiment: str = "xor", **params: float | str) -> RunSummary:
    return make_run(number, experiment=experiment, seed=seed, params=params, id=str(number))


def test_only_what_differs_among_runs_of_an_experiment_is_listed() -> None:
    found = differing_params([run(1, hidden=4, lr=0.1), run(2, hidden=4, lr=0.2)])
    assert found == {"1": "lr=0.1", "2": "lr=0.2"}


def test_the_default_seed_is_listed_where_seeds_differ() -> None:
    found = differing_params([run(1, seed=1), run(2, seed=2), run(3, seed=3)])
    assert found == {"1": "seed=1", "2": "seed=2", "3": "seed=3"}


def test_a_default_is_listed_beside_another_value_whether_or_not_it_was_given() -> None:
    assert differing_params([run(1), run(2, hidden=4)]) == {"1": "hidden=2", "2": "hidden=4"}


def test_runs_that_were_given_the_same_parameters_are_compared_without_the_catalog(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(catalog, "find")
    assert differing_params([run(1, hidden=4, lr=0.1), run(2, hidden=4, lr=0.2)]) == {
        "1": "lr=0.1",
        "2": "lr=0.2",
    }


def test_what_has_the_most_values_comes_first() -> None:
    runs = [run(1, seed=1, lr=0.1), run(2, seed=1, lr=0.2), run(3, seed=2, lr=0.3)]
    assert differing_params(runs)["3"] == "lr=0.3 seed=2"


def test_the_only_difference_to_another_run_comes_first() -> None:
    seeds = [run(number, seed=number, hidden=2) for number in (1, 2, 3)]
    found = differing_params([*seeds, *(run(10 + hidden, hidden=hidden) for hidden in (4, 8, 16, 32))])
    assert [found[str(number)] for number in (2, 3)] == ["seed=2 hidden=2", "seed=3 hidden=2"]
    assert found["14"].startswith("hidden=4")


def test_numbers_take_as_few_digits_as_keep_them_apart() -> None:
    assert differing_params([run(1, lr=0.0123169), run(2, lr=0.5)])["1"] == "lr=0.0123"
    close = differing_params([run(1, lr=0.0123169), run(2, lr=0.0123171)])
    assert close == {"1": "lr=0.0123169", "2": "lr=0.0123171"}


def test_a_run_alone_of_its_experiment_lists_what_is_not_its_default() -> None:
    found = differing_params([run(1, hidden=4), run(2, experiment="unheard-of", a=1)])
    assert found == {"1": "hidden=4", "2": "a=1"}


def test_a_command_is_compared_with_the_runs_of_the_same_command_alone() -> None:
    swept = ShellCommand(("python", "train.py", "{lr}"), "/", kinds={"lr": "float"})
    other = ShellCommand(("python", "other.py"), "/")
    runs = [
        make_run(number, experiment="exec", seed=1, params=given, id=str(number), command=command)
        for number, given, command in (
            (1, {"lr": 0.1, "batch": 8}, swept), (2, {"lr": 0.2}, swept), (3, {"a": 1}, other)
        )
    ]  # fmt: skip
    assert differing_params(runs) == {"1": "lr=0.1 batch=8", "2": "lr=0.2", "3": "a=1"}


def test_equal_runs_have_no_differing_parameters() -> None:
    assert differing_params([run(1, lr=0.1), run(2, lr=0.1)]) == {"1": "", "2": ""}

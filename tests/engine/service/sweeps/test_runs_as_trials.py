"""Any runs as trials: which parameters are compared, which value each run has, and the plots of both."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.params import Value
from engine.protocol import Best, RunSummary
from engine.service.index.index import open_in_memory
from engine.service.index.index_rows import row_of
from engine.service.sweeps import runs_as_trials
from engine.service.sweeps.runs_as_trials import compared_params
from engine.sweep_protocol import RunsAnalysisRequest
from tests.engine.service.rows import a_summary


def run(name: str, loss: float | None, seed: int = 1, **params: Value) -> RunSummary:
    made = a_summary(name, metrics={} if loss is None else {"loss": loss}, params=params)
    best = Best("loss", loss, 3) if loss is not None else None
    return replace(made, spec=replace(made.spec, seed=seed), best=best)


RUNS = [
    run("a", 0.5, lr=0.1, hidden=2, activation="relu", output_dir="a"),
    run("b", 0.3, 2, lr=0.2, hidden=2, activation="tanh", output_dir="b", dropout=0.5),
    run("c", 0.1, 3, lr=30.0, hidden=2, activation="relu", output_dir="c"),
]


def analysis(kind: str, runs: list[RunSummary], **facts: object) -> dict[str, object]:
    return runs_as_trials.analyse(runs, RunsAnalysisRequest(kind, **facts))  # type: ignore[arg-type]


def test_the_parameters_that_all_runs_have_and_in_which_they_differ_are_axes() -> None:
    found = compared_params(RUNS)
    assert [axis.name for axis in found.axes] == ["lr", "activation"]
    assert (found.axes[0].low, found.axes[0].high, found.axes[0].log) == (0.1, 30.0, True)
    assert found.axes[1].values == ("relu", "tanh") and found.not_shared == ("dropout",)


def test_runs_of_several_experiments_have_the_columns_that_they_share() -> None:
    other = replace(RUNS[0], spec=replace(RUNS[0].spec, experiment="mnist", params={"lr": 0.5, "batch": 8}))
    found = analysis("slice", [*RUNS, other])
    assert found["axes"] == ["experiment", "lr", "seed"] and found["partial"] == []
    assert found["not_shared"] == ["hidden", "activation", "dropout", "batch"]


def test_in_parallel_axes_a_parameter_that_some_runs_lack_is_an_axis_with_gaps() -> None:
    other = replace(
        RUNS[0], spec=replace(RUNS[0].spec, id="d", experiment="mnist", params={"lr": 0.5, "batch": 8})
    )
    found = analysis("parallel", [*RUNS, other])
    assert found["axes"] == ["experiment", "lr", "activation", "seed"]
    assert found["partial"] == ["activation"], "hidden, dropout and batch have one value each"
    assert found["not_shared"] == ["hidden", "dropout", "batch"]
    rows = found["rows"]
    assert isinstance(rows, list) and len(rows) == 4
    assert [row["cells"][2] for row in sorted(rows, key=lambda row: row["trial"])] == [
        "relu", "tanh", "relu", None,
    ]  # fmt: skip


def test_each_run_is_a_line_with_its_best_value_the_best_last() -> None:
    found = analysis("parallel", RUNS)
    assert found["metric"] == "loss" and found["goal"] == "min" and found["runs"] == [one.id for one in RUNS]
    rows = found["rows"]
    assert isinstance(rows, list)
    assert [(row["trial"], row["value"], row["cells"]) for row in rows] == [
        (1, 0.5, [0.1, "relu", 1]), (2, 0.3, [0.2, "tanh", 2]), (3, 0.1, [30.0, "relu", 3])
    ]  # fmt: skip


def test_another_metric_is_drawn_by_its_last_value_and_by_what_its_name_says_is_better() -> None:
    runs = [replace(one, metrics={"val_accuracy": place / 4}) for place, one in enumerate(RUNS)]
    runs.append(replace(runs[0], metrics={"val_accuracy": math.nan}))
    found = analysis("parallel", runs, metric="val_accuracy")
    assert found["goal"] == "max" and len(found["rows"]) == 3, "NaN is no value"  # type: ignore[arg-type]


def test_importance_names_what_decides_whether_a_run_is_among_the_best() -> None:
    runs = [
        run(chr(97 + at % 26), at % 5 + at / 1000, at, lr=float(at % 5), width=at % 3) for at in range(40)
    ]
    found = analysis("importance", runs)
    assert found["why"] == ""
    assert found["importance"][0][0] == "lr"  # type: ignore[index]
    assert "8 trials or more" in str(analysis("importance", RUNS)["why"])


def test_runs_that_differ_in_nothing_and_runs_without_a_value_are_no_fault() -> None:
    same = [run("a", 0.5, lr=0.1), run("b", 0.25, lr=0.1)]
    assert analysis("parallel", same)["columns"] == []
    assert analysis("slice", same)["params"] == []
    with pytest.raises(InputError, match="none of the runs has a value"):
        analysis("parallel", [run("a", None, lr=0.1)])
    with pytest.raises(InputError, match="kind: expected one of"):
        analysis("pie", same)


def test_none_and_a_number_are_values_of_one_axis_and_many_axes_are_counted() -> None:
    auto = compared_params([run("a", 1.0, lr=None), run("b", 1.0, lr=0.1)])
    assert auto.axes[0].low is None and set(auto.axes[0].values or ()) == {None, 0.1}
    many = [
        run(name, 1.0, **{f"p{at}": at * sign for at in range(1, 21)}) for name, sign in (("a", 1), ("b", 2))
    ]
    found = compared_params(many)
    assert len(found.axes) == runs_as_trials.MOST_AXES and found.beyond == 20 - runs_as_trials.MOST_AXES


def test_the_index_gives_the_newest_of_the_runs_that_pass_or_those_that_are_named() -> None:
    index = open_in_memory()
    index.put([row_of(one, {}) for one in RUNS])
    named = index.summaries("loss<0.2", [RUNS[0].id, RUNS[2].id], 9)
    passing = index.summaries("loss<0.4", (), 9)
    newest = index.summaries("", (), 2)
    ids = [
        [one.id for one in RUNS if one.id.encode() in b"".join(found)] for found in (named, passing, newest)
    ]
    assert ids == [[RUNS[0].id, RUNS[2].id], [RUNS[1].id, RUNS[2].id], [RUNS[1].id, RUNS[2].id]]

"""The metric of a sweep, its best trial, trials added by a user, and the texts about them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine import catalog, store
from engine.errors import ParamError, RunRefused
from engine.places import Places
from engine.service.runs import extend_run
from engine.service.sweeps import sweep_edits, sweeps, trial_spec
from engine.service.sweeps.query_trials import page
from engine.sweep_protocol import AddEdit, SweepStatus, TrialQuery, TrialRow, TrialStatus
from tests.engine.service.rows import a_summary
from tests.engine.service.sweeps.sweep_cases import (
    asked_entry,
    make_sweep_spec,
    open_sweep,
    submitted_spec,
    told_entry,
)
from tests.fakes.sweeps import make_sweep, make_trial
from tui.cli.sweep_table import _facts
from tui.sweeps.trial_text import best_of, facts_of

# --- the metric --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("experiment", "metric"), [("xor", "val_acuracy"), ("mnist", "loss2"), ("lm", "val_loss")]
)
@pytest.mark.parametrize("prune", ["none", "median"])
def test_a_metric_that_the_experiment_does_not_declare_is_refused(
    experiment: str, metric: str, prune: str
) -> None:
    with pytest.raises(ParamError, match=f"metric: expected one that {experiment} logs, got '{metric}'"):
        submitted_spec("lr=0.1,0.2", experiment=experiment, metric=metric, goal="max", prune={"kind": prune})


def test_val_loss_of_xor_is_refused_if_no_trial_has_validation_points() -> None:
    with pytest.raises(ParamError, match="no trial logs val_loss: needs validation points"):
        submitted_spec("lr=0.1,0.2", experiment="xor", metric="val_loss", goal="min")
    for axes, params in ((["lr=0.1,0.2"], {"validation": "notebook"}),
                         (["validation=none,notebook"], {})):  # fmt: skip
        made = submitted_spec(*axes, experiment="xor", metric="val_loss", goal="min", params=params)
        assert made.metric == "val_loss"


def test_every_experiment_declares_its_best_metric() -> None:
    for experiment in catalog.EXPERIMENTS:
        assert experiment.best in experiment.metrics


def test_a_sweep_whose_first_trial_ended_without_the_metric_names_the_logged_ones(tmp_path: Path) -> None:
    sweep = open_sweep(tmp_path / "s", make_sweep_spec("lr=0.1,0.2", metric="wibble"))
    sweep.fold(asked_entry(1, 1, {"lr": 0.1}))
    assert sweep.missing_metric() == ""
    sweep.fold({**told_entry(1, None), "metrics": {"loss": 0.1, "accuracy": 0.5}})
    assert sweep.missing_metric() == "trial 1 logged accuracy, loss; there is no wibble"
    sweep.fold({"kind": "blind", "why": sweep.missing_metric(), "held": []})
    assert sweep.summary().status is SweepStatus.STOPPED
    assert sweep.summary().why == "trial 1 logged accuracy, loss; there is no wibble"
    sweep.fold({"kind": "edited", "verb": "resume"})
    assert (sweep.summary().status, sweep.summary().why) == (SweepStatus.RUNNING, "")


def test_a_sweep_whose_trials_log_the_metric_is_not_stopped(tmp_path: Path) -> None:
    sweep = open_sweep(tmp_path / "s", make_sweep_spec("lr=0.1,0.2", metric="wibble"))
    sweep.fold(asked_entry(1, 1, {"lr": 0.1}))
    sweep.fold({**told_entry(1, None), "metrics": {"wibble": "nan"}})
    assert sweep.missing_metric() == ""


# --- a trial that a user adds ------------------------------------------------------------------------------


def test_an_added_trial_gets_default_values_for_the_other_axes(tmp_path: Path) -> None:
    sweep = open_sweep(tmp_path / "s", make_sweep_spec("lr=0.1,0.2", "batch=50,200"))
    entry = sweep_edits.make_entry(sweep, "add", AddEdit({"lr": "0.5"}))
    assert entry["params"] == {"lr": 0.5, "batch": 50}
    row = TrialRow(1, 1, entry["params"], 1, TrialStatus.WAITING, run="r")
    trained = trial_spec.make_spec(sweep.spec, row, 1.0).params
    assert all(trained[name] == value for name, value in entry["params"].items())


# --- the best ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "note"),
    [
        ({"status": TrialStatus.DONE}, ""),
        ({"status": TrialStatus.STOPPED, "step": 330, "total_steps": 1000}, "stopped at step 330 of 1,000"),
        ({"status": TrialStatus.PRUNED, "step": 33, "total_steps": 0}, "pruned at step 33"),
        ({"status": TrialStatus.DONE, "removed": True}, "run removed"),
    ],
)
def test_a_best_trial_that_was_removed_or_stopped_early_is_noted(facts: dict[str, object], note: str) -> None:
    best = dataclasses.replace(make_trial(3, value=0.1), **facts)
    sweep = dataclasses.replace(make_sweep(1), best=best)
    assert dict(_facts(sweep))["note"] == note
    assert note in "".join(span.text for span in best_of(sweep))


def test_a_trial_is_marked_removed_if_the_folder_of_its_run_is_gone(places: Places) -> None:
    kept = store.create(places, a_summary("a").spec)
    rows = [make_trial(1, run=kept.id), make_trial(2, run="20260101-000000-xor-gone"),
            make_trial(3, run="20260101-000000-xor-late", status=TrialStatus.WAITING)]  # fmt: skip
    assert [sweeps.mark_removed(places, row).removed for row in rows] == [False, True, False]


def test_show_and_list_display_the_goal_and_the_log_scale_of_an_axis() -> None:
    spec = dataclasses.replace(
        make_sweep_spec("lr=0.0003..0.03 log", "batch=10..1000", metric="val_accuracy", goal="max"), params={}
    )
    sweep = dataclasses.replace(make_sweep(1), spec=spec, best=None)
    facts = _facts(sweep)
    assert ("goal", "max val_accuracy") in facts
    assert ("axis", "lr=0.0003..0.03 log") in facts
    assert "max val_accuracy" in facts_of(sweep)


def test_groups_sorted_by_value_follow_the_direction() -> None:
    rows = [make_trial(number, params={"hidden": number}, value=float(number)) for number in (1, 2, 3)]
    for descending, expected in ((False, [1, 2, 3]), (True, [3, 2, 1])):
        query = TrialQuery(sort="value", descending=descending, group="hidden")
        found = page(rows, query, largest=True).groups
        assert [group.key["hidden"] for group in found] == expected


# --- pending commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "word"), [("pause", "pausing"), ("stop", "stopping")])
def test_a_sweep_with_a_pending_command_reports_it(tmp_path: Path, verb: str, word: str) -> None:
    sweep = open_sweep(tmp_path / "s", make_sweep_spec("lr=0.1,0.2"))
    sweep.fold(asked_entry(1, 1, {"lr": 0.1}))
    sweep.fold({"kind": "edited", "verb": verb, "held": [1]})
    assert sweep.summary().why == f"{word}: 1 trial is still running"


# --- extension ---------------------------------------------------------------------------------------------


def test_a_run_that_reached_its_target_is_not_extended_with_a_reason() -> None:
    run = dataclasses.replace(
        a_summary("a", "mnist", "done", params={"target": 0.9, "epochs": 3}), step=330, total_steps=1000
    )
    with pytest.raises(RunRefused, match="ended by itself at step 330 of 1,000, by its target"):
        extend_run.check_unfinished(run)
    extend_run.check_unfinished(dataclasses.replace(run, step=1000))

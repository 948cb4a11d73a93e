"""What a sweep says of its trials is so: its metric exists, its best is there, what was added is trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from engine import catalog, store
from engine.errors import ParamError, RunRefused
from engine.places import Places
from engine.service.runs import extension
from engine.service.sweeps import edits, sweeps, trial_spec
from engine.service.sweeps.table import page
from engine.sweep_protocol import SweepStatus, TrialQuery, TrialRow, TrialStatus
from tests.engine.service.rows import a_summary
from tests.engine.service.sweeps.swept import a_spec, a_sweep, asked, checked, told
from tests.fakes.sweeps import make_sweep, make_trial
from tui.cli.sweep_table import _facts
from tui.sweeps.text import best_of, facts_of

# --- the metric --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("experiment", "metric"), [("xor", "val_acuracy"), ("mnist", "loss2"), ("lm", "val_loss")]
)
@pytest.mark.parametrize("prune", ["none", "median"])
def test_a_metric_that_the_experiment_does_not_declare_is_refused(
    experiment: str, metric: str, prune: str
) -> None:
    with pytest.raises(ParamError, match=f"metric: expected one that {experiment} logs, got '{metric}'"):
        checked("lr=0.1,0.2", experiment=experiment, metric=metric, goal="max", prune={"kind": prune})


def test_val_loss_of_xor_is_refused_where_no_trial_has_validation_points() -> None:
    with pytest.raises(ParamError, match="no trial logs val_loss: needs validation points"):
        checked("lr=0.1,0.2", experiment="xor", metric="val_loss", goal="min")
    for axes, params in ((["lr=0.1,0.2"], {"validation": "notebook"}),
                         (["validation=none,notebook"], {})):  # fmt: skip
        made = checked(*axes, experiment="xor", metric="val_loss", goal="min", params=params)
        assert made.metric == "val_loss"


def test_every_experiment_declares_the_metric_it_is_judged_by() -> None:
    for experiment in catalog.EXPERIMENTS:
        assert experiment.best in experiment.metrics


def test_a_sweep_whose_first_trial_ended_without_the_metric_says_what_was_logged(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec("lr=0.1,0.2", metric="wibble"))
    sweep.fold(asked(1, 1, {"lr": 0.1}))
    assert sweep.blind() == ""
    sweep.fold({**told(1, None), "metrics": {"loss": 0.1, "accuracy": 0.5}})
    assert sweep.blind() == "trial 1 logged accuracy, loss; there is no wibble"
    sweep.fold({"kind": "blind", "why": sweep.blind(), "held": []})
    assert sweep.summary().status is SweepStatus.STOPPED
    assert sweep.summary().why == "trial 1 logged accuracy, loss; there is no wibble"
    sweep.fold({"kind": "edited", "verb": "resume"})
    assert (sweep.summary().status, sweep.summary().why) == (SweepStatus.RUNNING, "")


def test_a_sweep_whose_trials_log_the_metric_is_not_blind(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec("lr=0.1,0.2", metric="wibble"))
    sweep.fold(asked(1, 1, {"lr": 0.1}))
    sweep.fold({**told(1, None), "metrics": {"wibble": "nan"}})
    assert sweep.blind() == ""


# --- a trial that a person adds ----------------------------------------------------------------------------


def test_an_added_trial_is_filled_with_the_values_it_trains_with(tmp_path: Path) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec("lr=0.1,0.2", "batch=50,200"))
    fact = edits.fact_of(sweep, "add", {"params": {"lr": "0.5"}})
    assert fact["params"] == {"lr": 0.5, "batch": 50}
    row = TrialRow(1, 1, fact["params"], 1, TrialStatus.WAITING, run="r")
    trained = trial_spec.made(sweep.spec, row, 1.0).params
    assert all(trained[name] == value for name, value in fact["params"].items())


# --- the best ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"status": TrialStatus.DONE}, ""),
        ({"status": TrialStatus.STOPPED, "step": 330, "total_steps": 1000}, "stopped at step 330 of 1,000"),
        ({"status": TrialStatus.PRUNED, "step": 33, "total_steps": 0}, "pruned at step 33"),
        ({"status": TrialStatus.DONE, "removed": True}, "run removed"),
    ],
)
def test_the_best_that_is_gone_or_came_to_no_end_is_said_to_be_so(
    facts: dict[str, object], said: str
) -> None:
    best = dataclasses.replace(make_trial(3, value=0.1), **facts)
    sweep = dataclasses.replace(make_sweep(1), best=best)
    assert dict(_facts(sweep))["note"] == said
    assert said in "".join(span.text for span in best_of(sweep))


def test_a_removed_run_is_marked_where_its_folder_is_gone(places: Places) -> None:
    kept = store.create(places, a_summary("a").spec)
    rows = [make_trial(1, run=kept.id), make_trial(2, run="20260101-000000-xor-gone"),
            make_trial(3, run="20260101-000000-xor-late", status=TrialStatus.WAITING)]  # fmt: skip
    assert [sweeps.marked(places, row).removed for row in rows] == [False, True, False]


def test_show_and_list_say_the_goal_and_that_an_axis_is_log() -> None:
    spec = dataclasses.replace(
        a_spec("lr=0.0003..0.03 log", "batch=10..1000", metric="val_accuracy", goal="max"), params={}
    )
    sweep = dataclasses.replace(make_sweep(1), spec=spec, best=None)
    told_facts = _facts(sweep)
    assert ("goal", "max val_accuracy") in told_facts
    assert ("axis", "lr=0.0003..0.03 log") in told_facts
    assert "max val_accuracy" in facts_of(sweep)


def test_groups_sorted_by_value_run_the_way_that_was_asked_for() -> None:
    rows = [make_trial(number, params={"hidden": number}, value=float(number)) for number in (1, 2, 3)]
    for descending, expected in ((False, [1, 2, 3]), (True, [3, 2, 1])):
        query = TrialQuery(sort="value", descending=descending, group="hidden")
        found = page(rows, query, largest=True).groups
        assert [group.key["hidden"] for group in found] == expected


# --- what is on its way ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "word"), [("pause", "pausing"), ("stop", "stopping")])
def test_a_sweep_that_was_told_to_pause_says_that_it_was_heard(tmp_path: Path, verb: str, word: str) -> None:
    sweep = a_sweep(tmp_path / "s", a_spec("lr=0.1,0.2"))
    sweep.fold(asked(1, 1, {"lr": 0.1}))
    sweep.fold({"kind": "edited", "verb": verb, "held": [1]})
    assert sweep.summary().why == f"{word}: 1 trial is still running"


# --- longer ------------------------------------------------------------------------------------------------


def test_a_run_that_reached_its_target_is_not_extended_and_says_why() -> None:
    run = dataclasses.replace(
        a_summary("a", "mnist", "done", params={"target": 0.9, "epochs": 3}), step=330, total_steps=1000
    )
    with pytest.raises(RunRefused, match="ended by itself at step 330 of 1,000, by its target"):
        extension.check_unfinished(run)
    extension.check_unfinished(dataclasses.replace(run, step=1000))

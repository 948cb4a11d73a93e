"""Sweeps written before specs had a version are read with the same meaning and continue."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.axes import parse_axis
from engine.catalog import find
from engine.places import Places
from engine.service.sweeps import plot_data, query_trials, sweep_folder
from engine.service.sweeps.sampler import TpeSampler
from engine.service.sweeps.sweep import Config, Sweep
from engine.service.sweeps.sweep_folder import SweepFolder
from engine.service.sweeps.sweeps import load_sweep
from engine.sweep_protocol import TrialQuery
from tests.engine.service.sweeps.sweep_cases import add_result, make_sweep_spec, open_sweep
from tests.engine.stored import LANES, TPE, sweep_of


def opened(root: Path, sweep_id: str) -> Sweep:
    return load_sweep(SweepFolder(sweep_of(root, sweep_id)))


def rows_of(sweep: Sweep) -> list:
    return [trial.row for trial in sweep.trials.values() if trial.number > 0]


def test_values_not_given_are_none_in_axes_trials_and_settings(tmp_path: Path) -> None:
    sweep = opened(tmp_path, TPE)
    assert sweep.spec.parallel is None
    assert {axis.name: axis.values for axis in sweep.spec.axes} == {"patience": (None, 5, 9), "lr": None}
    assert [row.params["patience"] for row in rows_of(sweep)] == [5, None, 5, None]
    lanes = opened(tmp_path, LANES)
    assert lanes.spec.trials is None
    assert [batch.draws for batch in lanes.batches] == [None]
    assert lanes.batches[0].axes[0].values == (None, 5)


def test_an_older_summary_is_rebuilt_from_the_journal(tmp_path: Path) -> None:
    folder = SweepFolder(sweep_of(tmp_path, TPE))
    assert sweep_folder.read_summary(folder) is None
    sweep_folder.write_summary(folder, load_sweep(folder).summary())
    found = sweep_folder.read_summary(folder)
    assert found is not None and found.spec.parallel is None
    assert sweep_folder.list_ids(Places(tmp_path)) == [TPE]


def test_tpe_continues_with_a_word_among_the_values_and_with_the_earlier_trials(tmp_path: Path) -> None:
    sweep = opened(tmp_path, TPE)
    study = TpeSampler.open_study(sweep)
    values = [trial.params["patience"] for trial in study.study.get_trials()]
    assert values.count(None) == 2 and values.count(5) == 2
    assert study.ask(5)["patience"] in (None, 5, 9)


@pytest.mark.parametrize(
    ("where", "count"), [("patience=never", 2), ("patience=5", 2), ("patience!=never", 2), ("patience<6", 2)]
)
def test_trials_are_found_by_the_word(tmp_path: Path, where: str, count: int) -> None:
    assert len(query_trials.filtered(rows_of(opened(tmp_path, TPE)), where)) == count


def sweep_with_trials(path: Path) -> Sweep:
    """Sixteen trials over an axis with a word and two numbers."""
    sweep = open_sweep(path, make_sweep_spec("lr=auto,0.01,0.1", "epochs=1..20", experiment="mnist_recipe"))
    for number in range(1, 17):
        lr = (None, 0.01, 0.1)[number % 3]
        add_result(
            sweep, Config(number, {"lr": lr, "epochs": number}, number - 1), 1.0 if lr is None else 2.0
        )
    return sweep


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "best", "heat"])
def test_every_plot_accepts_a_word_among_the_values_of_an_axis(tmp_path: Path, kind: str) -> None:
    sweep = sweep_with_trials(tmp_path / "s")
    found = plot_data.analyse(sweep.spec, rows_of(sweep), kind, "", {})
    if kind == "importance":
        assert dict(found["importance"])["lr"] > dict(found["importance"])["epochs"]
    if kind == "parallel":
        assert found["columns"][0]["choices"] == ["auto", 0.01, 0.1]
        assert {row["cells"][0] for row in found["rows"]} == {"auto", 0.01, 0.1}
    if kind == "heat":
        assert found["xs"] == ["auto", 0.01, 0.1]


def test_trials_are_grouped_by_the_word_and_by_the_numbers(tmp_path: Path) -> None:
    page = query_trials.page(
        rows_of(sweep_with_trials(tmp_path / "s")), TrialQuery(group="lr"), largest=False
    )
    assert (page.groups[0].key["lr"], page.groups[0].count) == (None, 5)
    assert {group.key["lr"] for group in page.groups} == {None, 0.01, 0.1}


def test_a_range_accepts_numbers_only() -> None:
    with pytest.raises(Exception, match="lr: expected a number, got 'auto'"):
        parse_axis(find("lm"), "lr=auto..1")

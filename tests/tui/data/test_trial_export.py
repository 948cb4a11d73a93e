"""Export of trials."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from engine.sweep_protocol import TrialGroup
from tests.fakes.sweeps import make_sweep, make_trial
from tui.data.trial_export import as_csv, as_json, free_path


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_parameters_and_metrics_have_columns_of_their_own() -> None:
    row = make_trial(3, params={"lr": 0.1, "loss": "mse"}, metrics={"loss": 0.25})
    line = read(as_csv([row]))[0]
    assert (line["trial"], line["lr"], line["loss"], line["metric.loss"]) == ("3", "0.1", "mse", "0.25")


def test_only_marked_columns_are_exported() -> None:
    assert read(as_csv([make_trial(3)], ["lr", "value"]))[0].keys() == {"trial", "value", "lr"}


def test_groups_are_exported_with_their_statistics() -> None:
    group = TrialGroup({"hidden": 2}, 3, 3, 0.5, 0.1, make_trial(7))
    line = read(as_csv([group]))[0]
    assert (line["hidden"], line["mean"], line["spread"], line["best.trial"]) == ("2", "0.5", "0.1", "7")
    assert json.loads(as_json(make_sweep(), [group]))["groups"][0]["mean"] == 0.5


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a-b.csv").touch()
    assert free_path(tmp_path, "a/b", "csv") == tmp_path / "a-b-2.csv"

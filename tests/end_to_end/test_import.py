"""Logs of other programs, imported by a command: listed, drawn, compared, exported, refused in one line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.end_to_end.home import ROOT, Home
from tests.engine.exec.test_log_places import BEGIN, begin, database, log

LOGS = ROOT / "tests" / "stored" / "logs"
(LIGHTNING,) = LOGS.glob("lightning-*")


@pytest.mark.long
def test_an_imported_log_is_used_like_any_run(home: Home) -> None:
    ids = home.dltui("import", str(LIGHTNING)).split()
    listed = {run["id"]: run for run in json.loads(home.dltui("ls", "status=imported", "--json"))}
    assert set(listed) == set(ids)
    from_csv = next(run for run in listed.values() if run["experiment"] == "csv")
    with (LIGHTNING / "csv" / "version_0" / "metrics.csv").open() as file:
        expected = {row["step"]: float(row["val_loss"]) for row in csv.DictReader(file) if row["val_loss"]}
    rows = csv.DictReader(io.StringIO(home.dltui("export", from_csv["id"])))
    assert {row["step"]: float(row["val_loss"]) for row in rows if row["val_loss"]} == expected
    assert "val_loss" in home.dltui("plot", *ids, "--metric", "val_loss")
    assert json.loads(home.dltui("compare", *ids, "--json"))
    assert "lr=0.1" in home.dltui("ls", "lr=0.1 and val_loss<1")
    assert "imported" in home.dltui("show", ids[0])


@pytest.mark.long
def test_what_an_imported_run_cannot_do_is_said_in_one_line(home: Home) -> None:
    run = home.dltui("import", str(LIGHTNING / "csv")).strip()
    for words in (("pause", run), ("resume", run), ("stop", run), ("set", run, "lr=1")):
        done = home.call(*words)
        assert done.returncode != 0 and "is imported and cannot be" in done.stderr, done.stderr
    assert "no output of its own" in home.call("logs", run).stderr
    home.dltui("rm", run, "--yes")
    assert json.loads(home.dltui("ls", "--json")) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [("missing", "No such file"), ("README.md", "no line of column names"), ("engine", "No log was found")],
)
def test_what_is_no_log_is_said_in_one_line(home: Home, name: str, told: str) -> None:
    done = home.call("import", str(ROOT / name))
    assert done.returncode != 0 and told in done.stderr and "Traceback" not in done.stderr


def test_a_store_that_another_program_has_locked_is_one_line_and_is_read_afterwards(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "mlflow.db"
    connection = database(path)
    connection.execute("BEGIN EXCLUSIVE")
    done = home.call("import", str(path))
    assert done.returncode != 0 and done.stdout == ""
    assert done.stderr.splitlines() == [
        f"{path} is locked by another program. Try again once that has finished writing.",
        "0 runs, 0 new points",
    ]
    connection.execute("ROLLBACK")
    begin(connection, "mine", BEGIN)
    log(connection, "mine", 1, 1.0, BEGIN)
    connection.close()
    assert home.dltui("import", str(path)).strip()


@pytest.mark.long
def test_an_export_for_tensorboard_has_the_points_of_the_run(home: Home, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = home.start("xor", epochs=50, lr=0.02)
    home.finish(run)
    folder = home.dltui("export", run, "--tensorboard", str(tmp_path / "out")).strip()
    read = EventAccumulator(folder, size_guidance={"scalars": 0})
    read.Reload()
    exported = json.loads(home.dltui("export", run, "--json"))["curves"]
    assert set(read.Tags()["scalars"]) == set(exported)
    for metric, curve in exported.items():
        points = read.Scalars(metric)
        assert [one.step for one in points] == curve["step"]
        assert [one.value for one in points] == pytest.approx(curve["value"], rel=1e-6)
    imported = json.loads(home.dltui("import", folder, "--json"))["found"][0]
    assert json.loads(home.dltui("show", imported, "--json"))["params"]["lr"] == 0.02
    again = home.call("export", run, "--tensorboard", str(tmp_path / "out"))
    assert again.returncode == 2 and "is there already" in again.stderr

"""Tests of where the logs of a command are looked for, and of what is followed there."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from engine.exec.follow_mlflow import MlflowFollower
from engine.exec.log_places import LogPlace, is_written, places_of
from engine.protocol import Status
from engine.readers import mlflow_database
from tests.engine.exec.command_run import curve, events_of, make_script, started
from tests.engine.readers.test_mlflow_logs import TABLES, folder_run

BEGIN = 1_700_000_000.0


@pytest.mark.parametrize(
    ("uri", "paths"),
    [
        ("", ["/project/mlflow.db", "/project/mlruns"]),
        ("sqlite:///runs.db", ["/project/runs.db"]),
        ("sqlite:////data/runs.db?timeout=5", ["/data/runs.db"]),
        ("file:///data/my%20runs", ["/data/my runs"]),
        ("file:runs", ["/project/runs"]),
        ("runs", ["/project/runs"]),
        ("/data/runs", ["/data/runs"]),
        ("http://localhost:5000", []),
        ("databricks://me", []),
        ("postgresql://me@host/db", []),
    ],
)
def test_mlflow_is_looked_for_where_it_writes_by_itself(uri: str, paths: list[str]) -> None:
    environ = {"MLFLOW_TRACKING_URI": uri} if uri else {}
    found = places_of({"folder": "/project", "environ": environ}, Path("/tb"))
    assert found == [
        LogPlace("tensorboard", Path("/tb")),
        *(LogPlace("mlflow", Path(path)) for path in paths),
        LogPlace("wandb", Path("/project/wandb")),
        LogPlace("wandb", Path("/project/.wandb")),
    ]


@pytest.mark.parametrize(
    ("environ", "folders"),
    [
        ({"WANDB_DIR": "logs"}, ["/project/logs/wandb", "/project/logs/.wandb"]),
        ({"WANDB_DIR": "/data", "WANDB_MODE": "offline"}, ["/data/wandb", "/data/.wandb"]),
        ({"WANDB_MODE": "disabled"}, []),
    ],
)
def test_wandb_is_looked_for_where_it_writes(environ: dict[str, str], folders: list[str]) -> None:
    found = places_of({"folder": "/project", "environ": environ}, Path("/tb"))
    assert [place.path for place in found if place.kind == "wandb"] == [Path(one) for one in folders]


def test_a_place_is_written_when_something_in_it_is_newer(tmp_path: Path) -> None:
    for place in (LogPlace("mlflow", tmp_path / "mlflow.db"), LogPlace("mlflow", tmp_path / "mlruns")):
        assert not is_written(place, 0.0)
    (tmp_path / "mlflow.db").touch()
    assert is_written(LogPlace("mlflow", tmp_path / "mlflow.db"), 1.0)
    assert not is_written(LogPlace("mlflow", tmp_path / "mlflow.db"), 1e10)
    run = folder_run(tmp_path)
    os.utime(run.parent, (50, 50))
    assert is_written(LogPlace("mlflow", tmp_path / "mlruns"), 40.0)
    assert not is_written(LogPlace("mlflow", tmp_path / "mlruns"), 60.0)


def database(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"PRAGMA synchronous = off; {TABLES} DELETE FROM runs;")
    return connection


def begin(connection: sqlite3.Connection, run: str, at: float, name: str = "") -> None:
    values = (run, name or run, "RUNNING", round(at * 1000), None, "active", 0)
    connection.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", values)


def log(connection: sqlite3.Connection, run: str, step: int, value: float, at: float) -> None:
    row = ("loss", value, round(at * 1000), run, step, 0)
    connection.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", row)


def sent(follower: MlflowFollower, is_last: bool = False) -> list[Any]:
    return list(follower.messages(is_last))


def test_runs_begun_after_the_command_are_its_own_and_others_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_database, "LOOK_SECONDS", 0.0)
    path = tmp_path / "mlflow.db"
    follower = MlflowFollower(path, BEGIN, BEGIN)
    assert sent(follower) == []
    connection = database(path)
    begin(connection, "before", BEGIN - 10)
    log(connection, "before", 1, 9.0, BEGIN + 1)
    begin(connection, "mine", BEGIN + 1)
    connection.execute("INSERT INTO params VALUES ('lr', '0.1', 'mine')")
    log(connection, "mine", 1, 1.0, BEGIN + 2)
    assert sent(follower) == [{"params": {"lr": 0.1}}, {"metrics": {"loss": [[1], [1.0]]}}]
    sent(follower)
    log(connection, "before", 2, 9.0, BEGIN + 3)
    log(connection, "mine", 2, 0.5, BEGIN + 3)
    begin(connection, "second", BEGIN + 4)
    log(connection, "second", 1, 7.0, BEGIN + 4)
    assert sent(follower) == [
        {"metrics": {"second/loss": [[1], [7.0]]}},
        {"metrics": {"loss": [[2], [0.5]]}},
    ]
    connection.close()


def test_a_run_of_the_first_attempt_goes_on_with_what_the_second_logs(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    connection = database(path)
    begin(connection, "mine", BEGIN + 1)
    connection.execute("INSERT INTO params VALUES ('lr', '0.1', 'mine')")
    log(connection, "mine", 1, 1.0, BEGIN + 2)
    log(connection, "mine", 2, 0.5, BEGIN + 101)
    connection.close()
    assert sent(MlflowFollower(path, BEGIN + 100, BEGIN)) == [{"metrics": {"loss": [[2], [0.5]]}}]


def test_a_folder_is_followed_as_well(tmp_path: Path) -> None:
    follower = MlflowFollower(tmp_path / "mlruns", BEGIN - 1, BEGIN - 1)
    assert sent(follower) == []
    run = folder_run(tmp_path, "1700000000001 1.0 1")
    assert sent(follower) == [{"metrics": {"loss": [[1], [1.0]]}}]
    with (run / "metrics" / "loss").open("a") as file:
        file.write("1700000000002 2.0 2\n")
    assert sent(follower) == [{"metrics": {"loss": [[2], [2.0]]}}]


def test_a_store_that_cannot_be_read_is_told_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    connection = sqlite3.connect(path)
    connection.executescript("CREATE TABLE other (name)")
    follower = MlflowFollower(path, BEGIN, BEGIN)
    assert sent(follower) == []
    (message,) = sent(follower, is_last=True)
    assert "no such table: metrics" in message["note"]
    connection.close()


WRITES = f"""
import sqlite3, sys, time
connection = sqlite3.connect("mlflow.db", isolation_level=None)
connection.executescript('''{TABLES}''')
connection.execute("UPDATE runs SET start_time = ?", (time.time() * 1000,))
for step in range(1, 4):
    row = ("loss", 1 / step, time.time() * 1000, "r1", step, 0)
    connection.execute("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", row)
    time.sleep(0.3)
connection.execute("INSERT INTO params VALUES ('lr', '0.1', 'r1')")
"""


@pytest.mark.long
def test_what_a_command_logs_with_mlflow_is_its_curve(tmp_path: Path) -> None:
    folder = make_script(tmp_path, WRITES)
    with started(folder) as run:
        assert run.exit().status is Status.DONE
    assert curve(folder, "loss") == [(1, 1.0), (2, 0.5), (3, pytest.approx(1 / 3))]
    assert not any("cannot be read" in str(one.facts) for one in events_of(folder, "note"))

"""Tests of the readers of MLflow's database and its folder, on stores of the real library and small ones."""

from __future__ import annotations

import gzip
import math
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import CorruptRun
from engine.readers import mlflow_database, mlflow_database_run, step_order
from engine.readers.find_logs import find_logs, open_log
from engine.readers.log_reader import LogReader
from engine.readers.mlflow_folder_run import read_scalars
from tests.engine.readers.test_tensorboard_log import read

(STORED,) = (Path(__file__).parents[2] / "stored" / "logs").glob("mlflow-*")
TABLES = """
CREATE TABLE alembic_version (version_num VARCHAR(32));
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name VARCHAR(256), lifecycle_stage VARCHAR(32));
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, name VARCHAR(250), status VARCHAR(9), start_time BIGINT,
 end_time BIGINT, lifecycle_stage VARCHAR(20), experiment_id INTEGER);
CREATE TABLE metrics (key VARCHAR(250), value FLOAT, timestamp BIGINT, run_uuid VARCHAR(32), step BIGINT,
 is_nan BOOLEAN);
CREATE TABLE params (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
CREATE TABLE tags (key VARCHAR(250), value VARCHAR(8000), run_uuid VARCHAR(32));
CREATE TABLE latest_metrics (key VARCHAR(250));
INSERT INTO alembic_version VALUES ('abc');
INSERT INTO experiments VALUES (0, 'Default', 'active');
INSERT INTO runs VALUES ('r1', 'one', 'RUNNING', 1700000000000, NULL, 'active', 0);
CREATE INDEX index_metrics_run_uuid ON metrics (run_uuid);
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "mlflow.db", isolation_level=None)
    connection.executescript(f"PRAGMA synchronous = off; {TABLES}")
    yield connection
    connection.close()
    mlflow_database.close_all()


def add(
    connection: sqlite3.Connection, *points: tuple[int, float], key: str = "loss", run: str = "r1"
) -> None:
    rows = [(key, value, 1_700_000_000_000 + step, run, step) for step, value in points]
    connection.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)", rows)


def only(path: Path) -> LogReader:
    (log,) = find_logs(path)
    return log


def curve(log: LogReader, metric: str = "loss") -> list[tuple[int, float]]:
    """What reading on adds."""
    columns = read(log).get(metric)
    return list(zip(columns.steps, columns.values, strict=True)) if columns else []


def has_grown(log: LogReader, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(mlflow_database, "LOOK_SECONDS", 0.0)
    return log.follow()


@pytest.fixture(params=["mlflow.db", "mlruns"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The same runs in both kinds, as MLflow wrote them."""
    path = tmp_path / str(request.param)
    if request.param == "mlflow.db":
        path.write_bytes(gzip.decompress((STORED / "mlflow.db.gz").read_bytes()))
    else:
        shutil.copytree(STORED / "mlruns", path)
    return path


def test_the_runs_of_both_stores_are_those_that_were_logged(store: Path) -> None:
    told: list[str] = []
    logs = {log.describe().name: log for log in find_logs(store, told.append)}
    assert set(logs) == {"digits/adam: 'first'", "digits/failed"}
    assert told == [f"{store}: 1 run that is deleted in MLflow left out."]
    log = logs["digits/adam: 'first'"]
    params = {"lr": 0.1, "batch": 32, "optimizer": "adam", "nesterov": True, "clip": "None"}
    assert log.describe().params == params
    found = {name: list(zip(c.steps, c.values, strict=True)) for name, c in read(log).items()}
    assert found["train/loss"] == [(step, 1 / (step + 1)) for step in range(40)]
    assert found["accuracy"] == [*((step, 1 - 0.9**step) for step in range(40)), (40, 0.75)]
    assert repr(found["odd"]) == "[(0, nan), (1, inf), (2, -inf), (3, 1e+300)]"
    assert found["back"] == [(2, 0.2), (3, 0.3), (5, 0.5), (9, 0.9)]
    assert found["no step"] == [(0, 3.0), (1, 2.0), (2, 1.0)]


def test_status_end_and_tags_of_both_stores_are_told(store: Path) -> None:
    logs = {log.describe().name: log for log in find_logs(store)}
    *_, last = logs["digits/failed"].scalars()
    assert last.params == {"mlflow.status": "FAILED"}
    assert 0 < last.at - logs["digits/failed"].describe().began_at < 1
    *_, last = logs["digits/adam: 'first'"].scalars()
    assert last.params["tags.team"] == "vision" and last.params["mlflow.status"] == "FINISHED"


def test_nothing_is_written_beside_or_into_a_store(store: Path) -> None:
    paths = [store.parent, *store.parent.rglob("*")]
    before = {path: path.stat().st_mtime_ns for path in paths}
    for log in find_logs(store.parent):
        read(open_log("mlflow", log.describe().source, ""))
    mlflow_database.close_all()
    assert {path: path.stat().st_mtime_ns for path in (store.parent, *store.parent.rglob("*"))} == before


def test_each_step_has_its_latest_value_whatever_the_order_and_the_size_of_the_parts(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_database_run, "ROWS", 3)
    logged = [(5, 1.0), (6, 2.0), (7, 3.0), (8, 4.0), (2, 5.0), (7, 6.0), (6, 7.0), (9, 8.0)]
    for time, (step, value) in enumerate(logged):
        database.execute("INSERT INTO metrics VALUES ('loss', ?, ?, 'r1', ?, 0)", (value, time, step))
    expected = [(2, 5.0), (5, 1.0), (6, 7.0), (7, 6.0), (8, 4.0), (9, 8.0)]
    assert curve(only(tmp_path)) == expected


def test_values_without_a_step_are_counted_until_one_has_a_step(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    add(database, (0, 3.0), (0, 2.0))
    log = only(tmp_path)
    assert curve(log) == [(0, 3.0), (1, 2.0)]
    add(database, (0, 1.0))
    assert curve(log) == [(2, 1.0)]
    add(database, (1, 0.5))
    assert curve(log) == [(0, 1.0), (1, 0.5)]


def test_what_is_added_to_a_database_is_read_on_and_a_new_status_told(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, (1, 1.0))
    log = only(tmp_path)
    assert curve(log) == [(1, 1.0)]
    has_grown(log, monkeypatch)  # the first look
    curve(log)
    assert not has_grown(log, monkeypatch)
    add(database, (2, 2.0))
    assert has_grown(log, monkeypatch)
    assert curve(log) == [(2, 2.0)]
    assert not has_grown(log, monkeypatch)
    database.execute("UPDATE runs SET status = 'KILLED', end_time = 1700000009000")
    assert has_grown(log, monkeypatch)
    *_, last = log.scalars()
    assert (last.params, last.at) == ({"mlflow.status": "KILLED"}, 1_700_000_009.0)


def test_a_step_that_goes_back_in_a_long_followed_metric_begins_it_again_there(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_order, "REREAD_LIMIT", 3)
    add(database, *((step, 1.0) for step in range(1, 9)))
    log = only(tmp_path)
    curve(log)
    add(database, (4, 2.0))
    assert curve(log) == [(4, 2.0)]


def test_reading_goes_on_from_a_cursor_and_begins_again_where_rows_have_other_numbers(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    add(database, (1, 1.0), (2, 2.0))
    log = only(tmp_path)
    read(log)
    add(database, (3, 3.0))
    later = only(tmp_path)
    later.resume(log.cursor)
    assert curve(later) == [(3, 3.0)]
    cursor = later.cursor
    database.execute("UPDATE metrics SET rowid = rowid + 100")
    again = only(tmp_path)
    again.resume(cursor)
    first, *_ = again.scalars()
    assert first.restart is not None


def test_a_deleted_run_is_no_longer_followed(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = only(tmp_path)
    read(log)
    database.execute("UPDATE runs SET lifecycle_stage = 'deleted'")
    assert has_grown(log, monkeypatch)
    with pytest.raises(CorruptRun, match="or it was deleted"):
        read(log)


def test_a_locked_database_is_told_once_and_read_when_it_is_free(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_database, "LOCK_SECONDS", 0.01)
    add(database, (1, 1.0))
    log = only(tmp_path)
    read(log)
    database.execute("BEGIN EXCLUSIVE")
    told: list[str] = []
    assert list(find_logs(tmp_path, told.append)) == []
    assert len(told) == 1 and f"{tmp_path / 'mlflow.db'} is locked by another program." in told[0]
    assert has_grown(log, monkeypatch)
    (batch,) = log.scalars()
    assert len(batch.damages) == 1 and "is locked by another program" in batch.damages[0]
    assert not has_grown(log, monkeypatch) and list(log.scalars()) == []
    add(database, (2, 2.0))
    database.execute("COMMIT")
    assert has_grown(log, monkeypatch)
    assert curve(log) == [(2, 2.0)]


def test_a_database_with_a_write_ahead_log_is_read_without_a_trace(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    database.execute("PRAGMA journal_mode = wal")
    add(database, (1, 1.0))
    assert curve(only(tmp_path)) == [(1, 1.0)]
    mlflow_database.close_all()
    copied = tmp_path / "copied"
    copied.mkdir()
    for name in ("mlflow.db", "mlflow.db-wal"):
        shutil.copy(tmp_path / name, copied)
    told: list[str] = []
    assert list(find_logs(copied, told.append)) == []
    assert "has mlflow.db-wal beside it, but not mlflow.db-shm. Copy all three files" in told[0]
    shutil.rmtree(copied)
    database.close()
    assert os.listdir(tmp_path) == ["mlflow.db"]
    assert curve(only(tmp_path)) == [(1, 1.0)]
    assert os.listdir(tmp_path) == ["mlflow.db"]


def test_a_database_of_another_version_is_named_and_any_other_is_no_log(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    database.execute("ALTER TABLE metrics DROP COLUMN is_nan")
    told: list[str] = []
    assert list(find_logs(tmp_path, told.append)) == []
    assert (
        "the table metrics has no is_nan; expected the tables of MLflow 2 and 3, found schema abc" in told[0]
    )
    other = tmp_path / "other"
    other.mkdir()
    sqlite3.connect(other / "cats.db").executescript("CREATE TABLE cats (name)")
    (other / "broken.db").write_bytes(b"SQLite format 3\0" + bytes(5000))
    assert list(find_logs(other, told.append)) == [] and len(told) == 1
    (other / "broken.db").rename(other / "mlflow.db")
    list(find_logs(other, told.append))
    assert len(told) == 2 and str(other / "mlflow.db") in told[1]


def test_a_database_of_another_name_is_found_by_its_tables_and_one_run_of_it_by_its_path(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    database.execute("INSERT INTO runs VALUES ('r2', 'two', 'FAILED', 0, NULL, 'active', 0)")
    (tmp_path / "mlflow.db").rename(tmp_path / "tracking.sqlite")
    assert [log.describe().name for log in find_logs(tmp_path)] == ["two", "one"]
    assert only(tmp_path / "tracking.sqlite" / "r1").describe().name == "one"


def test_ten_thousand_metrics_of_a_database_and_a_thousand_files_are_kept(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    names = [f"layer{number}/loss" for number in range(10_000)]
    rows = [(name, number / 4, 0, "r1", 7, 0) for number, name in enumerate(names)]
    database.execute("BEGIN")
    database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
    database.execute("COMMIT")
    run = folder_run(tmp_path / "folder", "0 1.5 7")
    for number in range(999):
        (run / "metrics" / f"loss{number}").write_text(f"0 {number} 7\n")
    found = read(only(tmp_path / "mlflow.db"))
    assert [(found[name].steps[0], found[name].values[0]) for name in names] == [
        (7, number / 4) for number in range(10_000)
    ]
    batches = list(only(tmp_path / "folder").scalars())
    assert sum(len(batch.series) for batch in batches) == 1_000 and len(batches) < 5


def test_a_store_that_disappears_while_it_is_followed_ends_in_one_line(
    database: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, (1, 1.0))
    log = only(tmp_path)
    read(log)
    has_grown(log, monkeypatch)
    (tmp_path / "mlflow.db").unlink()
    with pytest.raises(CorruptRun, match="cannot be read: No such file"):
        has_grown(log, monkeypatch)
    run = folder_run(tmp_path, "1700000000001 1.0 1")
    log = only(tmp_path)
    read(log)
    shutil.rmtree(run)
    with pytest.raises(CorruptRun, match="cannot be read: No such file"):
        log.follow()


def test_damaged_pages_end_the_reading_in_one_line(database: sqlite3.Connection, tmp_path: Path) -> None:
    database.execute("BEGIN")
    add(database, *((step, 1.0) for step in range(5_000)))
    database.execute("COMMIT")
    log = only(tmp_path)
    mlflow_database.close_all()
    path = tmp_path / "mlflow.db"
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"\xff" * (len(data) - len(data) // 2)
    path.write_bytes(data)
    with pytest.raises(CorruptRun, match=r"cannot be read as a database of MLflow: database disk image"):
        read(log)


def folder_run(path: Path, *lines: str, metric: str = "loss", status: int = 1) -> Path:
    run = path / "mlruns" / "0" / "r1"
    (run / "metrics").mkdir(parents=True)
    (run / "meta.yaml").write_text(
        f"experiment_id: '0'\nlifecycle_stage: active\nrun_id: r1\nrun_name: one\nstart_time: 1700000000000\n"
        f"end_time: null\nstatus: {status}\n"
    )
    (run / "metrics" / metric).write_text("".join(f"{line}\n" for line in lines))
    return run


def test_a_growing_folder_is_read_on_and_a_half_line_waits(tmp_path: Path) -> None:
    run = folder_run(tmp_path, "1700000000001 1.0 1")
    log = only(tmp_path)
    assert curve(log) == [(1, 1.0)] and not log.follow()
    with (run / "metrics" / "loss").open("a") as file:
        file.write("1700000000002 2.0 2\n1700000000003 3.")
    assert log.follow()
    assert curve(log) == [(2, 2.0)]
    assert log.incomplete() == ["metrics/loss: the file ends within a line, at byte 40"]
    with (run / "metrics" / "loss").open("a") as file:
        file.write("5 3\n")
    (run / "metrics" / "val").mkdir()
    (run / "metrics" / "val" / "loss").write_text("1700000000004 4.0 1\n")
    assert log.follow()
    found = read(log)
    assert list(found["loss"].values) == [3.5] and list(found["val/loss"].values) == [4.0]


def test_lines_of_other_versions_are_read_and_damaged_ones_named(tmp_path: Path) -> None:
    run = folder_run(
        tmp_path, "1700000000001 1.0", "1700000000002 0.5 3 data 1a2b", "what", "1700000000003 nan 4"
    )
    log = only(tmp_path)
    batches = list(log.scalars())
    points = batches[0].series["loss"]
    assert list(points.steps) == [0, 3, 4] and math.isnan(points.values[2])
    assert batches[0].damages == ["metrics/loss: 'what' is no time, value and step"]
    (run / "artifacts").mkdir()
    (run / "artifacts" / "table.csv").write_text("epoch,loss\n1,2\n")
    assert [found.describe().kind for found in find_logs(tmp_path)] == ["mlflow"]


def test_metric_files_that_were_written_anew_are_read_anew(tmp_path: Path) -> None:
    run = folder_run(tmp_path, "1700000000001 1.0 1", "1700000000001 1.0 2")
    log = only(tmp_path)
    read(log)
    (run / "metrics" / "loss").write_text("1700000000001 7.0 1\n")
    restart, batch, _ = log.scalars()
    assert restart.restart is not None and list(batch.series["loss"].values) == [7.0]


def test_names_in_yaml_are_read_as_they_were_given(tmp_path: Path) -> None:
    path = tmp_path / "meta.yaml"
    path.write_text(
        "a: 'it''s'\nb: \"tab\\t\\xE9 \\u4E2D \\\n  end\"\nc: plain: text\n"
        "d: null\ne: 'long\n  and folded'\nf: ''\n",
        encoding="utf-8",
    )
    assert read_scalars(path) == {
        "a": "it's", "b": "tab\té 中 end", "c": "plain: text", "e": "long and folded", "f": "",
    }  # fmt: skip

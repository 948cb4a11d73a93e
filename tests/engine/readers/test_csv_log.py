"""Tests of `engine.readers.csv_log`."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from engine.errors import CorruptRun
from engine.readers import csv_log
from engine.readers.csv_log import CsvLog
from engine.readers.find_logs import find_logs
from engine.readers.log_reader import LogReader

LOGS = Path(__file__).parents[2] / "stored" / "logs"


def read(log: CsvLog) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for batch in log.scalars():
        if batch.restart is not None:
            found.clear()
        for name, columns in batch.series.items():
            found.setdefault(name, []).extend(zip(columns.steps, columns.values, strict=True))
    return found


def file(folder: Path, text: str) -> Path:
    path = folder / "log.csv"
    path.write_text(text)
    return path


def test_keras_counts_epochs() -> None:
    (path,) = LOGS.glob("keras-*/training.csv")
    with path.open() as rows:
        expected = [(int(row["epoch"]), float(row["val_loss"])) for row in csv.DictReader(rows)]
    found = read(CsvLog(path, "training"))
    assert set(found) == {"loss", "mae", "val_loss", "val_mae"}
    assert found["val_loss"] == expected


def test_lightning_leaves_cells_empty_and_has_its_parameters_in_a_file_beside() -> None:
    (path,) = LOGS.glob("lightning-*/csv/version_0/metrics.csv")
    (log,) = find_logs(path.parent)
    assert isinstance(log, CsvLog)
    assert log.describe().params == {"layers": 2, "lr": 0.1, "optimizer": "adam"}
    found = read(log)
    assert [step for step, _ in found["val_loss"]] == [7, 15, 23, 31, 39, 47]
    assert [step for step, _ in found["train_loss"]] == [*range(4, 48, 5)]
    assert found["epoch"][-1] == (47, 5.0)


def test_without_a_column_of_steps_rows_are_counted(tmp_path: Path) -> None:
    assert read(CsvLog(file(tmp_path, "a;b\n1;2\n3;4\n"), "log")) == {
        "a": [(0, 1), (1, 3)],
        "b": [(0, 2), (1, 4)],
    }


def test_a_growing_file_is_read_on_and_a_half_row_waits(tmp_path: Path) -> None:
    path = file(tmp_path, "step,loss\n0,1\n1,0.2")
    log = CsvLog(path, "log")
    assert read(log) == {"loss": [(0, 1.0)]}
    assert log.incomplete() == ["log.csv: the file ends within a row, at byte 14"]
    assert not log.follow()
    with path.open("a") as more:
        more.write("5\n2,0.125\n")
    assert log.follow()
    assert read(log) == {"loss": [(1, 0.25), (2, 0.125)]}


def test_a_file_that_was_written_anew_replaces_what_was_read(tmp_path: Path) -> None:
    path = file(tmp_path, "step,loss\n0,1\n1,2\n")
    log = CsvLog(path, "log")
    read(log)
    path.write_text("step,loss,val\n0,3,\n1,4,5\n")
    restart, batch = log.scalars()
    assert restart.restart == csv_log.FIRST_STEP
    assert list(batch.series["loss"].values) == [3, 4]


def test_cells_that_are_no_numbers_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = file(tmp_path, "step,loss,note\n0,1,good\n1,nan,\nx,2,\n3,inf,\n")
    (batch,) = CsvLog(path, "log").scalars()
    loss = batch.series["loss"]
    assert list(loss.steps) == [0, 1, 3] and math.isnan(loss.values[1]) and loss.values[2] == math.inf
    assert batch.damages == [
        "log.csv: row 1, note: 'good' is no number",
        "log.csv: row 3, step: 'x,2,' is no number",
    ]


def test_a_time_column_gives_the_times(tmp_path: Path) -> None:
    (batch,) = CsvLog(file(tmp_path, "step,time,loss\n0,1700000000.5,1\n"), "log").scalars()
    assert list(batch.series["loss"].times) == [1700000000.5]
    assert set(batch.series) == {"loss"}


def test_reading_goes_on_from_a_cursor(tmp_path: Path) -> None:
    path = file(tmp_path, "a,b\n1,2\n")
    first = CsvLog(path, "log")
    read(first)
    with path.open("a") as more:
        more.write("3,4\n")
    later = CsvLog(path, "log")
    later.resume(first.cursor)
    assert read(later) == {"a": [(1, 3.0)], "b": [(1, 4.0)]}


def test_in_a_folder_only_files_with_steps_are_logs(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("name,age\na,1\n")
    (tmp_path / "history.csv").write_text("epoch,loss\n0,1\n")
    assert [log.describe().source for log in find_logs(tmp_path)] == [str(tmp_path / "history.csv")]


def test_an_empty_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(CorruptRun, match="no line of column names"):
        CsvLog(file(tmp_path, ""), "log").describe()


@pytest.mark.parametrize(
    "data",
    [
        b"step\r,lo\rss\n1,2\n", b"step,loss\n1,\0\n", b"step," + b"x" * 200_000 + b"\n1,2\n",
        bytes(range(256)) * 20 + b"\n", b'step,"loss\n1,2\n3"\n', b"\xff\xfestep,loss\n1,2\n",
    ],
)  # fmt: skip
def test_a_file_that_is_no_log_costs_no_other_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    (tmp_path / "b.csv").write_bytes(b"step,loss\n1,0.5\n")
    found = {Path(log.describe().source).name: log for log in find_logs(tmp_path) if is_described(log)}
    (batch,) = found["b.csv"].scalars()
    assert list(batch.series["loss"].values) == [0.5]
    for log in found.values():
        list(log.scalars())


def is_described(log: LogReader) -> bool:
    try:
        log.describe()
    except CorruptRun:
        return False
    return True


def test_a_row_with_a_field_that_is_too_long_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"step,loss\n1,0.5\n2," + b"9" * 200_000 + b"\n3,0.25\n")
    (batch,) = CsvLog(path, "long").scalars()
    assert list(batch.series["loss"].steps) == [1, 3]
    assert batch.damages == ["long.csv: row 2, a field is too long"]

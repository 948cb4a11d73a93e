"""Tests of the process of the readers: what it answers, and the events that it writes."""

from __future__ import annotations

import contextlib
import errno
import os
from array import array
from pathlib import Path

import pytest

from engine import events, fold, tfrecord
from engine.client.session import Session
from engine.errors import DltuiError
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.places import Places
from engine.point_columns import PointColumns
from engine.protocol import Best
from engine.reader_protocol import FindLogs, ForgetLogs, LogProgress, LogToRead, PollLogs, ReadLogs
from engine.readers.history_writer import HistoryWriter
from engine.readers.log_reader import LogBatch
from engine.readers.reader_requests import ReaderRequests
from engine.readers.wandb_messages import Record
from engine.service.runs.event_summary import RunStats
from tests.engine.readers.test_tensorboard_log import scalar, version, write
from tests.engine.readers.wandb_files import framed, records_of


def log_of(folder: Path, out: Path, follow: bool = False) -> LogToRead:
    (part,) = ReaderRequests().find(FindLogs(str(folder)))
    (found,) = part.found
    return LogToRead("run-1", found.kind, found.source, found.name, found.began_at, str(out), follow)


def read(requests: ReaderRequests, *logs: LogToRead) -> list[LogProgress]:
    return [one for part in requests.read(ReadLogs(logs)) for one in part.logs]


def poll(requests: ReaderRequests) -> list[LogProgress]:
    return list(requests.poll(PollLogs()))


def curves(out: Path) -> dict[str, tuple[list[int], list[float]]]:
    found = MetricCurves(CurvePoints, wall_clock)
    fold.read(out, 0, found)
    return {name: (curve.steps, curve.values) for name, curve in found.by_metric.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "log"
    made.mkdir()
    write(made, version(), *(scalar(step, step / 4) for step in range(10)))
    return made


def test_the_points_of_a_log_become_the_history_of_a_run(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    parts = read(ReaderRequests(), log_of(folder, out))
    assert sum(part.points for part in parts) == 10
    assert parts[-1] == LogProgress("run-1", has_ended=True)
    assert curves(out) == {"loss": (list(range(10)), [step / 4 for step in range(10)])}
    stats = RunStats()
    fold.read(out, 0, stats)
    assert (stats.step, stats.metrics, stats.started_at) == (9, {"loss": 2.25}, 1.7e9)


def test_what_is_added_to_a_followed_log_is_appended(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    requests = ReaderRequests()
    read(requests, log_of(folder, out, follow=True))
    assert poll(requests) == []
    write(folder, scalar(5, 7.0), scalar(6, 8.0))
    assert [part.points for part in poll(requests)] == [2]
    assert curves(out)["loss"] == ([0, 1, 2, 3, 4, 5, 6], [0, 0.25, 0.5, 0.75, 1, 7, 8])
    requests.forget(ForgetLogs(["run-1"]))
    write(folder, scalar(7, 9.0))
    assert poll(requests) == []


def test_reading_again_reads_only_what_was_added(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    log = log_of(folder, out)
    read(ReaderRequests(), log)
    write(folder, scalar(10, 1.0))
    assert sum(part.points for part in read(ReaderRequests(), log)) == 1
    assert curves(out)["loss"][0] == list(range(11))


def test_reading_again_what_has_not_changed_writes_nothing(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    log = log_of(folder, out)
    first = read(ReaderRequests(), log)
    before = out.read_bytes(), out.stat().st_mtime_ns
    again = read(ReaderRequests(), log)
    assert any(part.is_written for part in first) and not any(part.is_written for part in again)
    assert (out.read_bytes(), out.stat().st_mtime_ns) == before


def test_a_damage_becomes_a_note_of_the_run(folder: Path, tmp_path: Path) -> None:
    path = write(folder, scalar(10, 1.0))
    path.write_bytes(path.read_bytes()[:-1])
    out = tmp_path / "events.jsonl"
    read(ReaderRequests(), log_of(folder, out))
    notes = [event.facts["text"] for event in events.replay(out) if event.kind == "note"]
    assert len(notes) == 1 and notes[0].startswith(f"{path.name}: the file ends within a record")


def test_a_log_that_is_gone_ends_in_one_line(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    requests = ReaderRequests()
    log = log_of(folder, out, follow=True)
    read(requests, log)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    (part,) = (part for _ in range(8) for part in poll(requests))
    assert part.has_ended and "No such file" in part.error
    (part,) = read(requests, log)
    assert "No such file" in part.error


async def test_the_readers_run_in_a_process_of_their_own_that_is_nice(folder: Path, tmp_path: Path) -> None:
    import sys
    from os import PRIO_PROCESS, getpriority

    command = (sys.executable, "-P", "-m", "engine.readers")
    async with Session(Places(tmp_path / "home"), command) as session:
        parts = [part async for part in session.parts(FindLogs(str(folder)))]
        assert [one.name for part in parts for one in part.found] == ["log"]
        assert session.pid is not None and getpriority(PRIO_PROCESS, session.pid) >= 10
        with pytest.raises(DltuiError, match="cannot be read: No such file"):
            [part async for part in session.parts(FindLogs(str(tmp_path / "none")))]


def trained(out: Path) -> float:
    stats = RunStats()
    fold.read(out, 0, stats)
    return stats.training.seconds


def test_no_duration_is_told_from_times_that_are_missing_or_impossible(tmp_path: Path) -> None:
    begin = 1.7e9
    cases: dict[str, tuple[float, list[float], float]] = {
        "as it should be": (begin, [begin + 1, begin + 9], 9),
        "no time at its begin": (0.0, [begin + 1, begin + 9], 8),
        "no time at all": (0.0, [0.0, 0.0, 0.0], 0),
        "a begin of 1970": (12.0, [begin + 1, begin + 9], 8),
        "points of 1970": (begin, [3.0, 5.0], 0),
        "milliseconds": (begin * 1000, [begin * 1000, begin * 1000 + 4000], 0),
        "a point in the future": (begin, [begin + 2, 9e10, begin + 5], 5),
        "a clock that was set back": (begin, [begin + 8, begin - 900, begin - 890], 8),
        "a clock that was set": (begin, [begin + 8, begin + 3e7, begin + 3e7 + 5], 13),
        "a pause of a week": (begin, [begin + 8, begin + 7 * 86400, begin + 7 * 86400 + 60], 68),
        "a night without a point": (begin, [begin + 8, begin + 36_000], 36_000),
    }
    for name, (at, times, expected) in cases.items():
        out = tmp_path / f"{name}.jsonl"
        with contextlib.closing(HistoryWriter(out, at)) as writer:
            for step, time in enumerate(times):
                points = PointColumns(array("q", [step]), array("d", [0.5]), array("d", [time]))
                writer.write(LogBatch(series={"loss": points}, step=step, at=time))
            writer.finish({})
        assert trained(out) == pytest.approx(expected, abs=0.01), name


def test_the_time_of_a_log_that_is_read_on_goes_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    log = log_of(folder, out)
    damaged = bytearray(tfrecord.encode(scalar(30, 1.0)))
    damaged[-1] ^= 1
    for step in (20, 21, 22):
        write(folder, scalar(step, 0.5, at=1.7e9 + step))
        read(ReaderRequests(), log)
        with write(folder).open("ab") as file:
            file.write(damaged)
        read(ReaderRequests(), log)
    assert trained(out) == pytest.approx(22, abs=0.1)


def test_of_a_torn_file_of_wandb_without_its_begin_the_first_time_of_its_rows_counts(tmp_path: Path) -> None:
    records = [*records_of("torn", [{"loss": 1 / (step + 1)} for step in range(50)])]
    begin = Record.FromString(records[0])
    begin.run.ClearField("started")
    path = tmp_path / "run-torn.wandb"
    path.write_bytes(framed([begin.SerializeToString(), *records[1:]])[:-40])
    out = tmp_path / "events.jsonl"
    read(ReaderRequests(), log_of(path, out))
    assert len(curves(out)["loss"][0]) > 40
    assert 4 < trained(out) < 5  # a row each tenth of a second


def test_a_full_disk_is_told_and_the_next_reading_begins_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run" / "events.jsonl"
    out.parent.mkdir()
    real, written = os.write, [0]

    def write_some(file: int, data: bytes) -> int:
        if written[0] > 300:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        count = real(file, data[:100])
        written[0] += count
        return count

    with monkeypatch.context() as full:
        full.setattr(os, "write", write_some)
        told = read(ReaderRequests(), log_of(folder, out))[-1]
    assert told.has_ended and told.error.startswith(f"{out.parent} is on a full disk")
    assert read(ReaderRequests(), log_of(folder, out))[-1].error == ""
    assert curves(out) == {"loss": (list(range(10)), [step / 4 for step in range(10)])}
    stats = RunStats()
    fold.read(out, 0, stats)
    assert (stats.best, stats.best_is_known) == (Best("loss", 0.0, 0), True)


def test_gaps_between_the_times_of_one_batch_are_no_training(tmp_path: Path) -> None:
    begin, week = 1.7e9, 7 * 86_400
    times = [begin, begin + 10, begin + week, begin + week + 20, begin + 2 * week]
    out = tmp_path / "events.jsonl"
    with contextlib.closing(HistoryWriter(out, begin)) as writer:
        points = PointColumns(array("q", range(5)), array("d", [0.5] * 5), array("d", times))
        writer.write(LogBatch(series={"loss": points}, step=4, at=times[-1]))
        writer.finish({})
    assert trained(out) == pytest.approx(30, abs=0.01)


def test_the_durations_of_the_stored_logs_are_those_of_their_scripts(tmp_path: Path) -> None:
    """Of seconds. In the files of W&B the rows have times of 2023, the system metrics those of 2026."""
    logs = Path(__file__).parents[2] / "stored" / "logs"
    parts = [*ReaderRequests().find(FindLogs(str(logs)))]
    for number, log in enumerate(one for part in parts for one in part.found):
        out = tmp_path / f"{number}" / "events.jsonl"
        out.parent.mkdir()
        read(
            ReaderRequests(), LogToRead("run", log.kind, log.source, log.name, log.began_at, str(out), False)
        )
        assert trained(out) < 600, log.source

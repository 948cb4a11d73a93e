"""The length of a log, rotated or not, as events tell it."""

from __future__ import annotations

import os
from pathlib import Path

from engine import events
from engine.events import EventWriter
from engine.keeper import log_limit
from engine.keeper.log_limit import LimitedLog
from engine.log_position import LogPosition
from engine.worker.event_log import EventLog


def test_it_is_told_once_and_again_when_the_log_has_grown(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    position = LogPosition(log)
    assert position.facts() == {}
    log.write_bytes(b"12345")
    assert position.facts() == {"log": 5} and position.facts() == {}
    log.write_bytes(b"1234567")
    assert position.facts() == {"log": 7}


def test_what_was_rotated_counts(tmp_path: Path) -> None:
    log = LimitedLog.open(tmp_path / "worker.log", "begins")
    position = LogPosition(log.path)
    printed = os.fstat(log.fd).st_size
    for _ in range(3):
        os.write(log.fd, b"x" * (log_limit.CAP + 1))
        printed += log_limit.CAP + 1
        log.enforce_limit()
        assert position.facts() == {"log": printed}
    os.write(log.fd, b"more")
    assert position.facts() == {"log": printed + 4}


def test_metrics_say_how_long_the_log_was(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    writer = EventLog(EventWriter(tmp_path / "events.jsonl"), log=LogPosition(log))
    log.write_bytes(b"step 1\n")
    for step in (1, 2):
        writer.metrics.add(step, "loss", 0.5)
        writer.flush()
    first, second = events.replay(tmp_path / "events.jsonl")
    assert first.facts["log"] == 7 and "log" not in second.facts

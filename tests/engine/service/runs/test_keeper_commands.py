"""Words into the FIFO of a keeper: whole, never waiting, and honest when nobody listens."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.service.runs import keeper_commands
from engine.service.runs.keeper_commands import NobodyListens


def test_a_word_arrives_as_one_line(tmp_path: Path) -> None:
    fifo = tmp_path / "control"
    os.mkfifo(fifo)
    ear = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    keeper_commands.send(fifo, {"word": "set", "name": "lr", "value": 0.1})
    keeper_commands.send(fifo, {"word": "stop"})
    lines = os.read(ear, 4096).split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == [
        {"word": "set", "name": "lr", "value": 0.1},
        {"word": "stop"},
    ]
    os.close(ear)


def test_nobody_at_the_other_end_is_said_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "control"
    with pytest.raises(NobodyListens):
        keeper_commands.send(fifo, {"word": "pause"})
    os.mkfifo(fifo)
    with pytest.raises(NobodyListens):
        keeper_commands.send(fifo, {"word": "pause"})


def test_a_full_fifo_does_not_stop_the_service(tmp_path: Path) -> None:
    fifo = tmp_path / "control"
    os.mkfifo(fifo)
    ear = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    with pytest.raises(NobodyListens, match="is full"):
        for _ in range(100_000):
            keeper_commands.send(fifo, {"word": "pause", "pad": "x" * 1000})
    os.close(ear)


def test_a_file_in_the_place_of_the_fifo_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "control"
    path.write_text("precious")
    with pytest.raises(NobodyListens, match="is not a FIFO"):
        keeper_commands.send(path, {"word": "pause"})
    assert path.read_text() == "precious"

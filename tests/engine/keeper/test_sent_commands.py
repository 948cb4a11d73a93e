"""Commands through the FIFO of a keeper: complete lines, never blocking, an error without a reader."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.keeper import command_pipe
from engine.keeper.command_pipe import NoReader


def test_a_command_arrives_as_one_line(tmp_path: Path) -> None:
    fifo = tmp_path / "control"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    command_pipe.send_command(fifo, {"word": "set", "name": "lr", "value": 0.1})
    command_pipe.send_command(fifo, {"word": "stop"})
    lines = os.read(reading, 4096).split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == [
        {"word": "set", "name": "lr", "value": 0.1},
        {"word": "stop"},
    ]
    os.close(reading)


def test_a_missing_reader_is_an_error_at_once(tmp_path: Path) -> None:
    fifo = tmp_path / "control"
    with pytest.raises(NoReader):
        command_pipe.send_command(fifo, {"word": "pause"})
    os.mkfifo(fifo)
    with pytest.raises(NoReader):
        command_pipe.send_command(fifo, {"word": "pause"})


def test_a_full_fifo_does_not_block(tmp_path: Path) -> None:
    fifo = tmp_path / "control"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    with pytest.raises(NoReader, match="is full"):
        for _ in range(100_000):
            command_pipe.send_command(fifo, {"word": "pause", "pad": "x" * 1000})
    os.close(reading)


def test_a_file_in_the_place_of_the_fifo_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "control"
    path.write_text("precious")
    with pytest.raises(NoReader, match="is not a FIFO"):
        command_pipe.send_command(path, {"word": "pause"})
    assert path.read_text() == "precious"

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.keeper.command_pipe import LINE_LIMIT, CommandPipe, open_fifo
from engine.keeper.worker_pipe import PENDING_LIMIT, WorkerPipe


@given(
    st.lists(st.dictionaries(st.sampled_from(["word", "name"]), st.text(), min_size=2)), st.integers(1, 40)
)
def test_commands_are_parsed_wherever_the_bytes_are_split(commands: list[dict[str, str]], size: int) -> None:
    text = b"".join(json.dumps(command).encode() + b"\n" for command in commands)
    pipe = CommandPipe()
    received = [command for at in range(0, len(text), size) for command in pipe.feed(text[at : at + size])]
    assert received == commands
    assert pipe.invalid_lines == 0


@given(st.lists(st.binary(max_size=200)))
def test_invalid_bytes_are_never_an_error(pieces: list[bytes]) -> None:
    pipe = CommandPipe()
    for piece in pieces:
        assert pipe.feed(piece) == []


def test_a_line_that_is_too_long_is_dropped_and_the_next_command_received() -> None:
    pipe = CommandPipe()
    assert pipe.feed(b"x" * (LINE_LIMIT + 1)) == []
    assert pipe.feed(b'\n{"word":"stop"}\n') == [{"word": "stop"}]
    assert pipe.invalid_lines == 1


def test_a_file_in_the_place_of_the_pipe_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control"
    path.write_text("not a pipe")
    os.close(open_fifo(path))
    assert stat.S_ISFIFO(path.stat().st_mode)
    os.close(open_fifo(path))


def test_a_pipe_that_nobody_reads_never_blocks_and_drops_whole_commands() -> None:
    reading, writing = os.pipe()
    pipe = WorkerPipe(writing)
    command = {"word": "set", "name": "x" * 500, "value": 1}
    for _ in range(1000):
        pipe.send(command)
    assert pipe.has_pending and pipe.dropped > 0
    got = bytearray()
    while pipe.has_pending:
        got += os.read(reading, 65536)
        pipe.flush()
    pipe.close()
    while data := os.read(reading, 65536):
        got += data
    os.close(reading)
    lines = bytes(got).splitlines()
    assert len(lines) + pipe.dropped == 1000
    assert len(got) <= PENDING_LIMIT + 65536
    assert all(json.loads(line) == command for line in lines)


def test_a_pipe_without_a_reader_raises_nothing() -> None:
    reading, writing = os.pipe()
    pipe = WorkerPipe(writing)
    os.close(reading)
    pipe.send({"word": "stop"})
    assert not pipe.has_pending
    pipe.close()

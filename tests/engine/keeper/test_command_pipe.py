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
def test_words_survive_being_cut_anywhere(words: list[dict[str, str]], size: int) -> None:
    text = b"".join(json.dumps(word).encode() + b"\n" for word in words)
    listener = CommandPipe()
    heard = [word for at in range(0, len(text), size) for word in listener.feed(text[at : at + size])]
    assert heard == words
    assert listener.noise == 0


@given(st.lists(st.binary(max_size=200)))
def test_noise_is_never_an_error(pieces: list[bytes]) -> None:
    listener = CommandPipe()
    for piece in pieces:
        assert listener.feed(piece) == []


def test_an_endless_line_is_dropped_and_the_next_word_heard() -> None:
    listener = CommandPipe()
    assert listener.feed(b"x" * (LINE_LIMIT + 1)) == []
    assert listener.feed(b'\n{"word":"stop"}\n') == [{"word": "stop"}]
    assert listener.noise == 1


def test_a_file_in_the_place_of_the_pipe_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control"
    path.write_text("not a pipe")
    os.close(open_fifo(path))
    assert stat.S_ISFIFO(path.stat().st_mode)
    os.close(open_fifo(path))


def test_a_wire_that_nobody_reads_never_blocks_and_drops_whole_words() -> None:
    reading, writing = os.pipe()
    wire = WorkerPipe(writing)
    word = {"word": "set", "name": "x" * 500, "value": 1}
    for _ in range(1000):
        wire.send(word)
    assert wire.is_waiting and wire.dropped > 0
    got = bytearray()
    while wire.is_waiting:
        got += os.read(reading, 65536)
        wire.flush()
    wire.close()
    while data := os.read(reading, 65536):
        got += data
    os.close(reading)
    lines = bytes(got).splitlines()
    assert len(lines) + wire.dropped == 1000
    assert len(got) <= PENDING_LIMIT + 65536
    assert all(json.loads(line) == word for line in lines)


def test_a_wire_whose_reader_has_gone_is_quiet() -> None:
    reading, writing = os.pipe()
    wire = WorkerPipe(writing)
    os.close(reading)
    wire.send({"word": "stop"})
    assert not wire.is_waiting
    wire.close()

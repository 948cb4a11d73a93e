"""Files of any size, read whole or in stretches, in bounded pieces."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.regular_file import open_regular
from engine.data.text import text_file
from engine.data.text.text_file import LONGEST_LINE, TextFile
from engine.errors import DataError


def wrap(data: bytes, limit: int = 1 << 30, encoding: str = "") -> TextFile:
    return TextFile("f", len(data), lambda: io.BytesIO(data), encoding=encoding, limit=limit)


def lines_of(file: TextFile) -> list[str]:
    return [line for block in file.blocks() for line in block.split("\n") if line]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "PIECE", 7)


@pytest.mark.usefixtures("small_pieces")
def test_a_small_file_is_read_whole_and_blocks_end_with_lines() -> None:
    data = "ein Häuschen\r\nzwei Bäume\n\ndrei".encode()
    assert lines_of(wrap(data)) == ["ein Häuschen", "zwei Bäume", "drei"]
    assert all(block.endswith("\n") for block in list(wrap(data).blocks())[:-2] if block)


def test_one_giant_line_is_cut_at_spaces() -> None:
    data = b"seven " * (LONGEST_LINE // 2)
    blocks = [block for block in wrap(data).blocks() if block.strip()]
    assert len(blocks) > 1 and all(len(block) <= 2 * LONGEST_LINE + 8 for block in blocks)
    assert {word for block in blocks for word in block.split()} == {"seven"}
    assert sum(len(block.split()) for block in blocks) == LONGEST_LINE // 2


def test_a_giant_word_is_cut_anywhere() -> None:
    blocks = list(wrap(b"x" * (3 * LONGEST_LINE)).blocks())
    assert "".join(blocks).count("x") == 3 * LONGEST_LINE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "utf-32"])
def test_stretches_are_whole_lines_spread_over_the_file(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "STRETCH", 4096)
    lines = [f"Zeile {n} über 🐈 und Füße" for n in range(20_000)]
    data = "\n".join(lines).encode(encoding)
    file = wrap(data, limit=65_536, encoding="" if encoding != "utf-16-be" else encoding)
    read = lines_of(file)
    assert file.is_sampled and set(read) <= set(lines) and len(set(read)) == len(read)
    assert 0.7 < sum(len(line) for line in read) / sum(map(len, lines)) * (len(data) / 65_536) <= 1
    numbers = [int(line.split()[1]) for line in read]
    assert numbers == sorted(numbers) and numbers[0] == 0 and numbers[-1] >= 19_998


def test_stretches_of_a_single_line_are_cut_at_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "STRETCH", 4096)
    read = lines_of(wrap("wörter ".encode() * 100_000, limit=65_536))
    assert {word for line in read for word in line.split()} == {"wörter"}


def test_the_digest_is_of_what_is_read_and_of_the_size() -> None:
    assert wrap(b"a\n").digest() == wrap(b"a\n").digest() != wrap(b"a").digest()
    assert wrap(b"ab" * 100, limit=64).digest() != wrap(b"ab" * 101, limit=64).digest()


def test_a_file_that_shrinks_meanwhile_is_said() -> None:
    file = TextFile("f", 100, lambda: io.BytesIO(b"short\n"))
    with pytest.raises(DataError, match="f became 94 bytes shorter while it was read"):
        list(file.blocks())


def test_an_empty_file_has_no_lines() -> None:
    assert lines_of(wrap(b"")) == lines_of(wrap(b"\xef\xbb\xbf")) == []


def test_a_large_file_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    path.write_bytes(b"a line of words that is repeated very often\n" * 500_000)
    file = TextFile("f", path.stat().st_size, lambda: open_regular(path))
    tracemalloc.start()
    assert sum(block.count("\n") for block in file.blocks()) == 500_002
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 << 20


@given(st.binary(max_size=400), st.integers(4, 200))
def test_any_bytes_whole_or_in_stretches_are_lines_or_refused(data: bytes, limit: int) -> None:
    try:
        assert all("\0" not in line for line in lines_of(wrap(data, limit)))
    except DataError as error:
        assert error.message.startswith("f")

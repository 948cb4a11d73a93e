"""Files of arrays are written atomically, and damage anywhere is detected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.data.text.array_file import ArrayWriter, read_arrays, replace_file
from engine.errors import DataError


def fill(writer: ArrayWriter) -> None:
    writer.add("a", "int32", [np.arange(5), np.array([], np.int32), np.arange(5, 7)])
    writer.add("b", "uint8", [np.frombuffer(b"words", np.uint8)])
    writer.add("none", "int64", [])
    writer.finish({"count": 3, "share": 0.5})


def test_arrays_come_back_as_they_were_and_cannot_be_changed(tmp_path: Path) -> None:
    replace_file(tmp_path / "f", fill)
    kept = read_arrays(tmp_path / "f")
    assert kept.arrays["a"].tolist() == list(range(7)) and kept.arrays["a"].dtype == np.int32
    assert kept.arrays["b"].tobytes() == b"words" and kept.arrays["none"].size == 0
    assert kept.facts == {"count": 3, "share": 0.5}
    with pytest.raises(ValueError, match="read-only"):
        kept.arrays["a"][0] = 1


def test_the_content_is_named_by_the_arrays_alone(tmp_path: Path) -> None:
    def other_facts(writer: ArrayWriter) -> None:
        writer.add("a", "int32", [np.arange(7)])
        writer.add("b", "uint8", [np.frombuffer(b"words", np.uint8)])
        writer.add("none", "int64", [])
        writer.finish({})

    replace_file(tmp_path / "f", fill)
    replace_file(tmp_path / "g", other_facts)
    assert read_arrays(tmp_path / "f").content == read_arrays(tmp_path / "g").content


def test_every_flipped_byte_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "f"
    replace_file(path, fill)
    good = path.read_bytes()
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(DataError):
            read_arrays(path)


def test_every_cut_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "f"
    replace_file(path, fill)
    good = path.read_bytes()
    for length in range(len(good)):
        path.write_bytes(good[:length])
        with pytest.raises(DataError):
            read_arrays(path)


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def fails(writer: ArrayWriter) -> None:
        writer.add("a", "int32", [np.arange(5)])
        raise DataError("The corpus is empty.")

    with pytest.raises(DataError, match="empty"):
        replace_file(tmp_path / "f", fails)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: No such file"):
        replace_file(tmp_path / "nowhere" / "f", fill)

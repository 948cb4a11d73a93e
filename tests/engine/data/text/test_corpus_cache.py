"""Cache entries are made once, by one of several processes, and again when damaged."""

from __future__ import annotations

import multiprocessing
import os
import time
from pathlib import Path

import numpy as np
import pytest

from engine.data.text.array_file import ArrayWriter
from engine.data.text.corpus_cache import KEPT, CorpusCache, make_key
from engine.errors import DataError


def fill(writer: ArrayWriter) -> None:
    writer.add("a", "int32", [np.arange(1000)])
    writer.finish({})


def never(writer: ArrayWriter) -> None:
    raise AssertionError("made a second time")


def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    cache = CorpusCache(tmp_path / "deep" / "cache")
    first = cache.fetch("k", fill, print)
    assert cache.fetch("k", never, print).content == first.content


def test_a_damaged_one_is_made_anew_and_said(tmp_path: Path) -> None:
    cache, lines = CorpusCache(tmp_path), []
    content = cache.fetch("k", fill, print).content
    path = tmp_path / "k.arrays"
    path.write_bytes(path.read_bytes()[:-5])
    assert cache.fetch("k", fill, lines.append).content == content
    assert "damaged: its SHA-256 differs. The cache is rebuilt." in lines[0]
    assert cache.fetch("k", never, print).content == content


def test_what_fails_keeps_nothing(tmp_path: Path) -> None:
    def fails(writer: ArrayWriter) -> None:
        raise DataError("no sentences")

    with pytest.raises(DataError, match="no sentences"):
        CorpusCache(tmp_path).fetch("k", fails, print)
    assert not list(tmp_path.glob("*.arrays"))


def test_the_oldest_goes_when_there_are_too_many_and_its_reader_keeps_it(tmp_path: Path) -> None:
    cache = CorpusCache(tmp_path)
    oldest = cache.fetch("k0", fill, print)
    os.utime(tmp_path / "k0.arrays", (1, 1))
    for number in range(1, KEPT + 1):
        cache.fetch(f"k{number}", fill, print)
    assert len(list(tmp_path.glob("*.arrays"))) == KEPT and not (tmp_path / "k0.arrays").exists()
    assert int(oldest.arrays["a"].sum()) == 499_500


def test_what_a_killed_process_left_is_swept_up_after_a_day(tmp_path: Path) -> None:
    for name in (".new-old", ".new-young"):
        (tmp_path / name).touch()
    os.utime(tmp_path / ".new-old", (1, 1))
    CorpusCache(tmp_path).fetch("k", fill, print)
    assert not (tmp_path / ".new-old").exists() and (tmp_path / ".new-young").exists()


def test_a_key_names_everything() -> None:
    assert make_key(a=1, b="x") == make_key(b="x", a=1) != make_key(a=2, b="x")


def _fetch_slowly(folder: Path, made: Path) -> None:
    def slowly(writer: ArrayWriter) -> None:
        with made.open("a") as log:
            log.write("made\n")
        time.sleep(0.2)  # the others get the time to come too early
        fill(writer)

    assert CorpusCache(folder).fetch("k", slowly, print).arrays["a"].size == 1000


def test_of_several_processes_one_makes_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    crowd = [
        context.Process(target=_fetch_slowly, args=(tmp_path / "c", tmp_path / "made")) for _ in range(4)
    ]
    for process in crowd:
        process.start()
    for process in crowd:
        process.join(60)
    assert [process.exitcode for process in crowd] == [0] * 4
    assert (tmp_path / "made").read_text() == "made\n"

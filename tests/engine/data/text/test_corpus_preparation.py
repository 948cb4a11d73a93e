"""A file far larger than memory, without writing one."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest

from engine.data.text import text_file
from engine.data.text.array_file import read_arrays, replace_file
from engine.data.text.corpus_preparation import CorpusPreparation
from engine.data.text.sentence_splitting import SentenceLayout
from engine.data.text.text_file import TextFile
from engine.data.text.tokeniser import Tokeniser
from engine.errors import DataError

LINE = b"the cat sat on the mat of its master.\n"
SIZE = len(LINE) * 4 * 70_000_000


class Endless(io.RawIOBase):
    """One line for ten gigabytes."""

    place = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self.place = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        first = self.place % len(LINE)
        self.place += size
        return (LINE * (size // len(LINE) + 2))[first : first + size]


def number(file: TextFile, folder: Path) -> CorpusPreparation:
    return CorpusPreparation(
        (file,), (SentenceLayout.LINES,), Tokeniser.PLAIN, 100, 1, folder, lambda line: None
    )


def test_of_ten_gigabytes_evenly_spread_stretches_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_file, "STRETCH", 1 << 16)
    file = TextFile("huge", SIZE, Endless, encoding="utf-8", limit=4 << 20)  # type: ignore[arg-type]
    tracemalloc.start()
    job = number(file, tmp_path)
    replace_file(tmp_path / job.key(), job.write)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    facts = read_arrays(tmp_path / job.key()).facts
    assert facts["distinct_words"] == 8 and facts["length_longest"] == 9
    assert facts["sentences"] == pytest.approx((4 << 20) / len(LINE), rel=0.01)
    assert peak < 64 << 20


def test_a_file_that_changes_meanwhile_is_not_kept_under_its_old_name(tmp_path: Path) -> None:
    contents = [b"one two\nthree\nfour\n", b"one two\nthree\nfive\n"]
    file = TextFile("f", len(contents[0]), lambda: io.BytesIO(contents[0]))
    job = number(file, tmp_path)
    contents.pop(0)
    with pytest.raises(DataError, match="f was changed while it was read"):
        replace_file(tmp_path / "kept", job.write)
    assert list(tmp_path.iterdir()) == []


def test_the_key_names_bytes_layout_tokeniser_and_vocabulary(tmp_path: Path) -> None:
    def key(content: bytes, layout: SentenceLayout = SentenceLayout.LINES, vocabulary: int = 100) -> str:
        file = TextFile("f", len(content), lambda: io.BytesIO(content))
        return CorpusPreparation((file,), (layout,), Tokeniser.PLAIN, vocabulary, 1, tmp_path, print).key()

    keys = [key(b"a"), key(b"b"), key(b"a", SentenceLayout.PROSE), key(b"a", vocabulary=99)]
    assert len(set(keys)) == 4 and key(b"a") == keys[0]

"""What was said before."""

from __future__ import annotations

import stat
from pathlib import Path

from tui.repl.input_history import KEPT, InputHistory


def test_lines_come_back_newest_first_and_the_draft_waits(tmp_path: Path) -> None:
    past = InputHistory(tmp_path / "said.txt")
    past.add("one")
    past.add("two")
    assert [past.earlier("draft"), past.earlier("two"), past.earlier("one")] == ["two", "one", "one"]
    assert [past.later("one"), past.later("two"), past.later("draft")] == ["two", "draft", "draft"]


def test_they_are_kept_across_starts_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    InputHistory(file).add("i love")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert InputHistory(file).lines == ["i love"]


def test_they_are_bounded(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    past = InputHistory(file)
    for number in range(KEPT + 5):
        past.add(f"line {number}")
    assert len(past.lines) == KEPT == len(InputHistory(file).lines)
    assert past.lines[0] == "line 5"


def test_the_search_holds_all_words_and_each_line_once(tmp_path: Path) -> None:
    past = InputHistory(tmp_path / "said.txt")
    for line in ("a cat sat", "a dog ran", "the cat ran", "a cat sat"):
        past.add(line)
    assert past.search("cat a") == ["a cat sat", "the cat ran"]
    assert past.search("zebra") == []


def test_a_damaged_file_is_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_bytes(b"good\n\xff\x1b[31m\n\n")
    lines = InputHistory(file).lines
    assert lines[0] == "good" and all("\x1b" not in line for line in lines)
    assert InputHistory(tmp_path).lines == []

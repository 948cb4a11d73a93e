"""History of the prompt's input."""

from __future__ import annotations

import stat
from pathlib import Path

from tui.repl.input_history import KEPT, InputHistory


def test_lines_are_stepped_through_newest_first_and_the_draft_is_kept(tmp_path: Path) -> None:
    history = InputHistory(tmp_path / "said.txt")
    history.add("one")
    history.add("two")
    assert [history.earlier("draft"), history.earlier("two"), history.earlier("one")] == ["two", "one", "one"]
    assert [history.later("one"), history.later("two"), history.later("draft")] == ["two", "draft", "draft"]


def test_they_are_kept_across_starts_in_a_private_file(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    InputHistory(file).add("i love")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert InputHistory(file).lines == ["i love"]


def test_they_are_bounded(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    history = InputHistory(file)
    for number in range(KEPT + 5):
        history.add(f"line {number}")
    assert len(history.lines) == KEPT == len(InputHistory(file).lines)
    assert history.lines[0] == "line 5"


def test_a_search_finds_lines_with_all_words_once(tmp_path: Path) -> None:
    history = InputHistory(tmp_path / "said.txt")
    for line in ("a cat sat", "a dog ran", "the cat ran", "a cat sat"):
        history.add(line)
    assert history.search("cat a") == ["a cat sat", "the cat ran"]
    assert history.search("zebra") == []


def test_a_damaged_file_is_read_as_far_as_possible(tmp_path: Path) -> None:
    file = tmp_path / "said.txt"
    file.write_bytes(b"good\n\xff\x1b[31m\n\n")
    lines = InputHistory(file).lines
    assert lines[0] == "good" and all("\x1b" not in line for line in lines)
    assert InputHistory(tmp_path).lines == []

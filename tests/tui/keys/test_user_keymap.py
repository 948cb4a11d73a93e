"""The keymap of the user."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.keys.all_keys import BY_ID
from tui.keys.user_keymap import read_keymap


def written(folder: Path, content: object) -> Path:
    path = folder / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_without_a_file_nothing_changes(tmp_path: Path) -> None:
    keymap = read_keymap(tmp_path / "keys.json")
    assert not keymap.keys and not keymap.problem and keymap.key_of(BY_ID["run.pause"]) == "p"


def test_a_valid_entry_replaces_the_key(tmp_path: Path) -> None:
    keymap = read_keymap(written(tmp_path, {"run.pause": "P", "view.filter": "ctrl+f,;"}))
    assert not keymap.problem
    assert keymap.key_of(BY_ID["run.pause"]) == "P"
    assert keymap.keys["view.filter"] == "ctrl+f,;"


def test_a_notice_names_the_key_that_does_it_here(tmp_path: Path) -> None:
    assert read_keymap(tmp_path / "keys.json").shown("run.undo") == "Z"
    assert read_keymap(written(tmp_path, {"run.undo": "ctrl+y"})).shown("run.undo") == "^y"


def test_two_keys_may_change_places(tmp_path: Path) -> None:
    keymap = read_keymap(written(tmp_path, {"run.stop": "Q", "run.pause": "s"}))
    assert keymap.keys == {"run.stop": "Q", "run.pause": "s"} and not keymap.problem


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"run.fly": "x"}, "no such binding"),
        ({"run.pause": "banana"}, "not a key"),
        ({"run.pause": 7}, "not a key"),
        ({"run.pause": ""}, "not a key"),
        ({"run.pause": "n"}, "n is run.new"),
        ({"table.mark": "q"}, "q is app.quit"),
    ],
)
def test_an_invalid_entry_is_left_out_and_named(tmp_path: Path, entry: dict[str, object], why: str) -> None:
    keymap = read_keymap(written(tmp_path, {**entry, "run.again": "Q"}))
    assert why in keymap.problem and "\n" not in keymap.problem
    assert keymap.keys == {"run.again": "Q"}


@pytest.mark.parametrize("content", ["{", "[1]", "null", '"run.pause"', "\x00\x1b[31m"])
def test_a_file_that_is_no_keymap_gives_one_line(tmp_path: Path, content: str) -> None:
    keymap = read_keymap(written(tmp_path, content))
    assert not keymap.keys and "not used" in keymap.problem and "\x1b" not in keymap.problem


def test_many_invalid_entries_give_one_line(tmp_path: Path) -> None:
    keymap = read_keymap(written(tmp_path, {f"no.{number}": "x" for number in range(50)}))
    assert "48 more" in keymap.problem and len(keymap.problem) < 200


def test_a_folder_in_place_of_the_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "keys.json").mkdir()
    assert "not used" in read_keymap(tmp_path / "keys.json").problem

"""The app starts whatever lies in place of the user's own files, and one line says what was lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import damage
from tests.damage import Damage
from tui import view_state
from tui.keys.user_keymap import read_keymap
from tui.repl.input_history import InputHistory
from tui.view_state import ViewState, saved_choice

KINDS = list(damage.of_a_file())
IN_PLACE = ("link-to-zero", "link-to-itself", "link-to-nothing", "pipe", "folder", "device")


@pytest.mark.parametrize("one", KINDS, ids=lambda one: one.name)
def test_a_damaged_keymap_costs_only_itself_and_one_line(tmp_path: Path, one: Damage) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps({"run.pause": "P", "view.filter": "1"}))
    one.do(path)
    keymap = read_keymap(path)
    assert one.name == "missing" or one.is_harmless or keymap.problem
    assert "\n" not in keymap.problem


def test_keys_may_be_a_link_to_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"run.pause": "P"}')
    (tmp_path / "keys.json").symlink_to("mine.json")
    assert read_keymap(tmp_path / "keys.json").keys == {"run.pause": "P"}


@pytest.mark.parametrize("one", KINDS, ids=lambda one: one.name)
def test_a_damaged_view_file_costs_only_itself_and_one_line(tmp_path: Path, one: Damage) -> None:
    path = tmp_path / "view.json"
    view_state.write(path, ViewState(selected="x", chart={"smoothing": 3}))
    one.do(path)
    state, said = view_state.read_or_explain(path)
    assert (state == ViewState() and said) or one.name == "missing" or one.is_harmless
    assert "\n" not in said


@pytest.mark.parametrize("odd", [*damage.ODD_VALUES, 5, "unknown"])
def test_a_saved_choice_is_one_of_those_allowed(odd: Any) -> None:
    assert saved_choice({"view": odd}, "view", {"table": 1}, "table") == "table"
    assert saved_choice({"view": "other"}, "view", ("table", "other"), "table") == "other"


@pytest.mark.parametrize("one", [one for one in KINDS if one.name in IN_PLACE], ids=lambda one: one.name)
def test_history_is_not_read_from_or_written_to_what_is_no_file(tmp_path: Path, one: Damage) -> None:
    path = tmp_path / "said.txt"
    path.write_text("i love\n")
    one.do(path)
    past = InputHistory(path)
    assert past.lines == []
    with pytest.raises(OSError, match=r"said\.txt"):
        past.add("you")
    assert past.lines == ["you"]

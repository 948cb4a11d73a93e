"""The table of keys."""

from __future__ import annotations

from importlib import import_module
from itertools import combinations
from typing import Any

import pytest
from textual.keys import _character_to_key

from tui.app import LabApp
from tui.dialogs.dialog import Dialog
from tui.dialogs.form_dialog import FormScreen
from tui.dialogs.home_error import HomeScreen
from tui.dialogs.pick_experiment import PickScreen
from tui.keys.all_keys import KEYS, Key, Scope, overlaps, shown
from tui.learn.aid_pane import AidPane
from tui.learn.card_screen import CardScreen
from tui.learn.videos_screen import VideosScreen
from tui.plots.plot_widget import PlotWidget
from tui.repl.prompt_line import PromptLine
from tui.repl.transcript import Transcript
from tui.runs.columns_dialog import ColumnList
from tui.runs.grid_panel import RunGrid
from tui.runs.media_screen import MediaScreen
from tui.runs.params_screen import ParamsScreen
from tui.runs.run_chart import RunChart
from tui.runs.run_commands import RunCommands
from tui.runs.tab import RunsTab
from tui.runs.table import RunTable
from tui.runs.view_commands import ViewCommands
from tui.sweeps.sweep_commands import SweepCommands
from tui.sweeps.sweep_list import SweepList
from tui.sweeps.tab import SweepTab
from tui.sweeps.trial_table import TrialTable
from tui.tab.views_tab import ViewsTab
from tui.tabs import PAGES
from tui.ui.filter_bar import FilterBar
from tui.ui.sheet import Sheet


def imported(place: str) -> Any:
    module, _, kind = place.partition(":")
    return getattr(import_module(module), kind)


TAB_CLASSES = {name: imported(place) for name, place in PAGES.items()}
VIEWS = [
    imported(entry.place)
    for tab in TAB_CLASSES.values()
    if issubclass(tab, ViewsTab)
    for entry in tab.VIEWS.values()
]
LISTENERS: dict[Scope, Any] = {
    **TAB_CLASSES,
    **{view.SCOPE: view for view in VIEWS},
    "app": LabApp,
    "home": HomeScreen,
    "table": RunTable,
    "chart": RunChart,
    "grid": RunGrid,
    "pane": Sheet,
    "sweeps": SweepList,
    "trials": TrialTable,
    "axes": PlotWidget,
    "prompt": PromptLine,
    "transcript": Transcript,
    "filter": FilterBar,
    "form": FormScreen,
    "dialog": Dialog,
    "columns": ColumnList,
    "media": MediaScreen,
    "params": ParamsScreen,
    "experiments": PickScreen,
    "aid": AidPane,
    "card": CardScreen,
    "videos": VideosScreen,
}

COMMANDS = {
    (RunsTab, "command"): RunCommands, (RunsTab, "view"): ViewCommands, (SweepTab, "command"): SweepCommands,
}  # fmt: skip


def spelled(key: Key) -> set[str]:
    return {_character_to_key(one) if len(one) == 1 else one for one in key.key.split(",")}


def test_no_two_keys_clash_where_both_are_active() -> None:
    for one, other in combinations(KEYS, 2):
        if overlaps(one.scope, other.scope):
            assert not spelled(one) & spelled(other), f"{one.id} and {other.id}"


def test_every_id_is_there_once() -> None:
    assert len({key.id for key in KEYS}) == len(KEYS)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_does_something_that_exists(key: Key) -> None:
    action = key.action.partition("(")[0]
    listener = LabApp if action.startswith("app.") else LISTENERS[key.scope]
    assert hasattr(listener, f"action_{action.removeprefix('app.')}")
    if (listener, action) in COMMANDS:
        assert hasattr(COMMANDS[listener, action], key.action.split("'")[1])
    if action == "chart":
        assert hasattr(RunChart, f"action_{key.action.split(chr(39))[1]}")


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_has_a_help_of_one_line(key: Key) -> None:
    assert key.label and key.help and len(key.help) <= 42 and len(key.label) <= 16


def test_arrows_and_vim_keys_do_the_same() -> None:
    for scope in ("table", "chart", "pane"):
        own = [key for key in KEYS if key.scope == scope]
        for arrow, letter in (("up", "k"), ("down", "j"), ("left", "h"), ("right", "l")):
            assert [key.id for key in own if arrow in spelled(key)] == [
                key.id for key in own if letter in spelled(key)
            ]


def test_keys_are_displayed_by_their_usual_names() -> None:
    assert [shown(key) for key in ("ctrl+p", "question_mark", "escape", "R")] == ["^p", "?", "esc", "R"]


ONE_MEANING = {
    "y": {"chart.log", "axes.log"},
    "c": {"run.copy", "sweep.copy", "repl.copy", "learn.copy"},
    "C": {"run.copy_command", "sweep.copy_all"},
    "0": {"chart.fit", "sweep.clear"},
}
"""the logarithmic axis, copying, all of it in sight"""


@pytest.mark.parametrize("key", ONE_MEANING)
def test_a_key_means_one_thing_in_every_tab(key: str) -> None:
    assert {one.id for one in KEYS if key in spelled(one)} == ONE_MEANING[key]


def test_x_dismisses_the_banner_and_escape_goes_back_in_every_tab() -> None:
    assert {one.action for one in KEYS if "x" in spelled(one)} == {"app.dismiss_banner"}
    leaving = {"back", "clear", "cancel", "close", "escape", "stop", "leave"}
    assert {one.action for one in KEYS if "escape" in spelled(one)} <= leaving


def test_every_tab_opens_with_alt_and_its_digit_while_one_types() -> None:
    for digit in range(1, 8):
        assert any({str(digit), f"alt+{digit}"} == spelled(one) for one in KEYS if one.scope == "app")


def test_one_key_shows_the_chart_alone_in_every_tab_that_has_one() -> None:
    alone = [key for key in KEYS if key.help == "Chart in full screen, and back"]
    assert {"runs", "sketches", "rungs", "lanes", "networks", "language"} == {key.scope for key in alone}
    assert all(key.key.split(",")[0] == "F" for key in alone)

"""The help screen."""

from __future__ import annotations

import pytest

from tui.dialogs.help import KeySheet, exists, groups, signs
from tui.keys.all_keys import KEYS, Scope, inside
from tui.keys.user_keymap import Keymap
from tui.tabs import PAGES, TITLES, TabName
from tui.terminal.glyphs import ASCII, UNICODE
from tui.ui.span import row_text, row_width


@pytest.mark.parametrize("scope", sorted({key.scope for key in KEYS}))
def test_every_active_key_is_listed_once(scope: Scope) -> None:
    told = [key.id for _, keys in groups(scope) for key in keys]
    assert sorted(told) == sorted(key.id for key in KEYS if key.scope in inside(scope) and exists(key))


@pytest.mark.parametrize("width", [78, 118])
def test_help_names_the_command_that_prints_the_names_of_the_keys(width: int) -> None:
    text = "\n".join(map(row_text, KeySheet("runs", Keymap(), "runs").rows(width)))
    assert "keys.json: dltui keys" in text


def test_the_keys_of_what_has_focus_come_first() -> None:
    assert groups("chart")[0][0] == "Chart" and groups("table")[-1][0] == "Everywhere"


@pytest.mark.parametrize("scope", sorted({key.scope for key in KEYS}))
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_texts_of_a_group_are_aligned(
    scope: Scope, ascii_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.dialogs.help.glyphs", lambda: ASCII if ascii_only else UNICODE)
    sheet = KeySheet(scope, Keymap(), "mnist")
    for heading, keys in groups(scope, "mnist"):
        names = [row[0] for row in sheet._block(heading, keys)[1:]]
        assert len({row_width((name,)) for name in names}) == 1
        assert all(name.text.endswith(" ") for name in names)


def test_a_tab_that_is_not_shown_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PAGES, "repl")
    told = {key.id for _, keys in groups("runs") for key in keys}
    assert "app.tab_runs" in told and "app.tab_repl" not in told


@pytest.mark.parametrize("tab", list(TITLES))
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_signs_of_a_tab_are_explained_below_its_keys(
    tab: TabName, ascii_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("tui.dialogs.help", "tui.ui.status_styles"):
        monkeypatch.setattr(f"{module}.glyphs", lambda: ASCII if ascii_only else UNICODE)
    text = "\n".join(map(row_text, KeySheet(tab, Keymap(), tab).rows(78)))
    assert all(words in text for _, _, words in signs(tab))
    assert all(row_width(row) <= 70 for row in KeySheet(tab, Keymap(), tab)._signs())
    if tab == "runs":
        assert "baseline" in text and "a checkpoint" in text and "not its default" in text
    assert not ascii_only or all(sign.isascii() for sign, _, _ in signs(tab))

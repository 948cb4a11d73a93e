"""Help comes out of the table of keys."""

from __future__ import annotations

import pytest

from tui.glyphs import ASCII, UNICODE
from tui.keymap import Keymap
from tui.keys import KEYS, Scope, inside
from tui.screens.help import KeySheet, exists, groups
from tui.tabs.shelf import SHOWN
from tui.widgets.span import row_width


@pytest.mark.parametrize("scope", sorted({key.scope for key in KEYS}))
def test_every_key_that_is_heard_is_told_once(scope: Scope) -> None:
    told = [key.id for _, keys in groups(scope) for key in keys]
    assert sorted(told) == sorted(key.id for key in KEYS if key.scope in inside(scope) and exists(key))


def test_the_keys_of_what_has_focus_come_first() -> None:
    assert groups("chart")[0][0] == "Chart" and groups("table")[-1][0] == "Everywhere"


@pytest.mark.parametrize("scope", sorted({key.scope for key in KEYS}))
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_words_of_a_group_stand_below_each_other(
    scope: Scope, ascii_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.help.glyphs", lambda: ASCII if ascii_only else UNICODE)
    sheet = KeySheet(scope, Keymap(), "mnist")
    for heading, keys in groups(scope, "mnist"):
        names = [row[0] for row in sheet._block(heading, keys)[1:]]
        assert len({row_width((name,)) for name in names}) == 1
        assert all(name.text.endswith(" ") for name in names)


def test_a_tab_that_is_not_there_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(SHOWN, "repl")
    told = {key.id for _, keys in groups("runs") for key in keys}
    assert "app.tab_runs" in told and "app.tab_repl" not in told

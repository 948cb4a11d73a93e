"""Help comes out of the table of keys."""

from __future__ import annotations

import pytest

from tui.keys import KEYS, Scope, inside
from tui.screens.help import exists, groups
from tui.tabs.shelf import SHOWN


@pytest.mark.parametrize("scope", sorted({key.scope for key in KEYS}))
def test_every_key_that_is_heard_is_told_once(scope: Scope) -> None:
    told = [key.id for _, keys in groups(scope) for key in keys]
    assert sorted(told) == sorted(key.id for key in KEYS if key.scope in inside(scope) and exists(key))


def test_the_keys_of_what_has_focus_come_first() -> None:
    assert groups("chart")[0][0] == "Chart" and groups("table")[-1][0] == "Everywhere"


def test_a_tab_that_is_not_there_has_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(SHOWN, "repl")
    told = {key.id for _, keys in groups("runs") for key in keys}
    assert "app.tab_runs" in told and "app.tab_repl" not in told

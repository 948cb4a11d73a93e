"""The names of the tabs."""

from __future__ import annotations

import pytest

from tui.keys.key import TABS
from tui.tab.switcher import SHOWN
from tui.ui.span import row_text, row_width
from tui.ui.tab_bar import TabBar

ALL = tuple(tab for tab, _ in TABS)


def test_every_tab_is_named_where_there_is_room() -> None:
    bar = TabBar(ALL)
    bar._counts["runs"] = "12"
    text = row_text(bar.row(200))
    assert all(title in text for _, title in TABS) and "1 Runs 12" in text


def test_short_titles_come_before_bare_digits() -> None:
    bar = TabBar([tab for tab in ALL if tab in SHOWN])
    bar._counts["runs"] = "12"
    text = row_text(bar.row(54))
    assert all(title in text for title in ("Runs 12", "XOR", "Swp", "MNIST", "Lang", "REPL"))


@pytest.mark.parametrize("tab", ALL)
def test_where_there_is_none_the_open_one_keeps_its_name(tab: str) -> None:
    bar = TabBar(ALL)
    bar._open = tab
    row = bar.row(48)
    assert row_width(row) <= 48
    shown = [title for _, title in TABS if title in row_text(row)]
    assert shown == [dict(TABS)[tab]] and all(str(digit) in row_text(row) for digit in range(1, 8))

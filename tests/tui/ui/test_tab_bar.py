"""The tab bar."""

from __future__ import annotations

import pytest

from tui.tabs import PAGES, TITLES
from tui.ui.span import row_text, row_width
from tui.ui.tab_bar import TabBar

ALL = tuple(tab for tab in TITLES)


def test_every_tab_is_named_where_there_is_room() -> None:
    bar = TabBar(ALL)
    bar._counts["runs"] = "12"
    text = row_text(bar.row(200))
    assert all(title in text for title in TITLES.values()) and "1 Runs 12" in text


def test_short_titles_come_before_bare_digits() -> None:
    bar = TabBar([tab for tab in ALL if tab in PAGES])
    bar._counts["runs"] = "12"
    text = row_text(bar.row(62))
    assert all(title in text for title in ("Runs 12", "XOR", "Swp", "MNIST", "Lang", "REPL", "Learn"))


@pytest.mark.parametrize("tab", ALL)
def test_without_room_only_the_open_tab_has_a_title(tab: str) -> None:
    bar = TabBar(ALL)
    bar._open = tab
    row = bar.row(48)
    assert row_width(row) <= 48
    shown = [title for title in TITLES.values() if title in row_text(row)]
    assert shown == [TITLES[tab]] and all(str(digit) in row_text(row) for digit in range(1, 8))

"""A list of things to choose from."""

from __future__ import annotations

from tui.dialogs.choose import ChoiceList
from tui.ui.span import row_text

LONG = "one two three four five six seven eight nine ten eleven twelve"


def test_the_chosen_one_is_said_whole_and_the_others_say_that_they_were_cut() -> None:
    rows = [row_text(row) for row in ChoiceList([("first", LONG), ("second", LONG)], cursor=1).rows(40)]
    assert rows[0].startswith("  first   one two") and rows[0].endswith("…")
    assert " ".join(" ".join(rows[1:]).split()) == f"› second {LONG}"
    assert all(len(row) <= 40 for row in rows)

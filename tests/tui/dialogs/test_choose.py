"""The dialog with a list of choices."""

from __future__ import annotations

from tui.dialogs.choose import ChoiceList
from tui.ui.span import row_text

LONG = "one two three four five six seven eight nine ten eleven twelve"


def test_the_selected_description_is_complete_and_others_end_in_an_ellipsis() -> None:
    rows = [row_text(row) for row in ChoiceList([("first", LONG), ("second", LONG)], cursor=1).rows(40)]
    assert rows[0].startswith("  first   one two") and rows[0].endswith("…")
    assert " ".join(" ".join(rows[1:]).split()) == f"› second {LONG}"
    assert all(len(row) <= 40 for row in rows)

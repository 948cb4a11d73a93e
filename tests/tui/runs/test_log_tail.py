"""Long lines of a log."""

from __future__ import annotations

from tui.runs.log_tail import LogTail
from tui.ui.span import row_text, row_width

LONG = "step 1000 loss 0.4056 val_loss 0.4012 val_accuracy 0.9073"


def shown(tail: LogTail, width: int) -> list[str]:
    rows = tail.rows(width)
    assert all(row_width(row) <= width for row in rows)
    return [row_text(row) for row in rows]


def test_a_long_line_is_one_row_with_a_sign_where_it_is_cut() -> None:
    tail = LogTail()
    tail.append(f"{LONG}\nshort\n", 0)
    assert shown(tail, 30) == [LONG[:29] + "…", "short"]


def test_sideways_shows_the_rest_of_it() -> None:
    tail = LogTail()
    tail.append(f"{LONG}\nshort\n\n", 0)
    tail._left = len(LONG) - 30
    first, second, empty = shown(tail, 30)
    assert first == "…" + LONG[-29:] and second in ("", "…") and empty == ""


def test_wide_characters_are_cut_between_cells() -> None:
    tail = LogTail()
    tail.append("漢字" * 20, 0)
    tail._left = 3
    assert all(row_width(row) <= 11 for row in tail.rows(11))

"""Tables fit the terminal, and are whole in a pipe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli import table as tables
from tui.cli.ls import COLUMNS
from tui.cli.table import TableColumn, in_blocks, table, wrapped
from tui.data.value_text import format_value

ROW = (
    "running", "20261129-224814-xor-99d4", "a-rather-long-name", "600/10000 6%", "val_accuracy=0.9241",
    "3m20s", "lr=0.01 hidden=8 optimizer=sgd", "needs 2 CPU threads, 0 free: log-a holds 2",
)  # fmt: skip


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """`monkeypatch`, to say how wide the terminal is; None for a pipe."""
    monkeypatch.setattr(tables, "terminal_width", lambda: None)
    return monkeypatch


def wide(terminal: pytest.MonkeyPatch, cells: int | None) -> None:
    terminal.setattr(tables, "terminal_width", lambda: cells)


@pytest.mark.parametrize("cells", [60, 80, 100, 120, 200])
def test_runs_fit_the_terminal_and_their_ids_stay_whole(
    terminal: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cells: int
) -> None:
    wide(terminal, cells)
    head, line = table(COLUMNS, [ROW])
    assert len(line) <= cells and len(head) <= cells
    assert ROW[0] in line and ROW[1] in line
    missing = [column.title for column in COLUMNS if column.title not in head]
    told = capsys.readouterr().err
    assert all(title in told for title in missing)


def test_more_room_shows_more(terminal: pytest.MonkeyPatch) -> None:
    shown = []
    for cells in (60, 80, 120, 200):
        wide(terminal, cells)
        shown.append(len(table(COLUMNS, [ROW])[1]))
    assert shown == sorted(shown)
    assert all(cell in table(COLUMNS, [ROW])[1] for cell in ROW)


def test_a_cut_cell_ends_in_an_ellipsis(terminal: pytest.MonkeyPatch) -> None:
    wide(terminal, 12)
    assert table([TableColumn("A"), TableColumn("B", 4)], [("1234", "abcdefgh")]) == [
        "A     B",
        "1234  abcde…",
    ]


def test_in_a_pipe_nothing_is_cut_and_every_column_has_a_heading(terminal: pytest.MonkeyPatch) -> None:
    head, line = table(COLUMNS, [ROW])
    assert head.split() == [column.title for column in COLUMNS]
    assert all(cell in line for cell in ROW)


def test_a_long_text_is_wrapped_below_itself(terminal: pytest.MonkeyPatch) -> None:
    wide(terminal, 24)
    lines = wrapped([("name", "x"), ("params", "lr=0.01 hidden=8 batch=50")])
    assert lines == ["name    x", "params  lr=0.01 hidden=8", "        batch=50"]


def test_columns_that_have_no_room_follow_below(terminal: pytest.MonkeyPatch) -> None:
    rows = [("", "first", "second", "third"), ("lr", "0.1", "0.2", "0.3")]
    wide(terminal, 16)
    assert in_blocks(rows) == [
        "    first",
        "lr  0.1",
        "",
        "    second",
        "lr  0.2",
        "",
        "    third",
        "lr  0.3",
    ]
    wide(terminal, None)
    assert len(in_blocks(rows)) == 2


@given(st.lists(st.tuples(*[st.text("ab \u4e2d\u6587", max_size=30)] * 3), min_size=1, max_size=4))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, str, str]]) -> None:
    columns = [TableColumn("A", 4, 1), TableColumn("B", 4, 2), TableColumn("C", 4, 3)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "terminal_width", lambda: 40)
        patched.setattr(tables, "print_stderr", lambda text: None)
        assert all(tables.cell_len(line) <= 40 for line in table(columns, rows))


WRITTEN = {1e7: "10000000", 1.5e6: "1500000", 0.01: "0.01", 1e-7: "1e-07", 1e20: "1e+20", 123456.0: "123456"}


@pytest.mark.parametrize(("value", "words"), WRITTEN.items())
def test_a_large_round_number_is_written_out(value: float, words: str) -> None:
    assert format_value("target", value) == words and float(words) == value

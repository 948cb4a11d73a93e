"""CSV that any reader reads back: line feeds, quotes where they are needed, nothing raw on a terminal."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tui.data.csv_table import csv_lines

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)


@given(
    st.lists(TEXT, min_size=1, max_size=4, unique=True), st.lists(TEXT, max_size=3), st.sampled_from(",\t;")
)
def test_a_csv_reader_reads_what_was_written(names: list[str], cells: list[str], delimiter: str) -> None:
    row = dict(zip(names, cells, strict=False))
    text = "".join(csv_lines(names, [row], delimiter=delimiter))
    header, found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    assert header == names
    assert found == [row.get(name, "") for name in names]


def test_lines_end_in_a_line_feed_and_nothing_else() -> None:
    text = "".join(csv_lines(["step", "loss"], [{"step": 1, "loss": 0.1}, {"step": 2, "loss": None}]))
    assert text == "step,loss\n1,0.1\n2,\n"


def test_numbers_keep_every_digit() -> None:
    value = 0.1 + 0.2
    *_, line = csv_lines(["value"], [{"value": value}])
    assert float(line) == value


def test_control_bytes_are_raw_and_quoted_for_a_program_and_spelled_out_for_a_terminal() -> None:
    name = "a\x1b]52;c;aGk=\x07\rb"
    assert next(iter(csv_lines([name], []))) == f'"{name}"\n'
    (shown,) = csv_lines([name], [], for_terminal=True)
    assert shown.rstrip("\n").isprintable() and "52;c;aGk=" in shown

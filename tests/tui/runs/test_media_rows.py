"""Tables, texts and histograms as rows, and the differences of two."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import DataError
from engine.session_protocol.media import (
    Distribution,
    HistogramDifference,
    HistogramHistory,
    LoggedMedia,
    LoggedTable,
    LoggedText,
    MediaSeries,
    PictureDifference,
    TextDifference,
)
from tui.runs.media_rows import MediaStyle, rows_of, side_by_side, table_difference, table_rows
from tui.runs.media_tags import tags_of
from tui.ui.span import row_text, row_width

STYLE = MediaStyle("ascii", (0, 0, 9), (0, 0, 0), (9, 0, 0))


def lines(answer: Any, width: int = 40, height: int = 12) -> list[str]:
    return [row_text(row).rstrip() for row in rows_of(answer, width, height, STYLE)]


# --- tags -------------------------------------------------------------------------------------------------


def test_the_tags_of_runs_are_those_of_any_images_first() -> None:
    first = LoggedMedia([MediaSeries("text", "t", [1, 5]), MediaSeries("image", "x", [2])])
    second = LoggedMedia([MediaSeries("text", "t", [3]), MediaSeries("image", "y", [4])])
    found = tags_of({"a": first, "b": second})
    assert [one.key for one in found] == [("image", "x"), ("image", "y"), ("text", "t")]
    text = found[2]
    assert text.steps == [1, 3, 5] and (text.at("a", 4), text.at("b", 2), text.at("c", 9)) == (1, None, None)
    assert [text.place_of(step) for step in (0, 1, 4, 99)] == [0, 0, 1, 2]


# --- tables and texts -------------------------------------------------------------------------------------

TABLE = LoggedTable(3, ["class", "n", "share"], [["cat", 10, 0.5], ["a dog", 7, None], ["x", 12345, 0.25]])


def test_the_columns_of_a_table_are_aligned_numbers_to_the_right() -> None:
    assert [row_text(row) for row in table_rows(TABLE, 40)] == [
        "class      n  share", "cat       10    0.5", "a dog      7", "x      12345   0.25",
    ]  # fmt: skip


def test_a_table_that_is_too_wide_begins_with_its_first_column_and_another_one() -> None:
    shown = [row_text(row) for row in table_rows(TABLE, 10, left=1)]
    assert shown[0] == "class  share" and shown[-1] == "< > others of 3 columns"
    assert [row_text(row) for row in table_rows(TABLE, 10, left=99)] == shown


def test_a_table_without_rows_has_its_names() -> None:
    assert row_text(table_rows(LoggedTable(1, ["a", "b"], []), 40)[0]) == "a  b"


def test_the_difference_of_two_tables_is_that_of_their_numbers() -> None:
    after = LoggedTable(4, TABLE.columns, [["cat", 12, 0.5], ["a cat", 7, 0.1], ["x", 12345, 0.125]])
    found = table_difference(TABLE, after)
    assert isinstance(found, LoggedTable)
    assert found.rows == [["cat", 2, 0], ["a dog -> a cat", 0, " -> 0.1"], ["x", 0, -0.125]]


def test_tables_of_other_shapes_have_no_difference() -> None:
    found = table_difference(TABLE, LoggedTable(4, ["class"], []))
    assert found == "the tables differ in their columns or rows: 3 rows x 3 columns, 0 rows x 1 columns"


def test_a_text_is_wrapped_line_by_line_without_control_characters() -> None:
    assert lines(LoggedText(1, "one two three\n\n\x1b[2Jx", True), 10) == [
        "one two", "three", "", "␛[2Jx", "the rest: dltui media RUN TAG --save FILE",
    ]  # fmt: skip


def test_equal_texts_and_images_say_so() -> None:
    assert lines(TextDifference([])) == ["no line differs"]
    assert lines(PictureDifference(1, 1, "gA==", 0, 0, 0)) == ["no pixel differs"]


def test_the_scale_of_a_difference_is_said() -> None:
    shown = " ".join(lines(PictureDifference(2, 1, "/wE=", 51, 12.5, 0.25), 60))
    assert "most 51 of 255, mean 12.5, 25% of the pixels" in shown
    assert "full is brighter, dashes darker; full at 51" in shown


def test_an_error_stands_in_place_of_the_picture() -> None:
    assert lines(DataError("The image cannot be decoded: x."), 60) == ["The image cannot be decoded: x."]


# --- histograms -------------------------------------------------------------------------------------------


def test_a_histogram_has_a_column_for_each_step_and_a_mark_below_the_one_that_is_shown() -> None:
    found = HistogramHistory(
        2, Distribution(4, 0, 1, 0.5, [0.2, 0.5, 0.7]), [1, 2], 0, 1, [[1, 0], [0, 0], [0, 0], [0, 1]]
    )
    shown = lines(found, 29, 8)
    assert shown[0] == "    0.75 " + " " * 10 + "#" * 10
    assert shown[1] == "    0.25 " + "#" * 10
    assert shown[2].index("▲") == 9 + 15
    assert "4 numbers from 0 to 1, mean 0.5, median 0.5" in " ".join(shown[3:])


def test_the_difference_of_histograms_has_bars_to_both_sides_and_a_scale() -> None:
    shown = lines(HistogramDifference(0, 1, [0.75, 0.25], [0.25, 0.75]), 30, 5)
    assert shown[0].endswith("│━━━━━━━━━━") and shown[1].endswith("━━━━━━━━━━│")
    assert "50% of the numbers lie elsewhere; the longest bar is 50.0%" in " ".join(shown)


@pytest.mark.parametrize("width", [10, 24, 80])
@pytest.mark.parametrize("answer", [TABLE, LoggedText(1, "word " * 50, False), TextDifference(["+x", "-y"])])
def test_columns_beside_each_other_have_one_width(answer: Any, width: int) -> None:
    columns = [rows_of(answer, width, 10, STYLE), [], rows_of(DataError("no"), width, 10, STYLE)]
    rows = side_by_side(columns, width, 2)
    assert {row_width(row) for row in rows} == {3 * width + 4}

"""Lines: merged spans, changed cells, cutting."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.ui.line_widget import changed_cells, fit_or_cut, left_and_right, merge_spans
from tui.ui.span import Row, Span, row_text, row_width

SPANS = st.lists(
    st.builds(Span, st.text(" ab", min_size=1, max_size=4), st.sampled_from(["", "x", "y"])), max_size=8
)


def cells(row: Row) -> list[tuple[str, str]]:
    return [
        (character, span.style_name if character != " " else "") for span in row for character in span.text
    ]


@given(SPANS)
def test_merging_spans_changes_no_visible_cell(spans: list[Span]) -> None:
    assert cells(merge_spans(spans)) == cells(tuple(spans))


@given(SPANS)
def test_neighbours_after_merging_differ_in_style(spans: list[Span]) -> None:
    row = merge_spans(spans)
    assert all(one.style_name != other.style_name for one, other in pairwise(row))


@given(SPANS, SPANS)
def test_changed_cells_contain_every_difference(one: list[Span], other: list[Span]) -> None:
    width = max(row_width(tuple(one)), row_width(tuple(other)))
    old = (*one, Span(" " * (width - row_width(tuple(one)) + 1)))
    new = (*other, Span(" " * (width - row_width(tuple(other)) + 1)))
    change = changed_cells(old, new)
    differing = [x for x, pair in enumerate(zip(cells(old), cells(new), strict=True)) if pair[0] != pair[1]]
    if change is None:
        assert not differing
    else:
        assert all(change[0] <= x < change[0] + change[1] for x in differing)


@given(SPANS, SPANS)
def test_changed_cells_contain_every_difference_after_a_change_of_width(
    one: list[Span], other: list[Span]
) -> None:
    old, new = tuple(one), tuple(other)
    change = changed_cells(old, new)
    before, after = cells(old), cells(new)
    width = max(len(before), len(after))
    padded = [[*row, *[("", "")] * (width - len(row))] for row in (before, after)]
    differing = [x for x, pair in enumerate(zip(*padded, strict=True)) if pair[0] != pair[1]]
    assert change is not None or not differing
    if change is not None:
        assert all(change[0] <= x < change[0] + change[1] for x in differing)


def test_the_left_row_is_cut_where_both_do_not_fit() -> None:
    assert row_text(left_and_right((Span("a long left"),), (Span("right"),), 9)) == "a l…right"


def test_a_cut_row_ends_in_an_ellipsis_and_trailing_blanks_are_no_cut() -> None:
    assert row_text(fit_or_cut((Span("one two three"),), 8)) == "one two…"
    assert row_text(fit_or_cut((Span("one two"), Span("       ")), 8)) == "one two "
    assert row_text(fit_or_cut((Span("one two   "),), 8)) == "one two "
    assert row_text(left_and_right((Span("one two three"),), (Span("end"),), 10)) == "one tw…end"

"""Changed stretches of a row: every difference, with few unchanged cells."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui.ui.changed_cells import GAP, changes
from tui.ui.span import Span, cells

ROWS = st.integers(1, 60).flatmap(
    lambda width: st.tuples(*[st.lists(st.sampled_from("ab"), min_size=width, max_size=width)] * 2)
)


@given(ROWS)
def test_every_difference_is_in_a_stretch_and_every_stretch_has_them_at_both_ends(
    rows: tuple[list[str], list[str]],
) -> None:
    old, new = ([(sign, "ink") for sign in row] for row in rows)
    stretches = list(changes(old, new))
    covered = {x for first, count in stretches for x in range(first, first + count)}
    different = {x for x, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]}
    assert different <= covered
    for first, count in stretches:
        assert first in different and first + count - 1 in different
    for (first, count), (after, _) in pairwise(stretches):
        assert after - (first + count - 1) > GAP


def test_a_stretch_takes_a_wide_character_whole() -> None:
    old, new = cells((Span("a東b", "ink"),)), cells((Span("axyb", "ink"),))
    assert list(changes(old, new)) == [(1, 2)]
    recoloured = [(sign, "other" if not sign else style_name) for sign, style_name in old]
    assert list(changes(old, recoloured)) == [(1, 2)]

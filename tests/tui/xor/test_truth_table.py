"""The truth table: what fits in how many columns, and what is neither right nor wrong."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.xor import look
from engine.session_protocol.xor import LookRequest, XorLook
from tui.ui.span import row_text, row_width
from tui.xor.truth_table import table


def seen(places: Places, units: int, weight: float = 1.0) -> XorLook:
    request = LookRequest(
        hidden_weight=[[weight, -weight]] * units,
        hidden_bias=[0.25] * units,
        output_weight=[weight] * units,
        output_bias=0.0,
    )
    return look(SessionCache(places), request)


@pytest.mark.parametrize("width", [40, 44, 58, 100])
@pytest.mark.parametrize("units", [1, 2, 4, 12])
def test_every_unit_has_a_column_or_is_counted_as_left_out(places: Places, width: int, units: int) -> None:
    rows = table(seen(places, units), width)
    head = row_text(rows[0]).split()
    shown = [name for name in head if name.startswith("h")]
    left = [int(name[1:]) for name in head if name.startswith("+")]
    assert len(shown) + sum(left) == units
    assert all(row_width(row) <= width for row in rows)
    if units <= 4 and width >= 44:
        assert not left


def test_an_output_of_one_half_is_undecided_for_both_targets(places: Places) -> None:
    net = seen(places, 1, 0.0)
    words = "\n".join(map(row_text, table(net, 100)))
    assert (net.right, net.undecided) == (0, 4)
    assert words.count("0.500") == 4 == words.count("undecided") and "wrong" not in words


def test_both_losses_have_their_names(places: Places) -> None:
    wide, narrow = (row_text(table(seen(places, 1), width)[-1]) for width in (100, 44))
    assert "squared error" in wide and "cross-entropy" in wide and "validation" in wide
    assert "SSE" in narrow and "val. BCE" in narrow

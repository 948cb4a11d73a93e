"""Every change of a network, undo and redo."""

from __future__ import annotations

import pytest

from tui.drawings.editable_net import (
    EditHistory,
    HandNet,
    WeightIndex,
    columns_of,
    from_facts,
    neighbour,
)

BYPASS = HandNet(((1.0, 1.0),), (-1.5,), (1.0, 1.0, -2.0), -0.5)


def test_every_number_can_be_set_and_no_other_changes() -> None:
    for place in (place for column in columns_of(1, True) for place in column):
        changed = BYPASS.with_value(place, 7.25)
        assert changed.at(place) == 7.25
        assert changed.with_value(place, BYPASS.at(place)) == BYPASS


def test_units_come_and_go_with_their_output_weight() -> None:
    grown = BYPASS.with_unit().with_value(WeightIndex("output", 0, 3), 5.0)
    assert grown.units == 2 and grown.output_weight == (1.0, 1.0, -2.0, 5.0)
    assert grown.without_unit(0).output_weight == (1.0, 1.0, 5.0)
    assert grown.without_unit(1) == BYPASS
    assert BYPASS.without_unit(0).units == 0


def test_something_always_reaches_the_output() -> None:
    alone = BYPASS.with_bypass(False)
    assert alone.output_weight == (-2.0,) and alone.without_unit(0) == alone
    empty = BYPASS.without_unit(0)
    assert empty.with_bypass(False) == empty


def test_four_hidden_units_are_the_most() -> None:
    net = BYPASS
    for _ in range(9):
        net = net.with_unit()
    assert net.units == 4


def test_the_temperature_goes_from_1_to_a_thousandth() -> None:
    net = BYPASS
    seen = [
        net.with_lower_temperature(-20).temperature,
        *((net := net.with_lower_temperature(-1)).temperature for _ in range(12)),
    ]
    assert seen[0] == seen[-1] == 1.0 and BYPASS.with_lower_temperature(1).temperature == 0.001


def test_changes_are_taken_back_and_made_again_one_by_one() -> None:
    edits = EditHistory(BYPASS)
    first, second = BYPASS.with_unit(), BYPASS.with_bypass(False)
    assert edits.change(first) and edits.change(second) and not edits.change(second)
    assert edits.undo() and edits.net == first
    assert edits.undo() and edits.net == BYPASS and not edits.undo()
    assert edits.redo() and edits.net == first
    edits.change(second)
    assert not edits.redo()


def test_what_was_saved_comes_back_and_what_is_no_network_is_refused() -> None:
    assert from_facts(BYPASS.facts()) == BYPASS
    damages = ({"output_weight": [1.0]}, {"hidden_bias": None}, {"targets": [0, 1, 2, 0]}, {"temperature": 0},
               {"output_bias": float("nan")}, {"hidden_weight": [[1.0]]})  # fmt: skip
    for damage in damages:
        with pytest.raises(ValueError):
            from_facts(BYPASS.facts() | damage)


def test_arrows_reach_every_number() -> None:
    for units, bypass in ((0, True), (1, True), (2, False), (4, True)):
        reached, edge = set(), {columns_of(units, bypass)[0][0]}
        while edge:
            reached |= edge
            steps = [(1, 0), (-1, 0), (0, 1), (0, -1)]
            edge = {neighbour(place, units, bypass, *step) for place in edge for step in steps} - reached
        assert reached == {place for column in columns_of(units, bypass) for place in column}

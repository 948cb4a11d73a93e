"""The failure map as cells: signs, backgrounds, windows."""

from __future__ import annotations

import math

import pytest

from tests.fakes.engine import done, make_run
from tui.keys.user_keymap import Keymap
from tui.ui.span import row_text
from tui.xor.failure_map_cells import FailureMap, MapCell
from tui.xor.failure_map_text import MapFacts, notes_of
from tui.xor.failure_map_widget import head_of, row_of, window


def made(cells: list[list[MapCell]], x: str = "", **facts: object) -> FailureMap:
    usual: dict[str, object] = {
        "colour": "outcome", "values": [[None] * len(row) for row in cells], "low": 0.0, "high": 1.0,
        "x": x, "y": "hidden" if x else "", "xs": list(range(len(cells[0]))), "ys": list(range(len(cells))),
        "axes": (), "outcomes": {}, "epoch": 1, "epochs": 1, "stops": (10.0, 20.0),
    }  # fmt: skip
    return FailureMap(tuple(map(tuple, cells)), **{**usual, **facts})  # type: ignore[arg-type]


def cell(
    network: int, share: float | None = 1.0, loss: float | None = 0.01, stop: float = 10, count: int = 1
) -> MapCell:
    return MapCell(network, count, 0, share, loss, stop)


def test_what_a_network_is_stuck_at_is_its_sign() -> None:
    floors = [math.log(2) / 2, 0.4774, math.log(2), 0.6, None]
    cells = [cell(network, 0.0, loss) for network, loss in enumerate(floors)]
    found = made([[*cells, cell(9), cell(10, None)]])
    view = window(found, (0, 0), 7, 1, None)
    assert "".join(tile.text for tile in row_of(found, 0, (-1, -1), view, "shade")) == "234?!··"
    assert [one.undecided for one in cells] == [2, 3, 4, 0, 0]


def test_a_network_that_was_solved_sooner_is_brighter() -> None:
    found = made([[cell(0, stop=10), cell(1, stop=15), cell(2, stop=20)]])
    row = row_of(found, 0, (-1, -1), window(found, (0, 0), 9, 1, None), "colour")
    assert [tile.ground for tile in row] == ["solved-7", "solved-4", "solved-0"]


@pytest.mark.parametrize("cursor", [(0, 0), (7, 0), (3, 30), (9, 99)])
def test_the_cursor_is_always_in_sight(cursor: tuple[int, int]) -> None:
    found = made([[cell(10 * y + x) for x in range(10)] for y in range(100)])
    view = window(found, cursor, 6, 20, None)
    assert view.left <= cursor[0] < view.left + view.columns and view.top <= cursor[1] < view.top + view.rows
    assert window(found, cursor, 6, 20, view) == view


def test_with_axes_cells_are_wide_and_named() -> None:
    found = made([[cell(0, 0.5, count=2), cell(2, 1.0, count=2)]], x="lr", xs=[0.01, 0.1], ys=[4])
    view = window(found, (0, 0), 60, 10, None)
    assert view.wide > 5 and view.tall > 3
    head = ["".join(tile.text for tile in row) for row in head_of(found, view, "colour")]
    assert head[0] == "rows: hidden, columns: lr" and "0.01" in head[1]
    words = "".join(tile.text for tile in row_of(found, 0, (-1, -1), view, "colour"))
    assert "4" in words and "50%" in words and "100%" in words


def test_the_next_failure_goes_round_and_none_is_none() -> None:
    found = made([[cell(0), cell(1, 0.0, 0.5)], [cell(2), cell(3, 0.0, 0.5)]])
    assert found.stuck_after(1, 0, 1) == (1, 1) and found.stuck_after(1, 1, 1) == (1, 0)
    assert found.stuck_after(0, 0, -1) == (1, 1)
    assert made([[cell(0), cell(1)]]).stuck_after(0, 0, 1) is None


@pytest.mark.parametrize(("width", "label"), [(120, 8), (80, 8), (50, 0)])
def test_labels_take_no_more_columns_than_the_longest(width: int, label: int) -> None:
    found = made(
        [[cell(0)], [cell(1)]], groups=({"hidden": 1, "bypass": False}, {"hidden": 2, "bypass": False})
    )
    view = window(found, (0, 0), width, 10, None)
    assert view.label == label


def test_a_label_that_does_not_fit_ends_in_a_sign() -> None:
    found = made([[cell(0)]], groups=({"temperature": 0.001, "hidden": 2, "bypass": True},))
    view = window(found, (0, 0), 80, 10, None)
    words = "".join(tile.text for tile in row_of(found, 0, (-1, -1), view, "colour"))
    assert words.startswith("temperature 0.00… ")


@pytest.mark.parametrize("width", [78, 118])
def test_what_every_digit_of_a_failure_means_is_in_sight(width: int) -> None:
    found = made([[cell(0, 0.0, 0.48)]])
    facts = MapFacts(make_run(1, experiment="xor_batch", state=done()), found, None, None, "colour", Keymap())
    legend = row_text(notes_of(facts, width)[1])
    assert len(legend) <= width and all(f"{rows} (0." in legend for rows in (2, 3, 4)) and "? other" in legend

"""Filters and maps as one picture in colours."""

from __future__ import annotations

import numpy as np

from tui.mnist.mosaic import GAP, GROUND, TILE, WARM, grey, heat, mosaic
from tui.mnist.snapshot import Snapshot, SnapshotView


def test_colours_say_how_much_and_which_way() -> None:
    assert heat(np.array([[1.0, 0.0]])).tolist() == [[list(WARM), list(GROUND)]]
    assert grey(np.array([[np.nan]])).tolist() == [[list(GROUND)]]


def test_a_line_of_filters_and_two_of_maps() -> None:
    look = SnapshotView(np.ones((28, 28)), np.zeros((5, 28, 28)), np.zeros((5, 28, 28)))
    found = mosaic(Snapshot("conv1", np.zeros((5, 1, 5, 5)), [look]))
    assert found is not None and found.shape == (3 * (TILE + GAP) + GAP, 6 * (TILE + GAP) + GAP, 3)


def test_nothing_known_is_no_picture() -> None:
    assert mosaic(Snapshot("conv1")) is None

"""Filters and maps as one RGB picture."""

from __future__ import annotations

import numpy as np

from tui.mnist.filter_picture import GAP, GROUND, TILE, WARM, grey, heat, mosaic
from tui.mnist.layer_snapshot import PictureMaps, Snapshot


def test_colours_show_amount_and_sign() -> None:
    assert heat(np.array([[1.0, 0.0]])).tolist() == [[list(WARM), list(GROUND)]]
    assert grey(np.array([[np.nan]])).tolist() == [[list(GROUND)]]


def test_a_line_of_filters_and_two_of_maps() -> None:
    picture = PictureMaps(np.ones((28, 28)), np.zeros((5, 28, 28)), np.zeros((5, 28, 28)))
    found = mosaic(Snapshot("conv1", np.zeros((5, 1, 5, 5)), [picture]))
    assert found is not None and found.shape == (3 * (TILE + GAP) + GAP, 6 * (TILE + GAP) + GAP, 3)


def test_an_empty_snapshot_has_no_picture() -> None:
    assert mosaic(Snapshot("conv1")) is None

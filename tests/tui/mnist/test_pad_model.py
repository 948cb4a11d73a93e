"""The drawing pad."""

from __future__ import annotations

import numpy as np

from tui.mnist.pad_model import SIDE, Pad


def test_a_moving_pen_draws_a_line_without_gaps() -> None:
    pad = Pad()
    pad.pen()
    pad.move(12, 0)
    assert (pad.pixels[6, 8:21] == 255).all() and pad.pixels[20].sum() == 0


def test_a_lifted_pen_draws_nothing() -> None:
    pad = Pad()
    assert not pad.move(5, 5) and pad.is_empty


def test_the_pen_stays_on_the_pad() -> None:
    pad = Pad()
    pad.pen()
    pad.move(99, -99)
    assert (pad.x, pad.y) == (SIDE - 1, 0)


def test_undo_removes_one_stroke() -> None:
    pad = Pad()
    pad.pen()
    pad.move(4, 0)
    pad.pen()
    first = pad.pixels.copy()
    pad.move(0, 9)
    pad.pen()
    pad.move(4, 0)
    assert pad.undo() and (pad.pixels == first).all() and not pad.is_down
    assert pad.undo() and pad.is_empty and not pad.undo()


def test_clearing_can_be_undone() -> None:
    pad = Pad()
    pad.pen()
    pad.clear()
    assert pad.is_empty and pad.undo() and not pad.is_empty


def test_the_eraser_clears_pixels() -> None:
    pad = Pad()
    pad.pen()
    pad.is_eraser = True
    pad.move(1, 0)
    pad.move(-1, 0)
    assert pad.is_empty


def test_a_broader_brush_draws_more_ink() -> None:
    amounts = []
    for brush in range(3):
        pad = Pad()
        pad.brush = brush
        pad.pen()
        amounts.append(int(pad.pixels.sum()))
    assert amounts == sorted(amounts) and amounts[0] < amounts[2]


def test_a_drawing_is_saved_as_text_and_restored() -> None:
    pad = Pad()
    pad.pen()
    assert (Pad(pad.text()).pixels == pad.pixels).all()
    assert Pad("nonsense").is_empty and Pad("ff").is_empty and Pad().text() == ""


def test_a_small_picture_is_loaded_larger() -> None:
    pad = Pad()
    pad.load(np.full((8, 8), 9, np.uint8))
    assert pad.pixels.sum() == 9 * 24 * 24 and pad.pixels[0].sum() == 0

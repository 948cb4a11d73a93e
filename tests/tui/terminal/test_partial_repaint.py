"""Partial repaints: the same screen as a full one, from the changed cells only."""

from __future__ import annotations

import random

import pytest
from rich.segment import Segment
from rich.style import Style
from textual._compositor import Compositor
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.geometry import Region
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.terminal.partial_repaint import CellsUpdate, PartialCompositor, PartialScreen

SIZE = (40, 12)
LETTERS = "abcdefghij 東京é"


class Letters(Widget):
    """Rows of letters that change where they are told to."""

    def __init__(self, draw: random.Random, **widget: str) -> None:
        super().__init__(**widget)
        self._draw = draw
        self.rows: dict[int, list[str]] = {}

    def row(self, y: int) -> list[str]:
        width = self.size.width
        if len(self.rows.get(y, ())) != width:
            self.rows[y] = [self._draw.choice("abcdefghij ") for _ in range(width)]
        return self.rows[y]

    def change(self) -> None:
        """A few cells of a row, sometimes to a letter of two cells and back."""
        y, width = self._draw.randrange(self.size.height), self.size.width
        start = self._draw.randrange(width)
        end = min(width, start + self._draw.randrange(1, 6))
        row = self.row(y)
        if any(sign in "東京" or not sign for sign in row):
            start, end = 0, width
            row[:] = [self._draw.choice("abcdefghij ") for _ in range(width)]
        elif end - start >= 2 and self._draw.random() < 0.3:
            row[start : start + 2] = [self._draw.choice("東京"), ""]
        else:
            row[start:end] = [self._draw.choice("klmnop") for _ in range(end - start)]
        self.refresh(Region(start, y, end - start, 1))

    def render_line(self, y: int) -> Strip:
        return Strip([Segment("".join(self.row(y)), Style())])


class Layers(App[None]):
    CSS = """
    Screen { layers: below above; }
    #wide { width: 100%; height: 100%; layer: below; }
    #box { width: 14; height: 5; offset: 9 3; layer: above; border: solid red; padding: 0 1; }
    #scroll { width: 12; height: 4; offset: 26 6; layer: above; }
    #long { height: 9; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.draw = random.Random(4)

    def get_default_screen(self) -> Screen[None]:
        return PartialScreen()

    def compose(self) -> ComposeResult:
        yield Letters(self.draw, id="wide")
        yield Letters(self.draw, id="box")
        with VerticalScroll(id="scroll"):
            yield Letters(self.draw, id="long")


class Paper:
    """What a terminal of that size shows."""

    def __init__(self) -> None:
        self.rows = [[" "] * SIZE[0] for _ in range(SIZE[1])]

    def write(self, x: int, y: int, strip: Strip) -> None:
        for sign in strip.text:
            width = Segment(sign).cell_length
            self.rows[y][x : x + width] = [sign, ""][:width]
            x += width


def whole(compositor: PartialCompositor) -> list[list[str]]:
    canvas = Paper()
    for y, strip in enumerate(compositor.render_strips()):
        canvas.write(0, y, strip)
    return canvas.rows


async def settle(pilot: Pilot[None]) -> PartialCompositor:
    """Nothing is left to be painted."""
    await pilot.pause()
    compositor = pilot.app.screen._compositor
    assert isinstance(compositor, PartialCompositor)
    compositor.render_full_update()
    for widget in pilot.app.query(Letters):
        widget._exchange_repaint_regions()
    return compositor


async def test_partial_repaints_give_the_same_screen_as_a_full_one() -> None:
    app = Layers()
    async with app.run_test(size=SIZE) as pilot:
        app.query_one("#scroll").scroll_to(y=3, animate=False)
        compositor = await settle(pilot)
        canvas, widgets = Paper(), list(app.query(Letters))
        canvas.rows = whole(compositor)
        for _ in range(300):
            changed = app.draw.sample(widgets, app.draw.randrange(1, 4))
            for widget in changed:
                widget.change()
            compositor.update_widgets(set(changed))
            update = compositor.render_partial_update()
            for x, y, strip in update.cells if isinstance(update, CellsUpdate) else ():
                canvas.write(x, y, strip)
            assert canvas.rows == whole(compositor)


async def test_only_the_cells_that_differ_are_sent() -> None:
    app = Layers()
    async with app.run_test(size=SIZE) as pilot:
        compositor = await settle(pilot)
        wide = app.query_one("#wide", Letters)
        wide.row(1)[20:23] = "xyz"
        wide.refresh(Region(20, 1, 3, 1))
        compositor.update_widgets({wide})
        update = compositor.render_partial_update()
        assert isinstance(update, CellsUpdate)
        assert [(x, y, strip.text) for x, y, strip in update.cells] == [(20, 1, "xyz")]


async def test_covered_cells_are_not_sent() -> None:
    app = Layers()
    async with app.run_test(size=SIZE) as pilot:
        compositor = await settle(pilot)
        wide = app.query_one("#wide", Letters)
        wide.refresh(Region(5, 4, 12, 1))
        compositor.update_widgets({wide})
        update = compositor.render_partial_update()
        assert isinstance(update, CellsUpdate)
        assert [(x, strip.cell_length) for x, _, strip in update.cells if x < 9] == [(5, 4)]
        assert sum(strip.cell_length for _, _, strip in update.cells) == 12


def test_a_compositor_without_what_partial_updates_need_stays_textuals_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert type(PartialScreen()._compositor) is PartialCompositor
    monkeypatch.delattr(Compositor, "_regions_to_spans")
    assert type(PartialScreen()._compositor) is Compositor

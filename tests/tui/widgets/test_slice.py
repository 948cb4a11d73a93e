"""Slices side by side show the whole row, and each repaints its own part."""

from __future__ import annotations

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip

from tui.widgets.slice import Slice
from tui.widgets.span import Span, cells

TEXT = "0123456789東京abcdefghijklmnopqrstuvwxyz"


class Sliced(App[None]):
    CSS = "Screen { layout: horizontal; }"

    def compose(self) -> ComposeResult:
        for _ in range(5):
            yield Slice(lambda y: Strip([Segment(TEXT if y == 0 else "")]))


async def test_all_slices_together_show_every_column() -> None:
    app = Sliced()
    async with app.run_test(size=(40, 1)):
        assert app.screen._compositor.render_strips()[0].text == TEXT


async def test_only_the_slice_that_changed_is_repainted_up_to_its_last_change() -> None:
    app = Sliced()
    async with app.run_test(size=(40, 1)) as pilot:
        await pilot.pause()
        old = cells((Span(TEXT, "ink"),))
        new = cells((Span(TEXT.replace("b", "B"), "ink"),))
        for part in app.query(Slice):
            part._repaint_regions.clear()
            part.refresh_changed([(0, old, new)])
        regions = [sorted(part._repaint_regions) for part in app.query(Slice)]
        assert regions == [[], [Region(0, 0, 8, 1)], [], [], []]

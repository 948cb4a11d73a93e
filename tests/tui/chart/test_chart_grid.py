"""The widget of many small charts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui.chart.chart_grid import ChartGrid
from tui.chart.chart_rows import CurveSeries, Scene
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.ui.span import row_text, row_width

LONG = "a" * 300
MARKS = "e" + "\u0301" * 300


def curve(name: str, values: Sequence[float]) -> CurveSeries:
    made = ChartCurve()
    made.extend(list(range(len(values))), list(values), [float(step) for step in range(len(values))])
    return CurveSeries(name, "run", made)


class GridApp(App[None]):
    def __init__(self, curves: dict[str, CurveSeries]) -> None:
        super().__init__()
        self.curves = curves
        self.crosshair: float | None = None
        self.asked: list[str] = []
        self.grid = ChartGrid(self.scenes)
        self.messages: list[object] = []

    def compose(self) -> ComposeResult:
        yield self.grid

    def scenes(self, names: Sequence[str]) -> list[Scene]:
        self.asked += names
        return [
            Scene(ChartView(name, crosshair=self.crosshair), (self.curves[name],), small=True)
            for name in names
        ]

    def on_chart_grid_opened(self, message: ChartGrid.Opened) -> None:
        self.messages.append(message.name)

    @property
    def lines(self) -> list[str]:
        return [row_text(row) for row in self.grid._rows]


def many(count: int) -> dict[str, CurveSeries]:
    return {
        f"m{place}": curve(f"m{place}", [1 / (step + 1 + place) for step in range(50)])
        for place in range(count)
    }


async def test_a_page_has_the_charts_that_fit_and_the_cursor_turns_pages() -> None:
    app = GridApp(many(30))
    async with app.run_test(size=(96, 37)) as pilot:
        app.grid.set_names(tuple(app.curves))
        await pilot.pause()
        assert all(f"m{place} " in "\n".join(app.lines) for place in range(12))
        assert app.grid.page_text == "1-12 of 30"
        app.grid.action_page(1)
        assert app.grid.chosen == "m12" and app.grid.page_text == "13-24 of 30"
        app.grid.action_go_to(1)
        assert app.grid.chosen == "m29" and app.grid.page_text == "25-30 of 30"
        app.grid.action_open()
        await pilot.pause()
        assert app.messages == ["m29"]


@pytest.mark.parametrize("size", [(96, 37), (80, 19), (60, 15), (20, 5), (9, 2), (168, 57)])
async def test_whatever_the_names_and_the_size_the_lines_fill_the_widget(size: tuple[int, int]) -> None:
    hostile = {
        LONG: curve(LONG, [1.0, 2.0]),
        MARKS: curve(MARKS, [1.0, math.nan]),
        "bad/nan": curve("n", [math.nan] * 5),
        "bad/inf": curve("i", [1.0, math.inf, -math.inf]),
        "\x1b[2J/wide \u6f22\u5b57": curve("w", []),
    }
    app = GridApp(hostile)
    async with app.run_test(size=size) as pilot:
        app.grid.set_names(tuple(hostile))
        await pilot.pause(0.1)
        assert [row_width(row) for row in app.grid._rows] == [size[0]] * size[1]


async def test_only_charts_on_the_page_are_drawn_of_ten_thousand() -> None:
    app = GridApp({f"tag/{place}": curve(f"tag/{place}", [1.0, 2.0]) for place in range(10_000)})
    async with app.run_test(size=(96, 37)) as pilot:
        app.grid.set_names(tuple(app.curves))
        await pilot.pause()
        assert set(app.asked) == {f"tag/{place}" for place in range(12)}
        app.grid.action_go_to(1)
        await pilot.pause()
        assert len(set(app.asked)) == 12 + 10_000 % 12


async def test_nothing_is_repainted_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    app = GridApp(many(12))
    async with app.run_test(size=(96, 37)) as pilot:
        app.grid.set_names(tuple(app.curves))
        await pilot.pause(0.2)
        regions: list[Region] = []
        monkeypatch.setattr(app.grid, "refresh", lambda *given, **_: regions.extend(given))
        app.grid.draw()
        app.grid.data_changed()
        await pilot.pause(1.2)
        assert regions == []
        app.curves["m5"].curve.extend([50], [0.01], [50.0])
        app.grid.draw()
        assert (
            regions and {region.y // 9 for region in regions} == {1} and all(one.x >= 64 for one in regions)
        )


async def test_the_crosshair_is_on_every_chart_within_a_moment() -> None:
    app = GridApp(many(12))
    async with app.run_test(size=(96, 37)) as pilot:
        app.grid.set_names(tuple(app.curves))
        await pilot.pause()
        app.crosshair = 25.0
        app.grid.draw()
        for _ in range(100):
            if "".join(app.lines).count("●") == 12:
                break
            await pilot.pause(0.05)
        assert "".join(app.lines).count("●") == 12


async def test_the_cursor_stays_on_its_chart_when_others_come() -> None:
    app = GridApp(many(5))
    async with app.run_test(size=(96, 37)):
        app.grid.set_names(("m0", "m2"))
        app.grid.choose("m2")
        app.grid.set_names(("m0", "m1", "m2"))
        assert app.grid.chosen == "m2"
        app.grid.set_names(())
        assert app.grid.chosen == ""

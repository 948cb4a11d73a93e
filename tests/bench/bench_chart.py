"""A redraw of the chart: 4 curves of a million points, the mean of 5, and plotext at 10,000 beside it.

python -m tests.bench.bench_chart
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import plotext
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tests.bench.processor import print_processor
from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve
from tui.chart.group_curve import GroupCurve

SIZES = ((80, 24), (120, 40), (200, 60))
STYLE = Style(color="#56b4e9", bgcolor="#121212")


def curves(count: int, points: int) -> tuple[CurveSeries, ...]:
    """Noisy falling losses with a few holes."""
    random = np.random.default_rng(0)
    made = []
    for index in range(count):
        steps = np.arange(1, points + 1)
        values = np.exp(-steps / points * 5) + 0.1 * (index + random.random(points))
        values[random.integers(0, points, 20)] = np.nan
        series = CurveSeries(f"run {index}", f"run {index}", ChartCurve(), index)
        series.curve.extend(steps, values, steps * 0.01)
        made.append(series)
    return tuple(made)


def redraw(scene: Scene, size: tuple[int, int]) -> list[Strip]:
    """One redraw: from the series to the strips that are written to the terminal."""
    return [Strip([Segment(span.text, STYLE) for span in row]) for row in picture(scene, *size)]


def best(action: Callable[[], object], rounds: int) -> float:
    """The fewest CPU milliseconds of some rounds after one warm-up."""
    action()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        action()
        times.append(time.process_time() - start)
    return min(times) * 1e3


def grow_and_redraw(scene: Scene, size: tuple[int, int]) -> Callable[[], object]:
    def one_frame() -> None:
        for series in scene.series:
            end = series.curve.span("step")
            assert end is not None
            series.curve.extend(end[1] + 1 + np.arange(50), np.full(50, 0.3))
        redraw(scene, size)

    return one_frame


def group_of(series: tuple[CurveSeries, ...]) -> Scene:
    """The mean of the curves, with its band."""
    mean = GroupCurve([one.curve for one in series])
    return Scene(ChartView("loss"), (CurveSeries("group", "group", mean),))


def grow_group(scene: Scene, size: tuple[int, int]) -> Callable[[], object]:
    mean = scene.series[0].curve
    assert isinstance(mean, GroupCurve)
    members = tuple(CurveSeries(f"{place}", "", curve) for place, curve in enumerate(mean.members))
    grow = grow_and_redraw(replace(scene, series=members), (0, 0))

    def one_frame() -> None:
        grow()
        redraw(scene, size)

    return one_frame


def plotext_redraw(points: int, size: tuple[int, int]) -> Callable[[], object]:
    steps = list(range(points))
    values = np.random.default_rng(0).random(points).tolist()

    def draw() -> None:
        plotext.clear_figure()
        plotext.plotsize(*size)
        plotext.plot(steps, values, marker="braille")
        plotext.build()

    return draw


def main() -> None:
    print_processor()
    scene = Scene(ChartView("loss"), curves(4, 1_000_000))
    smooth = Scene(ChartView("loss", smoothing=0.99), scene.series)
    log = Scene(ChartView("loss", log=True, crosshair=500_000), scene.series)
    group = group_of(curves(5, 1_000_000))
    print("one redraw, CPU ms, best of 20        " + "".join(f"{w}x{h}".rjust(10) for w, h in SIZES))
    rows: dict[str, Callable[[tuple[int, int]], float]] = {
        "4 x 1,000,000": lambda size: best(lambda: redraw(scene, size), 20),
        "4 x 1,000,000 log, crosshair": lambda size: best(lambda: redraw(log, size), 20),
        "4 x 1,000,000 smoothed, raw behind": lambda size: best(lambda: redraw(smooth, size), 20),
        "4 x 1,000,000 + 4 x 50 new points": lambda size: best(grow_and_redraw(scene, size), 20),
        "mean and band of 5 x 1,000,000": lambda size: best(lambda: redraw(group, size), 20),
        "the same + 5 x 50 new points": lambda size: best(grow_group(group, size), 20),
    }
    for name, measure in rows.items():
        print(f"{name:38}" + "".join(f"{measure(size):10.2f}" for size in SIZES))
    compare()


def compare() -> None:
    size = (120, 40)
    scene = Scene(series=curves(1, 10_000))
    ours, theirs = best(lambda: redraw(scene, size), 20), best(plotext_redraw(10_000, size), 3)
    print(f"1 x 10,000 at 120x40: ours {ours:.2f} ms, plotext {theirs:.1f} ms, {theirs / ours:.0f} times")


if __name__ == "__main__":
    main()

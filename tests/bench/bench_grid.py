"""A grid of 12 live charts: its drawing, key to paint, bytes a second, the cost for the training it shows.

python -m tests.bench.bench_grid [--drawing | --training]

The run logs 12 metrics at every step and keeps two threads busy. With --drawing nothing but the drawing of
12 charts of 4 runs with a million points each is measured, with --training nothing but the steps of a run
that the grid shows, by second and by processor second of its worker, beside those of one that nobody
watches. On AVX2 alone: ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 MKL_ENABLE_INSTRUCTIONS=AVX2 before
the command, which the worker gets too. The machine has to be quiet.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.client import client
from engine.events import replay
from engine.places import Places
from engine.store import folder_of
from tests.bench.bench_app import QUIET, TICKS, MeasuredTerminal
from tests.bench.bench_chart import best, curves
from tests.bench.bench_watch import turn
from tests.bench.left_behind import none_left
from tests.bench.processor import limits_of, print_processor
from tui import view_state
from tui.chart.chart_rows import KeptCurves, Scene, picture
from tui.chart.chart_view import ChartView
from tui.view_state import ViewState

CHARTS, KEYS, WINDOW, TURNS = 12, 60, 12.0, 4
SIZES = {"120x40": (32, 9), "200x60": (42, 14)}
SCRIPT = '''"""Products of matrices that keep two threads busy."""

from dataclasses import dataclass
import math

import torch


@dataclass
class Params:
    size: int = 400


def train(params, run):
    torch.set_num_threads(2)
    left, right = torch.rand(params.size, params.size), torch.rand(params.size, params.size)
    for step in range(1, run.total(10_000_000) + 1):
        for _ in range(4):
            left = (left @ right) / params.size * 2
        noise = torch.rand(12).tolist()
        values = [math.exp(-step / 4e3) + one / 9 for one in noise]
        run.log(step, **{f"group{place // 4}/m{place}": value for place, value in enumerate(values)})
        if run.should_stop:
            break
'''


def measure_drawing() -> None:
    """The milliseconds of one drawing of 12 charts, of which each shows four runs with a million points."""
    series = curves(4, 1_000_000)
    views = {
        "all drawn again": ChartView("loss"),
        "smoothed, raw behind": ChartView("loss", smoothing=0.99),
        "outliers ignored": ChartView("loss", trimmed=True),
    }
    print("12 charts x 4 x 1,000,000, CPU ms     " + "".join(size.rjust(10) for size in SIZES))
    for name, view in views.items():
        scene = Scene(view, series, small=True, least_gutter=7)
        found = [best(partial(draw, [scene] * CHARTS, size), 20) for size in SIZES.values()]
        print(f"{name:38}" + "".join(f"{one:10.1f}" for one in found) + "   (60)")
    found = [best(moving_crosshair(series, size), 20) for size in SIZES.values()]
    print(f"{'the crosshair has moved':38}" + "".join(f"{one:10.1f}" for one in found))


def draw(scenes: list[Scene], size: tuple[int, int]) -> None:
    for scene in scenes:
        picture(scene, *size)


def moving_crosshair(series: tuple[object, ...], size: tuple[int, int]) -> Callable[[], None]:
    kept = [KeptCurves() for _ in range(CHARTS)]
    scene = Scene(ChartView("loss", crosshair=1.0), series, small=True, least_gutter=7)  # type: ignore[arg-type]
    places = iter(range(1, 1_000_000, 1_000))

    def once() -> None:
        moved = replace(scene, view=replace(scene.view, crosshair=float(next(places))))
        for one in kept:
            picture(moved, *size, one)

    return once


def start(places: Places, folder: Path) -> str:
    """The id of the run, once it has logged."""
    script = folder / "busy.py"
    script.write_text(SCRIPT)
    environ = {"DLTUI_HOME": str(places.root), "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    environ |= limits_of(os.environ)
    command = [sys.executable, "-m", "tui", "run", str(script), "--name", "grid-live", "--threads", "2"]
    subprocess.run(command, check=True, env=environ, stdout=subprocess.DEVNULL)
    return asyncio.run(_first(places))


async def _first(places: Places) -> str:
    async with await client.connect(places) as line:
        while not (found := (await line.runs()).runs) or not found[0].metrics:  # type: ignore[union-attr]
            await asyncio.sleep(0.2)
        return found[0].id


def open_grid(home: Path) -> MeasuredTerminal:
    terminal = MeasuredTerminal(home)
    assert terminal.read(20, lambda came: b"m11" in came), terminal.written[-2000:]
    terminal.read(3)
    return terminal


def measure_keys(home: Path) -> None:
    terminal = open_grid(home)
    for name, keys in {"crosshair": (b"<", b">"), "cursor": (b"l", b"h"), "zoom": (b"+", b"-")}.items():
        waits = sorted(
            wait for number in range(KEYS) if (wait := wait_of(terminal, keys[number % 2], number))
        )
        middle, late = waits[len(waits) // 2] * 1e3, waits[int(len(waits) * 0.95)] * 1e3
        print(f"key to paint, {name:10} p50 {middle:.0f} ms, p95 {late:.0f} ms of {len(waits)} keys (50 ms)")
    terminal.press(b"v")
    terminal.read(2)
    before, cpu = len(terminal.written), terminal.cpu_seconds
    terminal.read(QUIET)
    print(f"sent with 12 live charts {(len(terminal.written) - before) / QUIET / 1e3:.1f} kB/s (8 kB/s)")
    print(f"CPU with 12 live charts  {(terminal.cpu_seconds - cpu) / QUIET:.1%} of one core")
    terminal.press(b"A")
    terminal.read(3)
    before, cpu = len(terminal.written), terminal.cpu_seconds
    terminal.read(QUIET)
    print(f"sent with one live curve {(len(terminal.written) - before) / QUIET / 1e3:.1f} kB/s (2 kB/s)")
    print(f"CPU with one live curve  {(terminal.cpu_seconds - cpu) / QUIET:.1%} of one core (4 %)")
    terminal.press(b"A")
    terminal.read(1)
    terminal.close()


def wait_of(terminal: MeasuredTerminal, key: bytes, number: int) -> float:
    """Seconds from the key to its first output; 0 where none came."""
    start = time.perf_counter()
    terminal.press(key)
    came = terminal.read(2, bool)
    waited = time.perf_counter() - start
    terminal.read(0.15 + number % 7 / 50)
    return waited if came else 0.0


def measure_silence(home: Path) -> None:
    """What is sent while nothing changes: the run has ended."""
    terminal = open_grid(home)
    terminal.read(5)
    before, cpu = len(terminal.written), terminal.cpu_seconds
    terminal.read(QUIET)
    sent = len(terminal.written) - before
    print(f"sent while the run rests {sent / QUIET:.0f} B/s, CPU {(terminal.cpu_seconds - cpu) / QUIET:.1%}")
    terminal.close()


def rate(places: Places, run: str, since: float) -> float:
    """Steps a second between the first and the last event after `since`."""
    points = [
        (event.at, next(iter(event.facts["series"].values()))[0][-1])
        for event in replay(folder_of(places, run).events)
        if event.kind == "metrics" and event.at >= since
    ]
    (began, first), (ended, last) = points[0], points[-1]
    return float((last - first) / (ended - began))


def worker_of(places: Places, run: str) -> int:
    """The process of the worker of a run."""
    return int(json.loads((places.runs / run / "keeper.json").read_text())["worker"]["pid"])


def cpu_seconds(process: int) -> float:
    """Of all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def window(places: Places, run: str, watched: bool) -> tuple[float, float]:
    """Steps by second and by processor second of the worker."""
    worker = worker_of(places, run)
    terminal = open_grid(places.root) if watched else None  # its start is not measured
    since, used = time.time(), cpu_seconds(worker)
    if terminal is not None:
        terminal.read(WINDOW)
    else:
        time.sleep(WINDOW)
    cores = (cpu_seconds(worker) - used) / (time.time() - since)
    steps = rate(places, run, since)
    if terminal is not None:
        terminal.close()
    return steps, steps / cores


def measure_training(places: Places, run: str) -> None:
    turns = [turn(number, partial(window, places, run)) for number in range(TURNS)]
    for place, unit in enumerate(("second", "processor second")):
        ratios = [watched[place] / alone[place] for alone, watched in turns]
        alone = statistics.median(alone[place] for alone, _ in turns)
        print(f"training while watched, steps by {unit:16} median {statistics.median(ratios):.3f}, "
              f"{min(ratios):.3f} to {max(ratios):.3f} of {alone:.0f} unwatched (0.97)")  # fmt: skip


def main() -> None:
    print_processor()
    is_training_alone = "--training" in sys.argv
    if not is_training_alone:
        measure_drawing()
    if "--drawing" in sys.argv:
        return
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home")
        with none_left(places):
            run = start(places, Path(folder))
            view_state.write(places.view_state, ViewState(grid=True))
            if not is_training_alone:
                measure_keys(places.root)
            measure_training(places, run)
            asyncio.run(stop(places, run))
            if not is_training_alone:
                measure_silence(places.root)


async def stop(places: Places, run: str) -> None:
    async with await client.connect(places) as line:
        await line.stop(run)
        while not (await line.show(run)).status.is_final:
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    main()

"""How fast runs of W&B are imported and drawn: `python -m tests.bench.bench_wandb`. Fails above a bar.

200 runs of 1,000 steps and 16 metrics on one chart, and one run of 100,000 steps and 3 metrics, drawn while
it is read; processor time and memory of service, readers and app (its modules, histories and chart, without a
terminal). LEET, W&B's own viewer, is not here: its figures were measured elsewhere and are printed beside.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine.client.client import Client
from engine.places import Places
from engine.table_protocol import Query
from tests.bench.bench_import import _children, _family_seconds, _report
from tests.bench.bench_index import _connect, _end, _seconds, _start
from tests.bench.processor import print_processor
from tests.engine.readers.wandb_files import write_run
from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.data.connection import STREAMS
from tui.data.run_history import RunHistory

RUNS, STEPS, METRICS = 200, 1000, 16
LONG, FEW = 100_000, 3
DRAWN = "metric0"
REDRAW_SECONDS = 0.5
BARS = {"many": (8.0, 200.0), "long": (4.0, 200.0)}
"""seconds of processor time, MB"""


def main() -> int:
    print_processor()
    print("LEET, elsewhere: 200 runs on one chart 25 s, 1.18 GB; 100,000 steps 12 s")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        data = write_run(_path(root / "many", 0), "r000", _rows(STEPS, METRICS)).read_bytes()
        for number in range(1, RUNS):
            path = _path(root / "many", number)
            path.parent.mkdir()
            path.write_bytes(data)
        write_run(_path(root / "long", 0), "r000", _rows(LONG, FEW))
        return 0 if all([found for name in BARS for found in asyncio.run(_measured(root, name))]) else 1


def _path(folder: Path, number: int) -> Path:
    return folder / f"offline-run-20231114_221320-r{number:03}" / f"run-r{number:03}.wandb"


def _rows(steps: int, metrics: int) -> list[dict[str, float]]:
    values = np.random.default_rng(1).random((steps, metrics)).tolist()
    return [{f"metric{place}": value for place, value in enumerate(row)} for row in values]


async def _measured(root: Path, name: str) -> list[bool]:
    places = Places(root / f"home-{name}")
    service = _start(places)
    client = await _connect(places)
    before, began = _family_seconds(service.pid), time.perf_counter()
    command = [sys.executable, "-m", "tests.bench.bench_wandb", str(places.root), str(root / name)]
    app = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    most = 0.0
    while app.poll() is None:
        most = max(most, sum(map(_megabytes, (app.pid, service.pid, *_children(service.pid)))))
        await asyncio.sleep(0.2)
    assert app.stdout is not None
    in_app, in_engine = float(app.stdout.read()), _family_seconds(service.pid) - before
    readers = sum(map(_seconds, _children(service.pid)))
    spent = in_app + in_engine
    print(
        f"{name}: {time.perf_counter() - began:.1f} s in all, the start of the app included; "
        f"processor: app {in_app:.2f} s, readers {readers:.2f} s, service {in_engine - readers:.2f} s"
    )
    await _end(client, service)
    seconds, megabytes = BARS[name]
    return [
        _report(f"{name}, processor time", spent, seconds, "s"),
        _report(f"{name}, memory of all processes (PSS)", most, megabytes, "MB"),
    ]


def _megabytes(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


# --- the app: a process of its own ------------------------------------------------------------------------


async def _import_and_draw(places: Places, logs: Path) -> float:
    """The processor time from the start of the import to the whole chart."""
    importlib.import_module("tui.app")  # as much memory as in the app

    client = await _connect(places)
    before = time.process_time()
    importing = asyncio.create_task(_import(client, logs))
    histories: dict[str, RunHistory] = {}
    at_once, reading = asyncio.Semaphore(STREAMS), []
    if logs.name == "long":
        while not (runs := (await client.runs(Query())).runs):
            await asyncio.sleep(0.05)
    else:
        await importing
        runs = (await client.runs(Query(limit=RUNS))).runs
    for run in runs:
        history = histories[run.id] = RunHistory(run.id)
        reading.append(_read(history, client, at_once))
    drawing = asyncio.create_task(_draw_again(histories))
    await asyncio.gather(importing, *reading)
    drawing.cancel()
    _draw(histories)
    points = sum(len(history.series[DRAWN]) for history in histories.values())
    assert points == (LONG if logs.name == "long" else RUNS * STEPS), points
    await client.aclose()
    return time.process_time() - before


async def _read(history: RunHistory, client: Client, at_once: asyncio.Semaphore) -> None:
    async with at_once:
        await history.read(client, lambda message: None)


async def _import(client: Client, logs: Path) -> None:
    async for _ in client.import_logs([str(logs)]):
        pass


async def _draw_again(histories: dict[str, RunHistory]) -> None:
    while True:
        await asyncio.sleep(REDRAW_SECONDS)
        _draw(histories)


def _draw(histories: dict[str, RunHistory]) -> None:
    drawn = {run: one.series[DRAWN] for run, one in histories.items() if DRAWN in one.series}
    if drawn:
        series = tuple(CurveSeries(run, run, curve) for run, curve in drawn.items())
        picture(Scene(ChartView(DRAWN), series), 120, 40)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(asyncio.run(_import_and_draw(Places(Path(sys.argv[1])), Path(sys.argv[2]))))
    else:
        sys.exit(main())

"""A run with a million logged steps: size of its event file, time until its curves are there.

python -m tests.bench.bench_steps
"""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
import time
from pathlib import Path

from engine import fold, store
from engine.client import client
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.places import Places
from tests.bench.processor import print_processor
from tests.engine.worker.attempts import FAKES, make_run, new_run

STEPS = 1_000_000


def write(places: Places) -> str:
    folder = new_run(places.root, "counter", steps=STEPS)
    run, _ = make_run(folder)
    run.total(STEPS)
    run.log_started()
    for step in range(1, STEPS + 1):
        wave = math.sin(step / 1e4)
        run.log(step, loss=math.exp(-step / 3e5) + 0.1 * wave, accuracy=0.5 + 0.4 * wave)
        run.checkpoint(step)
        assert not run.should_stop
    run.save()
    return folder.id


async def opened(places: Places, run: str) -> tuple[float, MetricCurves[CurvePoints]]:
    async with await client.connect(places) as line:
        await line.show(run)
        began = time.perf_counter()
        curves = MetricCurves(CurvePoints, wall_clock)
        async for batch in line.events(run):
            for event in batch.events:
                fold.add(event, curves)
            if batch.caught_up or batch.ended:
                break
        seconds = time.perf_counter() - began
        await line.shutdown()
        return seconds, curves


def main() -> None:
    print_processor()
    os.environ["DLTUI_EXTRA_CATALOG"] = FAKES
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home")
        places.root.mkdir(mode=0o700)
        run = write(places)
        size = store.folder_of(places, run).events.stat().st_size
        seconds, curves = asyncio.run(opened(places, run))
        points = sum(len(curve.steps) for curve in curves.by_metric.values())
        print(f"event file of {STEPS:,} steps, 2 metrics   {size / 1e6:.1f} MB (100 MB)")
        print(f"curves there, {points:,} points      {seconds:.3f} s (0.5 s)")


if __name__ == "__main__":
    main()

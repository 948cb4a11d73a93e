"""The MNIST tab on the filters of a network that trains: `python -m tests.bench.bench_filters`.

Key to paint, bytes a second and processor time with filters and feature maps changing, then what it costs
the training: steps per second with and without the app, in turns.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

from engine.client import client
from engine.places import Places
from tests.bench.bench_app import KEYS, QUIET, MeasuredTerminal, end
from tests.bench.bench_watch import TURNS, rate, turn
from tests.bench.processor import print_processor

PARAMS = {"model": "double_conv", "epochs": 400, "target": None}
WINDOW = 24.0
"""seconds: in shorter ones it counts how many checkpoints fall into them"""
HEADING = rb"\x1b\[3;\d+H(?:\x1b\[[\d;]*m)*%b"
"""the number of the layer, the one cell of its name that changes"""


async def train(places: Places) -> str:
    """A run that has a checkpoint."""
    async with await client.connect(places) as line:
        run = await line.submit("mnist", dict(PARAMS), name="formed")
        while (await line.show(run.id)).checkpoint_step == 0:
            await asyncio.sleep(0.2)
        return run.id


def opened(home: Path) -> MeasuredTerminal:
    """The app on the filters view, with feature maps."""
    terminal = MeasuredTerminal(home)
    assert terminal.read(20, lambda came: b"formed" in came)
    terminal.press(b"4")
    terminal.read(3)
    terminal.press(b"f")
    assert terminal.read(30, lambda came: b"conv1" in came), terminal.written[-2000:]
    terminal.read(3)
    return terminal


def measure_keys(terminal: MeasuredTerminal) -> None:
    waits = []
    for number in range(KEYS):
        key, layer = (b"j", b"2") if number % 2 == 0 else (b"k", b"1")
        changed = re.compile(HEADING % layer)
        start = time.perf_counter()
        terminal.press(key)
        if terminal.read(2, changed.search):
            waits.append(time.perf_counter() - start)
        terminal.read(0.1 + number % 7 / 50)
    waits.sort()
    middle, late = waits[len(waits) // 2] * 1e3, waits[int(len(waits) * 0.95)] * 1e3
    print(f"key to paint             p50 {middle:.0f} ms, p95 {late:.0f} ms of {len(waits)} keys (50 ms)")


def measure_flow(terminal: MeasuredTerminal) -> None:
    before, cpu = len(terminal.written), terminal.cpu_seconds
    terminal.read(QUIET)
    sent = (len(terminal.written) - before) / QUIET
    print(f"sent with live filters   {sent / 1e3:.1f} kB/s (8 kB/s)")
    print(f"CPU with live filters    {(terminal.cpu_seconds - cpu) / QUIET:.1%} of one core")
    print(f"memory                   {terminal.megabytes:.0f} MB")


def window(places: Places, run: str, watched: bool) -> float:
    """Steps a second."""
    terminal = opened(places.root) if watched else None
    since = time.time() + 1
    if terminal is None:
        time.sleep(WINDOW)
    else:
        terminal.read(WINDOW)
    found = rate(places, run, since)
    if terminal is not None:
        terminal.close()
    return found


def main() -> None:
    print_processor()
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home")
        run = asyncio.run(train(places))
        try:
            terminal = opened(places.root)
            measure_keys(terminal)
            measure_flow(terminal)
            terminal.close()
            turns = [turn(number, partial(window, places, run)) for number in range(TURNS)]
        finally:
            asyncio.run(end(places, run))
    ratios = [watched / alone for alone, watched in turns]
    print(f"training, watched / not  median {statistics.median(ratios):.3f}, least {min(ratios):.3f} (0.97)")


if __name__ == "__main__":
    main()

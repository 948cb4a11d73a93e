"""The cost of the app for a training that it shows: `python -m tests.bench.bench_watch`.

A run of MNIST keeps both cores busy; its steps per second with and without the app on its curve, in turns.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.client import client
from engine.events import replay
from engine.places import Places
from engine.store import folder_of
from tests.bench.bench_app import MeasuredTerminal
from tests.bench.left_behind import none_left
from tests.bench.processor import print_processor

WINDOW, TURNS = 12.0, 4
T = TypeVar("T")
PARAMS = {"model": "double_conv", "epochs": 200, "target": None}


async def train(places: Places) -> list[str]:
    async with await client.connect(places) as line:
        runs = [await line.submit("mnist", PARAMS, seed=seed, name=f"watched-{seed}") for seed in (1,)]
        for run in runs:
            while (await line.show(run.id)).step < 100:
                await asyncio.sleep(0.2)
        return [run.id for run in runs]


def rate(places: Places, run: str, since: float) -> float:
    """Steps a second between the first and the last event after `since`."""
    points = [
        (event.at, event.facts["series"]["loss"][0][-1])
        for event in replay(folder_of(places, run).events)
        if event.kind == "metrics" and event.at >= since and "loss" in event.facts["series"]
    ]
    (began, first), (ended, last) = points[0], points[-1]
    return (last - first) / (ended - began)


@contextmanager
def watching(home: Path) -> Iterator[None]:
    terminal = MeasuredTerminal(home)
    try:
        assert terminal.read(20, lambda came: b"watched-1" in came)
        yield terminal.read(WINDOW + 2) and None
    finally:
        terminal.close()


def window(places: Places, runs: list[str], watched: bool) -> float:
    """Steps a second."""
    since = time.time() + 2  # the start of the app is not measured
    if watched:
        with watching(places.root):
            pass
    else:
        time.sleep(WINDOW + 2)
    return sum(rate(places, run, since) for run in runs)


def turn(number: int, window: Callable[[bool], T]) -> tuple[T, T]:
    """Alone and with the app; the order alternates, so that drift favours neither."""
    found = {watched: window(watched) for watched in (number % 2 == 1, number % 2 == 0)}
    return found[False], found[True]


def main() -> None:
    print_processor()
    with tempfile.TemporaryDirectory() as folder:
        places = Places(Path(folder) / "home")
        with none_left(places):
            runs = asyncio.run(train(places))
            turns = [turn(number, partial(window, places, runs)) for number in range(TURNS)]
    alone, watched = (statistics.median(side) for side in zip(*turns, strict=True))
    ratios = [b / a for a, b in turns]
    print(f"alone    {alone:.0f} steps/s")
    print(f"watched  {watched:.0f} steps/s")
    print(f"ratio    median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f} (0.97)")


if __name__ == "__main__":
    main()

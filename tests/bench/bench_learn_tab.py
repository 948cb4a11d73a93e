"""The Learn tab from a key to what it shows: `python -m tests.bench.bench_learn_tab`.

Wall-clock time in an app without a terminal, with a session process of its own; the home has 10,000 marks.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.places import Places, make_private
from tests.bench.bench_learn import write_log
from tests.bench.processor import print_processor
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine
from tui.learn.aid_pane import AidPane
from tui.learn.aid_view import AidView
from tui.learn.reader_view import ReaderView
from tui.learn.today_view import TodayView
from tui.messages import OpenView
from tui.ui.span import row_text

KEYS = 60
BARS = {
    "tab to first text": 0.3,
    "a lecture": 0.1,
    "the next lecture": 0.1,
    "key in an aid to its drawing, p95": 0.05,
}
"""seconds"""


async def after(opened: AppPilot, key: str, holds: Callable[[], bool]) -> float:
    """Seconds from a key until `holds()`, looked at every 2 ms, and the next paint."""
    began = time.perf_counter()
    opened.app.simulate_key(key)
    while not holds():
        await asyncio.sleep(0.002)
        assert time.perf_counter() - began < 20, opened.text
    painted = asyncio.Event()
    opened.app.call_after_refresh(painted.set)
    await painted.wait()
    took = time.perf_counter() - began
    return took


def counted(opened: AppPilot) -> bool:
    """Whether today says how many cards are due."""
    return any(
        " due" in row_text(row) for view in opened.app.query(TodayView) for row in view.entries.drawn_rows
    )


def reads(opened: AppPilot, lecture: str) -> bool:
    views = opened.app.query(ReaderView)
    return any(view.reader.lecture is not None and view.reader.lecture.id == lecture for view in views)


async def aid_times(opened: AppPilot) -> list[float]:
    """Of keys that change a weight of the gates by hand."""
    opened.app.post_message(OpenView("learn", "aid", {"name": "gate_lab"}))
    await opened.until(lambda: len(opened.app.query(AidView)) == 1)
    await opened.until(lambda: opened.app.query_one(AidView).pane.computed is not None)
    pane: AidPane = opened.app.query_one(AidView).pane
    await opened.press("down")
    times = []
    for number in range(KEYS):
        before = pane.computed
        times.append(
            await after(
                opened,
                "right" if number % 12 < 6 else "left",
                lambda before=before: pane.computed is not before,
            )
        )
    return sorted(times)


async def measure() -> None:
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as root:
        places = Places(Path(root))
        make_private(places.root)
        write_log(places.learn)
        async with open_app(places, FakeEngine()) as opened:
            await opened.shows("Learn ")
            await asyncio.sleep(1.0)  # what is due is counted
            found["tab to first text"] = await after(opened, "7", lambda: counted(opened))
            await opened.shows("28 days")
            await opened.press("b")
            await opened.shows("Attention, transformers")
            await asyncio.sleep(1.0)
            await opened.press("down")
            found["a lecture"] = await after(opened, "enter", lambda: reads(opened, "l02"))
            await opened.shows("cards known")
            await asyncio.sleep(0.5)
            found["the next lecture"] = await after(opened, "n", lambda: reads(opened, "l03"))
            times = await aid_times(opened)
            found["key in an aid to its drawing, p95"] = times[int(0.95 * len(times))]
    print_processor()
    for name, seconds in found.items():
        print(f"{name:36} {1e3 * seconds:6.0f} ms, at most {1e3 * BARS[name]:.0f}")
    print(f"{'its median':36} {1e3 * statistics.median(times):6.0f} ms")


if __name__ == "__main__":
    asyncio.run(measure())

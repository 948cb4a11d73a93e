"""A launch form beside a bare Textual form of as many rows: `python -m tests.bench.bench_form`.

Processor time of the process from asking for the screen to its first paint, in turns, in one app without a
terminal. The bare form is a VerticalScroll of Horizontals, each with a Label and an Input and nothing else.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Label

from engine import catalog
from engine.places import Places
from tests.bench.processor import print_processor
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine
from tui.dialogs.form_dialog import launch_screen
from tui.sweeps.form_screen import sweep_screen

EXPERIMENT = "lm"
TURNS = 7


class BareForm(ModalScreen[None]):
    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._names = names

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            for name in self._names:
                with Horizontal():
                    yield Label(name)
                    yield Input(name)


async def opened(opened: AppPilot, make: Callable[[], Screen[object]]) -> float:
    """Seconds of processor time until the screen is painted."""
    painted = asyncio.Event()
    began = time.process_time()
    screen = make()
    opened.app.push_screen(screen)
    screen.call_after_refresh(painted.set)
    await painted.wait()
    took = time.process_time() - began
    await opened.app.pop_screen()
    await opened.pilot.pause()
    return took


async def measure() -> None:
    experiment = catalog.find(EXPERIMENT)
    names = [one.name for one in launch_screen(experiment, {}).form.fields]
    screens: dict[str, Callable[[], Screen[object]]] = {
        "bare form": lambda: BareForm(names),
        "launch form": lambda: launch_screen(experiment, {}),
        "sweep form": lambda: sweep_screen(experiment, {}, None, lambda typed: None),  # type: ignore[arg-type]
    }
    times: dict[str, list[float]] = {name: [] for name in screens}
    with tempfile.TemporaryDirectory() as root:
        async with open_app(Places(Path(root)), FakeEngine()) as app:
            for _ in range(TURNS):
                for name, make in screens.items():
                    times[name].append(await opened(app, make))
    print_processor()
    print(f"{len(names)} rows; ms of processor time to the first paint, first and median of {TURNS}")
    for name, taken in times.items():
        print(f"{name:12} {1e3 * taken[0]:6.0f} {1e3 * statistics.median(taken):6.0f}")


if __name__ == "__main__":
    asyncio.run(measure())

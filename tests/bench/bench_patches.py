"""What each change to Textual buys: the app in a real terminal with it and without it, in turns.

python -m tests.bench.bench_patches

The figures of `tui/terminal/README.md`. One run (XOR, one core) trains meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import signal
import statistics
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

from engine.places import Places
from tests.bench.bench_app import MeasuredTerminal, prepare, training
from tests.bench.processor import print_processor

TURNS, SECONDS, KEYS = 5, 6.0, 20
WITHOUT = {
    "": "",
    "repaint": "app.LabApp.get_default_screen = lambda self: Screen(id='_default')",
    "cells": "app.LabApp._display = App._display",
    "sgr": "sgr.SgrWriter.minimise = lambda self, data: data",
    "key order": "app.LabApp.on_event = App.on_event",
    "output": "driver.TerminalDriver.start_application_mode = LinuxDriver.start_application_mode",
    "exit": "app_exit.AppExit.install = app_exit.AppExit.start_deadline = lambda self: None",
    "parsed once": "app.LabApp.refresh_css = App.refresh_css",
}
FIRST = {"gc": "import gc\ngc.disable = lambda: None\n", "no tls": "import asyncio\n"}
IMPORTS = (
    "from tui import app\nfrom textual.app import App\nfrom textual.screen import Screen\n"
    "from textual.drivers.linux_driver import LinuxDriver\nfrom tui.terminal import app_exit, driver, sgr\n"
)
START = """
import sys
from pathlib import Path
from engine.places import Places
sys.exit(app.open_app(Places(Path({home!r}))))
"""


class PatchedTerminal(MeasuredTerminal):
    """The app without one of the changes."""

    def __init__(self, home: Path, without: str = "") -> None:
        first = FIRST.get(without, "")
        code = first + IMPORTS + WITHOUT.get(without, "") + "\n" + START.format(home=str(home))
        super().__init__(home, (sys.executable, "-c", code))

    @property
    def modes(self) -> list[object]:
        return list(termios.tcgetattr(self._fd)[:4])

    def opened(self, word: bytes = b"bench-live") -> PatchedTerminal:
        assert self.read(20, lambda came: word in came), self.written[-2_000:]
        return self


def start(home: Path, without: str) -> float:
    terminal = PatchedTerminal(home, without).opened(b"bench-1")
    try:
        return terminal.cpu_seconds * 1e3
    finally:
        terminal.close()


def live(home: Path, without: str) -> tuple[float, float]:
    """kB/s sent and percent of a core, with a live curve."""
    terminal = PatchedTerminal(home, without).opened()
    terminal.read(2.0)
    terminal.press(b"g")
    terminal.read(1.0)
    before, cpu = len(terminal.written), terminal.cpu_seconds
    terminal.read(SECONDS)
    found = (len(terminal.written) - before) / SECONDS / 1e3, (terminal.cpu_seconds - cpu) / SECONDS * 100
    terminal.close()
    return found


def keys(home: Path, without: str) -> tuple[float, float]:
    """Milliseconds from key to paint, and bytes sent for a key."""
    terminal = PatchedTerminal(home, without).opened()
    terminal.read(2.0)
    terminal.press(b"G")
    terminal.read(1.0)
    waits, sizes = [], []
    for number in range(KEYS):
        began, before = time.perf_counter(), len(terminal.written)
        terminal.press(b"k" if number % 2 == 0 else b"j")
        if terminal.read(2, lambda came: b"bench-2" in came and b"bench-1" in came):
            waits.append((time.perf_counter() - began) * 1e3)
        terminal.read(0.1)
        sizes.append(len(terminal.written) - before)
    terminal.close()
    return statistics.median(waits), statistics.median(sizes)


def paired(name: str, measure: Callable[[Path, str], object], home: Path, turns: int) -> None:
    found: dict[str, list[object]] = {"": [], name: []}
    for turn in range(turns):
        for without in ("", name) if turn % 2 else (name, ""):
            found[without].append(measure(home, without))
    for without, values in found.items():
        columns = zip(*(one if isinstance(one, tuple) else (one,) for one in values), strict=True)
        shown = [f"{statistics.median(column):.1f} ({min(column):.1f})" for column in columns]
        print(f"{measure.__name__:8s} {'without ' + without if without else 'all':18s}", *shown, flush=True)


def stalled(home: Path, without: str) -> float:
    """Seconds that q takes on a terminal that does not read; 10 where it does not end."""
    terminal = PatchedTerminal(home, without).opened(b"bench-1")
    for _ in range(24):
        terminal.press(b"T")
        time.sleep(0.2)
    time.sleep(2.0)
    began = time.perf_counter()
    terminal.press(b"q")
    while time.perf_counter() - began < 10 and os.waitpid(terminal.pid, os.WNOHANG) == (0, 0):
        time.sleep(0.02)
    seconds = time.perf_counter() - began
    if seconds >= 10:
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
    os.close(terminal._fd)
    return seconds


def terminated(home: Path, without: str) -> float:
    """1 where the terminal is left as it was after SIGTERM."""
    terminal = PatchedTerminal(home, without)
    modes = terminal.modes
    terminal.opened(b"bench-1")
    os.kill(terminal.pid, signal.SIGTERM)
    os.waitpid(terminal.pid, 0)
    terminal.read(0.3)
    is_restored = terminal.modes == modes and b"\x1b[?1049l" in terminal.written
    os.close(terminal._fd)
    return float(is_restored)


def dialog_keys(home: Path, without: str) -> float:
    """1 where `/qqqq` typed at once fills the filter, 0 where a q quits the app."""
    terminal = PatchedTerminal(home, without).opened(b"bench-1")
    terminal.read(1.0)
    terminal.press(b"/qqqq")
    terminal.read(1.5)
    alive = os.waitpid(terminal.pid, os.WNOHANG) == (0, 0)
    found = float(alive and b"qqqq" in terminal.written)
    if alive:
        os.kill(terminal.pid, signal.SIGKILL)
        os.waitpid(terminal.pid, 0)
    os.close(terminal._fd)
    return found


def main() -> None:
    print_processor()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        places = Places(home)
        asyncio.run(prepare(places))
        for name in ("gc", "parsed once", "no tls"):
            paired(name, start, home, TURNS)
        paired("output", stalled, home, 1)
        paired("exit", terminated, home, 1)
        paired("key order", dialog_keys, home, 1)
        with training(places, mnist=False):
            for name in ("repaint", "cells", "sgr"):
                paired(name, live, home, 2)
                paired(name, keys, home, 1)


if __name__ == "__main__":
    main()

"""The app in a real terminal: time to the first useful screen, key to paint, bytes a second.

python -m tests.bench.bench_app [--mnist] [--neighbour]

Starts a service of its own in a temporary home with a few finished runs, then trains one run (XOR on one
core; with --mnist a convolutional network on all cores) and presses keys meanwhile. With --neighbour an
engine of another home trains a convolutional network on all cores at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import resource
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.client import client
from engine.places import Places
from tests.bench.left_behind import none_left
from tests.bench.processor import print_processor

SIZE = (120, 40)
NETWORK = {"model": "double_conv", "epochs": 4_000, "target": None}
"""trains on until it is stopped"""
STARTS, KEYS = 7, 60
QUIET = 10.0
TICKS = os.sysconf("SC_CLK_TCK")


class MeasuredTerminal:
    """The app in a pty, with its output and the times of it."""

    def __init__(self, home: Path, command: Sequence[str] = (sys.executable, "-m", "tui")) -> None:
        self.started = time.perf_counter()
        self.written = b""
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "DLTUI_HOME": str(home)}
            os.execv(command[0], command)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))

    def read(self, seconds: float, until: Callable[[bytes], object] = lambda _: False) -> bool:
        """Read output; True as soon as `until` holds for the output of this call."""
        end = time.perf_counter() + seconds
        came = b""
        while (left := end - time.perf_counter()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                try:
                    chunk = os.read(self._fd, 1 << 16)
                except OSError:  # the app has left
                    return False
                came += chunk
                self.written += chunk
                if until(came):
                    return True
        return False

    def press(self, key: bytes) -> None:
        os.write(self._fd, key)

    @property
    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    @property
    def megabytes(self) -> float:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def close(self) -> None:
        self.press(b"q")
        self.read(0.5)
        os.close(self._fd)
        os.waitpid(self.pid, 0)


async def wait_for_all(line: client.Client) -> None:
    while any(not run.status.is_final for run in (await line.runs()).runs):
        await asyncio.sleep(0.2)


async def prepare(places: Places) -> None:
    async with await client.connect(places) as line:
        for seed in range(1, 5):
            await line.submit("xor", {"epochs": 400}, seed=seed, name=f"bench-{seed}")
        await wait_for_all(line)


async def train(places: Places, mnist: bool) -> str:
    async with await client.connect(places) as line:
        experiment, params = ("mnist", NETWORK) if mnist else ("xor", {"epochs": 10_000_000})
        run = await line.submit(experiment, dict(params), name="bench-live")
        while not (await line.show(run.id)).metrics:
            await asyncio.sleep(0.2)
        return run.id


async def end(places: Places, run: str) -> None:
    async with await client.connect(places) as line:
        await line.stop(run)
        await wait_for_all(line)
        await line.shutdown()


def measure_start(home: Path) -> None:
    rows, imports = [], []
    for _ in range(STARTS):
        terminal = MeasuredTerminal(home)
        seen = terminal.read(10, lambda came: b"bench-1" in came)
        rows.append((time.perf_counter() - terminal.started, terminal.cpu_seconds, terminal.megabytes))
        assert seen, terminal.written[-2_000:]
        terminal.close()
        imports.append(cpu_of_import())
    times, cpu, memory = zip(*rows, strict=True)
    print(f"first screen with rows   median {statistics.median(times):.3f}, best {min(times):.3f} s (0.4 s)")
    print(f"CPU until then           median {statistics.median(cpu):.2f}, best {min(cpu):.2f} s (0.25 s)")
    print(f"CPU of `import textual.app` beside it: median {statistics.median(imports):.2f}, "
          f"best {min(imports):.2f} s (1.3 times that and 0.1 s)")  # fmt: skip
    print(f"memory then              {max(memory):.0f} MB (70 MB)")


def cpu_of_import() -> float:
    """Seconds of processor time that an interpreter takes to import Textual's app and nothing else."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_keys(home: Path) -> None:
    terminal = MeasuredTerminal(home)
    assert terminal.read(10, lambda came: b"bench-live" in came)
    terminal.read(2)
    terminal.press(b"G")
    terminal.read(1)
    waits = []
    for number in range(KEYS):
        start = time.perf_counter()
        terminal.press(b"k" if number % 2 == 0 else b"j")
        if terminal.read(2, lambda came: b"bench-2" in came and b"bench-1" in came):
            waits.append(time.perf_counter() - start)
        terminal.read(0.1 + number % 7 / 50)
    waits.sort()
    middle, late = waits[len(waits) // 2] * 1e3, waits[int(len(waits) * 0.95)] * 1e3
    print(f"key to paint             p50 {middle:.0f} ms, p95 {late:.0f} ms of {len(waits)} keys (50 ms)")
    terminal.press(b"g")
    terminal.read(2)
    before, cpu = len(terminal.written), terminal.cpu_seconds
    terminal.read(QUIET)
    sent = (len(terminal.written) - before) / QUIET
    print(f"sent with a live curve   {sent / 1e3:.1f} kB/s (8 kB/s)")
    print(f"CPU with a live curve    {(terminal.cpu_seconds - cpu) / QUIET:.1%} of one core")
    print(f"memory with curves       {terminal.megabytes:.0f} MB")
    terminal.close()


@contextlib.contextmanager
def training(places: Places, *, mnist: bool) -> Iterator[None]:
    with none_left(places):
        asyncio.run(train(places, mnist))
        yield


def main() -> None:
    print_processor()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        home = Path(folder) / "home"
        places, other = Places(home), Places(Path(folder) / "other")
        stack.enter_context(none_left(places))
        asyncio.run(prepare(places))
        measure_start(home)
        stack.enter_context(training(places, mnist="--mnist" in sys.argv))
        if "--neighbour" in sys.argv:
            stack.enter_context(training(other, mnist=True))
        measure_keys(home)


if __name__ == "__main__":
    main()

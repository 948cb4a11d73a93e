"""What logging costs a training script: `python -m tests.bench.bench_track`.

`dltui_track.log(step, loss=...)` beside `SummaryWriter.add_scalar` of tensorboardX, each 100,000 times in a
process of its own: the median in the caller, and the processor time of all its threads per call until all is
sent or written. Then a process that logs 1,000 times a second and is killed: the seconds of its last values
that did not arrive. And the worker of a command: its processor time and memory (PSS) beside its keeper's, for
a script that only sleeps, and what both take in the 20 s thereafter.

--floor fails the run when a target is missed: 5 us in the caller, 15 us in all threads, 1 s lost, 60 ms of
processor time and 15 MB for the worker, 0.5 % of a core while the script computes.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from engine.exec.script_environment import TRACK_FOLDER
from engine.exec.shell_command import ShellCommand
from engine.files import write_json
from engine.keeper.arguments import command
from engine.protocol import Spec
from engine.store import RunFolder, read_keeper
from engine.typed_json import to_json
from tests.bench.processor import print_processor

CALLS = 100_000
WORKERS = 11
"""started one after the other; the medians count, since other processes run as well"""
CALLER = """
import json, sys, time
{setup}
took, clock = [], time.perf_counter_ns
began = time.process_time()
for step in range({calls}):
    before = clock()
    {call}
    took.append(clock() - before)
{end}
took.sort()
print(json.dumps([took[len(took) // 2] / 1000, (time.process_time() - began) / {calls} * 1e6]))
"""
EMPTY = {"setup": "", "call": "pass", "end": ""}
TRACK = {
    "setup": "import dltui_track",
    "call": "dltui_track.log(step, loss=0.5)",
    "end": "dltui_track.flush(60)",
}
WRITER = {
    "setup": "from tensorboardX import SummaryWriter; w = SummaryWriter(sys.argv[1])",
    "call": "w.add_scalar('loss', 0.5, step)",
    "end": "w.close()",
}
KILLED = """
import dltui_track, time, sys
began = time.monotonic()
for step in range(10**9):
    dltui_track.log(step, at=time.monotonic())
    time.sleep(0.001)
"""


class Receiver:
    """Takes what is logged, as the worker does, and keeps the last value of each message."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "track.sock"
        self.last = 0.0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(str(self.path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection.makefile("rb") as lines:
                for line in lines:
                    series = json.loads(line).get("metrics", {})
                    if "at" in series:
                        self.last = series["at"][1][-1]


def caller(parts: dict[str, str], environ: dict[str, str], *words: str) -> tuple[float, float]:
    """Median microseconds in the caller, and of all threads per call."""
    code = CALLER.format(calls=CALLS, **parts)
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env={**os.environ, **environ}, capture_output=True, check=True
    )
    median, all_threads = json.loads(done.stdout)
    return median, all_threads


def lost_seconds(environ: dict[str, str], receiver: Receiver) -> float:
    """From the last value that arrived to SIGKILL."""
    process = subprocess.Popen([sys.executable, "-c", KILLED], env={**os.environ, **environ})
    time.sleep(3.1)
    process.send_signal(signal.SIGKILL)
    killed = time.monotonic()
    process.wait()
    time.sleep(0.5)
    return killed - receiver.last


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/schedstat").read_text().split()
    return int(fields[0]) / 1e9


def pss_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def start_ms() -> float:
    """Processor time of an interpreter that does nothing, as the worker is started."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return (used.ru_utime + used.ru_stime) * 1000


def worker_cost(place: Path, seconds: float) -> dict[str, float]:
    """Of the keeper and of the worker of a command that only sleeps."""
    folder = RunFolder(place / "runs" / "one")
    folder.path.mkdir(parents=True)
    told = ShellCommand(("sleep", "600"), str(place), {"PATH": os.environ["PATH"]})
    spec = Spec("one", "exec", {}, 1, "one", "", 1, "cpu", 0.0, command=told)
    write_json(folder.spec, to_json(spec))
    keeper = subprocess.Popen(command(folder.path, 1, python=sys.executable))
    try:
        while not ((facts := read_keeper(folder)) and facts.worker) or not folder.events.exists():
            time.sleep(0.01)
        time.sleep(1.0)
        worker = facts.worker.pid
        found = {
            "start_ms": start_ms(),
            "keeper_ms": processor_seconds(keeper.pid) * 1000,
            "worker_ms": processor_seconds(worker) * 1000,
            "keeper_mb": pss_megabytes(keeper.pid),
            "worker_mb": pss_megabytes(worker),
        }
        before = [processor_seconds(pid) for pid in (keeper.pid, worker)]
        time.sleep(seconds)
        after = [processor_seconds(pid) for pid in (keeper.pid, worker)]
        found["keeper_idle"], found["worker_idle"] = (
            (now - then) / seconds * 100 for now, then in zip(after, before, strict=True)
        )
        return found
    finally:
        keeper.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            keeper.wait(60)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--floor", action="store_true", help="exit with 1 when a target is missed")
    parser.add_argument("--tries", type=int, default=5)
    options = parser.parse_args()
    print_processor()
    missed = []

    def told(name: str, value: float, unit: str, most: float) -> None:
        is_met = value <= most
        print(f"  {name:44} {value:8.2f} {unit:4} (at most {most:g}){'' if is_met else '  MISSED'}")
        if not is_met:
            missed.append(name)

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        receiver = Receiver(place)
        environ = {"DLTUI_TRACK": str(receiver.path), "PYTHONPATH": str(TRACK_FOLDER)}
        empty = [caller(EMPTY, {}) for _ in range(options.tries)]
        logs = [caller(TRACK, environ) for _ in range(options.tries)]
        silent = [caller(TRACK, {"PYTHONPATH": str(TRACK_FOLDER)}) for _ in range(options.tries)]
        writes = [caller(WRITER, {}, str(place / f"tb{n}")) for n in range(options.tries)]
        base = statistics.median(all_threads for _, all_threads in empty)
        for name, found in (
            ("dltui_track.log", logs),
            ("tensorboardX add_scalar", writes),
            ("outside", silent),
        ):
            median = statistics.median(one for one, _ in found)
            whole = statistics.median(one for _, one in found) - base
            if found is logs:
                told(f"{name}: in the caller, median", median, "us", 5)
                told(f"{name}: in all threads", whole, "us", 15)
            else:
                print(f"  {name}: {median:.2f} us in the caller, {whole:.2f} us in all threads")
        told("lost by SIGKILL", max(lost_seconds(environ, receiver) for _ in range(3)), "s", 1)
        workers = max(WORKERS, options.tries)
        cost = [worker_cost(place / f"run{n}", 20.0 if n == 0 else 0.1) for n in range(workers)]
        print(f"  keeper: {statistics.median(one['keeper_ms'] for one in cost):.1f} ms, ", end="")
        print(f"{cost[0]['keeper_mb']:.1f} MB, {cost[0]['keeper_idle']:.2f} % of a core")
        above = statistics.median(one["worker_ms"] - one["start_ms"] for one in cost)
        start = statistics.median(one["start_ms"] for one in cost)
        print(f"  worker: {above:.1f} ms above the start of an interpreter, {start:.1f} ms beside each")
        told("worker: processor time", statistics.median(one["worker_ms"] for one in cost), "ms", 60)
        told("worker: memory (PSS)", statistics.median(one["worker_mb"] for one in cost), "MB", 15)
        told("worker while the script computes", cost[0]["worker_idle"], "%", 0.5)
    return 1 if options.floor and missed else 0


if __name__ == "__main__":
    sys.exit(main())

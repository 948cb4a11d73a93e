"""How fast logs are imported: `python -m tests.bench.bench_import`. Fails where a figure misses its bar.

1,000 TensorBoard runs of 1,000 points, beside TensorBoard's `EventAccumulator` in the same run; a run of four
metrics of a million points, from the log and from its cache; how soon a new scalar is there, and what 1,000
followed runs cost; a database of MLflow. TensorBoard's fast loader is printed beside, where it is installed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from engine import fold, tfrecord
from engine.client.client import Client
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.places import Places
from engine.readers.event_messages import Event
from engine.readers.record_checksums import masked_checksums
from engine.table_protocol import Query
from tests.bench import fast_loader, mlflow_store
from tests.bench.bench_index import _connect, _end, _seconds, _start
from tests.bench.processor import print_processor
from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.chart.curve_arrays import ChartCurve

RUNS, POINTS = 1000, 1000
METRICS, LONG = ("loss", "accuracy", "val_loss", "lr"), 1_000_000
MLFLOW = 100, 16, 1000
"""runs, metrics of each, values of each"""
FOLLOWED_SECONDS = 20.0
PEER = """
import sys, time
from pathlib import Path
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
began = time.process_time()
for folder in sorted(Path(sys.argv[1]).iterdir()):
    found = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    found.Reload()
    assert len(found.Scalars("loss")) == int(sys.argv[2])
print(time.process_time() - began)
"""


def main() -> int:
    print_processor()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(RUNS):
            write_log(root / "many" / f"run{number:04}", (("loss", number),), POINTS)
        write_log(root / "long", tuple((metric, place) for place, metric in enumerate(METRICS)), LONG)
        mlflow_store.write_store(root / "mlflow.db", *MLFLOW)
        found = [*asyncio.run(_many(root)), *asyncio.run(_long(root)), *asyncio.run(_followed(root))]
        found += asyncio.run(_mlflow(root))
    return 0 if all(found) else 1


def write_log(folder: Path, metrics: Sequence[tuple[str, int]], points: int) -> None:
    """A file with as many points of each metric, checksums computed at once."""
    folder.mkdir(parents=True)
    records = [Event(wall_time=1.7e9, file_version=b"brain.Event:2").SerializeToString()]
    for step in range(points):
        for metric, number in metrics:
            event = Event(wall_time=1.7e9 + step / 10, step=step)
            event.summary.value.add(tag=metric.encode(), simple_value=1 / (step + 1 + number))
            records.append(event.SerializeToString())
    lengths = np.array([len(record) for record in records])
    sums = masked_checksums(np.frombuffer(b"".join(records), np.uint8), np.cumsum(lengths) - lengths, lengths)
    heads = {int(length): tfrecord.encode(bytes(int(length)))[: tfrecord.HEAD] for length in set(lengths)}
    with (folder / "events.out.tfevents.1700000000.host").open("wb") as file:
        for record, crc in zip(records, sums.tolist(), strict=True):
            file.write(heads[len(record)] + record + crc.to_bytes(4, "little"))


async def _many(root: Path) -> list[bool]:
    command = [sys.executable, "-c", PEER, str(root / "many"), str(POINTS)]
    peer = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    service = _start(Places(root / "home-many"))
    client = await _connect(Places(root / "home-many"))
    before, began = _family_seconds(service.pid) + time.process_time(), time.perf_counter()
    async for _ in client.import_logs([str(root / "many")]):
        pass
    rows = (await client.runs(Query(limit=RUNS))).runs
    took = time.perf_counter() - began
    spent = _family_seconds(service.pid) + time.process_time() - before
    newest = {run.spec.name: run.metrics["loss"] for run in rows}
    assert newest == {f"run{n:04}": float(np.float32(1 / (POINTS + n))) for n in range(RUNS)}
    await _end(client, service)
    print(f"EventAccumulator: {RUNS:,} runs of {POINTS:,} points, {peer:.1f} s of processor")
    fast = fast_loader.processor_seconds(root / "many")
    print("TensorBoard's fast loader: " + ("not installed" if fast is None else f"{fast:.2f} s of processor"))
    return [
        _report("all rows with their newest value", took, 5.0, "s"),
        _report("processor time of service, readers and client", spent, peer / 3, "s"),
    ]


async def _long(root: Path) -> list[bool]:
    places = Places(root / "home-long")
    service = _start(places)
    client = await _connect(places)
    before, began = _family_seconds(service.pid), time.perf_counter()
    first = asyncio.create_task(_first_points(client, began))
    run = ""
    async for part in client.import_logs([str(root / "long")]):
        run = part["found"][0] if part.get("found") else run
    spent = (_family_seconds(service.pid) - before) / (len(METRICS) * LONG)
    first_seconds = await first
    print(f"first points after {first_seconds:.2f} s of {time.perf_counter() - began:.1f} s")
    series, began, one_curve = {}, time.perf_counter(), 0.0
    curves = MetricCurves(ChartCurve, wall_clock)
    async for batch in client.events(run):
        for event in batch.events:
            fold.add(event, curves)
        series = curves.by_metric
        if not one_curve and series and (drawn := next(iter(series.values()))).span("step"):
            _draw(drawn)
            one_curve = time.perf_counter() - began
        if batch.caught_up or batch.ended:
            break
    whole = time.perf_counter() - began
    assert {name: len(one) for name, one in series.items()} == dict.fromkeys(METRICS, LONG)
    _draw(series["loss"])
    redraw = min(_timed(lambda: _draw(series["loss"])) for _ in range(5))
    print(f"all {len(METRICS)} curves of {LONG:,} points from the cache after {whole:.2f} s")
    await _end(client, service)
    return [
        _report("a record into the cache, processor", spent * 1e6, 6.0, "us"),
        _report("first curve from the cache", one_curve, 1.0, "s"),
        _report("redraw", redraw * 1000, 10.0, "ms"),
    ]


async def _mlflow(root: Path) -> list[bool]:
    places = Places(root / "home-mlflow")
    service = _start(places)
    client = await _connect(places)
    before, began = _family_seconds(service.pid), time.perf_counter()
    async for part in client.import_logs([str(root / "mlflow.db")]):
        points = part["points"]
    spent = _family_seconds(service.pid) - before
    runs, metrics, steps = MLFLOW
    assert points == runs * metrics * steps
    print(f"MLflow: {runs:,} runs, {points:,} values in {time.perf_counter() - began:.1f} s")
    await _end(client, service)
    return [_report("a value of MLflow into the cache, processor", spent / points * 1e6, 6.0, "us")]


async def _first_points(client: Client, began: float) -> float:
    while not (rows := (await client.runs()).runs):
        await asyncio.sleep(0.02)
    async for batch in client.events(rows[0].id):
        if any(event.kind == "columns" for event in batch.events):
            break
    return time.perf_counter() - began


async def _followed(root: Path) -> list[bool]:
    places = Places(root / "home-followed")
    service = _start(places)
    client = await _connect(places)
    async for part in client.import_logs([str(root / "many")], idle=3600):
        found = part.get("found", ())
    await asyncio.sleep(2)
    before, began = _family_seconds(service.pid), time.perf_counter()
    await asyncio.sleep(FOLLOWED_SECONDS)
    load = (_family_seconds(service.pid) - before) / (time.perf_counter() - began)
    waited = [await _latency(client, root / "many" / f"run{n:04}", found[n], POINTS + n) for n in range(5)]
    await _end(client, service)
    return [
        _report(f"{RUNS:,} followed runs, of a core", 100 * load, 2.0, "%"),
        _report("a new scalar of a followed run, the slowest of five", max(waited), 1.0, "s"),
    ]


async def _latency(client: Client, folder: Path, run: str, step: int) -> float:
    began = 0.0
    curves = MetricCurves(CurvePoints, wall_clock)
    async for batch in client.events(run):
        for event in batch.events:
            fold.add(event, curves)
        if batch.caught_up:
            event = Event(wall_time=1.7e9, step=step)
            event.summary.value.add(tag=b"loss", simple_value=0.5)
            with (folder / "events.out.tfevents.1700000000.host").open("ab") as file:
                file.write(tfrecord.encode(event.SerializeToString()))
            began = time.perf_counter()
        if began and curves.by_metric["loss"].steps[-1] == step:
            break
    return time.perf_counter() - began


def _draw(curve: ChartCurve) -> None:
    picture(Scene(ChartView("loss"), (CurveSeries("run", "run", curve),)), 120, 40)


def _timed(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _family_seconds(pid: int) -> float:
    """Processor time of a process and its children."""
    return sum(_seconds(one) for one in (pid, *_children(pid)))


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield from map(int, (task / "children").read_text().split())


def _report(what: str, value: float, bar: float, unit: str) -> bool:
    print(f"{what}: {value:.2f} {unit} (at most {bar:.2f}){'' if value <= bar else ': TOO MUCH'}", flush=True)
    return value <= bar


if __name__ == "__main__":
    sys.exit(main())

"""How fast the service is: `python -m tests.bench.bench_index [RUNS]`. Prints times, asserts nothing.

Start to listening, memory at rest, the first page of a table of many runs (start of the service included),
filters, sorts and groups over it, and the processor time that a replay of 50 MB of events costs the service.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine import store
from engine.client import client
from engine.client.client import Client
from engine.errors import EngineError
from engine.places import Places
from engine.protocol import Best, Cause, CauseKind, Done, RunSummary, Spec, Status
from engine.service.index.index import open_index
from engine.service.index.index_rows import IndexRow, row_of
from engine.store import ExitFacts
from engine.table_protocol import Query
from tests.bench.processor import print_processor

REPLAY_BYTES = 50 << 20
QUERIES = (
    Query(),
    Query(offset=50_000),
    Query(by_sweep=True),
    Query(by_sweep=True, offset=50_000),
    Query(sort="name"),
    Query(sort="loss", descending=False),
    Query("loss<0.001"),
    Query("xor done"),
    Query("name~^xor-0[0-9a-f]+f$"),
    Query("name~/x.*0.*1.*2/"),
    Query("tag:best"),
    Query("age<2d"),
    Query("lr>=0.5 and not hidden=2", "val_loss"),
    Query(group="config"),
    Query(group="config", statistics=("loss",)),
    Query(group="config", sort="loss", statistics=("loss",)),
    Query("xor done", group="config", sort="best"),
    Query("loss<0.001", group="config"),
    Query("lr>=0.5 and not hidden=2", "val_loss", group="config", statistics=("val_loss",)),
    Query(group="lr,hidden", sort="count"),
)


def main() -> None:
    print_processor()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        empty = Places(Path(folder) / "empty")
        asyncio.run(_measure_start(empty))
        asyncio.run(_measure_replay(empty))
        full = Places(Path(folder) / "full")
        _fill(full, count)
        asyncio.run(_measure_pages(full, count))


async def _measure_start(places: Places) -> None:
    for _ in range(3):
        began = time.perf_counter()
        service = _start(places)
        talk = await _connect(places)
        took, spent = time.perf_counter() - began, _seconds(service.pid)
        print(
            f"start to first answer {took:.3f} s, {spent:.2f} s of processor, RSS {_rss(service.pid):.1f} MB"
        )
        await _end(talk, service)


async def _measure_replay(places: Places) -> None:
    spec = Spec("20260101-000000-xor-aaaa", "xor", {}, 1, "long", "torch", 1, "cpu", 1.0)
    folder = store.create(places, spec)
    cause = Cause(CauseKind.FINISHED, "done")
    store.write_exit(folder, ExitFacts(1, Status.DONE, cause, 1.0))
    _write_events(folder.events)
    service = _start(places)
    talk = await _connect(places)
    await talk.show(spec.id)
    before, began, seen = _seconds(service.pid), time.perf_counter(), 0
    async for batch in talk.events(spec.id):
        seen += len(batch.events)
    spent, took = _seconds(service.pid) - before, time.perf_counter() - began
    size = folder.events.stat().st_size
    print(
        f"replay of {size / 1e6:.0f} MB, {seen:,} events: {spent:.2f} s of the service, {took:.2f} s in all"
    )
    print(f"RSS afterwards {_rss(service.pid):.1f} MB")
    await _end(talk, service)


async def _measure_pages(places: Places, count: int) -> None:
    kills = (False, True, False)
    for before, kill in zip((False, *kills), kills, strict=False):
        how = "after a kill" if before else "after a clean stop"
        began = time.perf_counter()
        service = _start(places)
        talk = await _connect(places)
        page = await talk.runs()
        took, spent = time.perf_counter() - began, _seconds(service.pid)
        print(f"{count:,} runs, {how}: a page of {len(page.runs)} after {took:.3f} s, {spent:.2f} s spent")
        if before:
            await _measure_queries(talk)
            print(f"RSS {_rss(service.pid):.1f} MB")
        await _end(talk, service, kill=kill)


async def _measure_queries(talk: Client) -> None:
    for query in QUERIES:
        began = time.perf_counter()
        page = await talk.runs(query)
        asked = f"{query.where or 'all'} by {query.sort} from {query.offset}"
        asked += ", a sweep as one row" if query.by_sweep else ""
        asked += f", grouped by {query.group}" if query.group else ""
        print(f"  {time.perf_counter() - began:.3f} s  {asked}: {page.matching:,} match")


def _start(places: Places) -> subprocess.Popen[bytes]:
    environ = {**os.environ, "DLTUI_HOME": str(places.root)}
    service = subprocess.Popen([sys.executable, "-m", "engine.service"], env=environ)
    atexit.register(service.kill)
    return service


async def _connect(places: Places) -> Client:
    for _ in range(5000):
        try:
            return await client.connect(places, start=False)
        except EngineError:
            await asyncio.sleep(0.002)
    raise SystemExit("the service does not answer")


async def _end(talk: Client, service: subprocess.Popen[bytes], *, kill: bool = False) -> None:
    if kill:
        service.kill()
    else:
        await talk.shutdown()
    await talk.aclose()
    service.wait()


def _fill(places: Places, count: int) -> None:
    places.runs.mkdir(mode=0o700, parents=True)
    places.root.chmod(0o700)
    index = open_index(places.index)
    index.put(_rows(places, count))
    index.close()


def _rows(places: Places, count: int) -> Iterator[IndexRow]:
    cause = Cause(CauseKind.FINISHED, "Finished at step 1000.")
    for n in range(count):
        run_id = f"20260101-{n // 3600 % 24:02d}{n // 60 % 60:02d}{n % 60:02d}-xor-{n:05x}"
        (places.runs / run_id).mkdir()
        group = n // 5
        params = {"lr": 0.01 * (group % 100 + 1), "hidden": group // 100 % 5, "epochs": 1000 + group // 500,
                  "loss": "bce", "bypass": False}  # fmt: skip
        sweep = f"sweep-{n // 1000}" if n % 10 == 0 else ""
        spec = Spec(
            run_id, "xor", params, n, f"xor-{n:05x}", "torch", 1, "auto", 1.7e9 + n, f"t{n}", sweep=sweep
        )
        metrics = {"loss": 1 / (n + 1), "val_loss": 2 / (n + 1)}
        best = Best("loss", 1 / (n + 1), 1000)
        tags = ("best",) if n % 50 == 0 else ()
        yield row_of(
            RunSummary(spec, Done(1.7e9 + n, cause), 1000, 1000, metrics, best, "cpu", tags=tags),
            {"offset": 0},
        )


def _write_events(path: Path) -> None:
    with path.open("w") as file:
        seq = size = 0
        while size < REPLAY_BYTES:
            seq += 1
            series = {"loss": [[seq], [1 / seq]], "accuracy": [[seq], [1 - 1 / seq]]}
            event = {"seq": seq, "at": 1.7e9 + seq, "kind": "metrics", "series": series}
            size += file.write(json.dumps(event, separators=(",", ":")) + "\n")


def _rss(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _seconds(pid: int) -> float:
    """Processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()

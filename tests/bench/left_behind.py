"""A bench that is ended by a signal leaves no run and no engine behind."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from engine.client import client
from engine.places import Places
from engine.table_protocol import Query


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def none_left(places: Places) -> Iterator[None]:
    """At the end, or at SIGTERM, SIGHUP and SIGINT, stop every run of that home and its engine."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if places.socket.exists():
            asyncio.run(_stop_all(places))


async def _stop_all(places: Places) -> None:
    async with await client.connect(places) as line:
        while left := [run for run in (await line.runs(Query())).runs if not run.status.is_final]:
            for run in left:
                with contextlib.suppress(Exception):  # it has just ended
                    await line.stop(run.id)
            await asyncio.sleep(0.2)
        await line.shutdown()

"""Handlers of the requests about sweeps; the name of a method is that of the request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from engine.errors import InputError
from engine.protocol import Json, removal_to_json
from engine.service.runs.removals import Removals
from engine.service.sweeps import trial_table
from engine.service.sweeps.sweeps import Sweeps
from engine.sweep_protocol import SweepSummary, TrialQuery, page_to_json, sweep_to_json


class SweepRequests:
    """`request` is the frame as received: its fields are not checked yet."""

    def __init__(self, sweeps: Sweeps, removals: Removals) -> None:
        self._sweeps, self._removals = sweeps, removals

    def handlers(self) -> tuple[Callable[[Json], Awaitable[Json]], ...]:
        return (
            self.sweep_submit, self.sweeps, self.sweep_show, self.sweep_edit, self.sweep_remove,
            self.sweep_trials, self.sweep_analysis,
        )  # fmt: skip

    async def sweep_submit(self, request: Json) -> Json:
        return _sweep(await self._sweeps.submit(request))

    async def sweeps(self, request: Json) -> Json:
        return {"sweeps": [sweep_to_json(sweep) for sweep in await self._sweeps.all()]}

    async def sweep_show(self, request: Json) -> Json:
        return _sweep(await self._sweeps.summary(request.get("sweep")))

    async def sweep_edit(self, request: Json) -> Json:
        return _sweep(
            await self._sweeps.edit(request.get("sweep"), request.get("verb"), request.get("facts"))
        )

    async def sweep_remove(self, request: Json) -> Json:
        removal = await self._removals.remove_sweep(
            request.get("sweep"), runs=request.get("runs") is True, now=request.get("now") is True
        )
        return {"removal": removal_to_json(removal)}

    async def sweep_trials(self, request: Json) -> Json:
        query = _query(request)
        sweep, rows = await self._sweeps.trials(request.get("sweep"))
        page = await asyncio.to_thread(trial_table.page, rows, query, largest=sweep.largest)
        return page_to_json(await asyncio.to_thread(self._sweeps.mark_page, page))

    async def sweep_analysis(self, request: Json) -> Json:
        from engine.service.sweeps import plot_data  # used seldom: the service starts sooner

        where = _text(request, "where", "")
        sweep, rows = await self._sweeps.trials(request.get("sweep"))
        facts = request.get("facts")
        return await asyncio.to_thread(
            plot_data.analyse, sweep.spec, rows, request.get("kind"), where,
            facts if isinstance(facts, dict) else {},
        )  # fmt: skip


def _sweep(summary: SweepSummary) -> Json:
    return {"sweep": sweep_to_json(summary)}


def _query(request: Json) -> TrialQuery:
    plain = TrialQuery()
    return TrialQuery(
        where=_text(request, "where", plain.where),
        sort=_text(request, "sort", plain.sort),
        descending=request.get("descending", plain.descending) is True,
        offset=_whole(request, "offset", plain.offset),
        limit=_whole(request, "limit", plain.limit),
        group=_text(request, "group", plain.group),
    )


def _text(request: Json, name: str, default: str) -> str:
    value = request.get(name, default)
    if not isinstance(value, str):
        raise InputError(f"{name}: expected text, got {str(value)[:80]!r}.")
    return value


def _whole(request: Json, name: str, default: int) -> int:
    value = request.get(name, default)
    if type(value) is not int or not 0 <= value < 2**53:
        raise InputError(f"{name}: expected a whole number of 0 or more, got {str(value)[:80]!r}.")
    return value

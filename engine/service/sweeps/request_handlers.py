"""Handlers of the requests about sweeps; the name of a method is that of the request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from engine.protocol import Json, read_request
from engine.service.runs.removals import Removals
from engine.service.sweeps import trial_table
from engine.service.sweeps.sweeps import Sweeps
from engine.sweep_protocol import AnalysisRequest, SweepSummary, TrialsRequest
from engine.typed_json import to_json


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
        return {"sweeps": to_json(await self._sweeps.all())}

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
        return {"removal": to_json(removal)}

    async def sweep_trials(self, request: Json) -> Json:
        query = read_request(request, TrialsRequest)
        sweep, rows = await self._sweeps.trials(query.sweep)
        page = await asyncio.to_thread(trial_table.page, rows, query, largest=sweep.goal.largest)
        return to_json(await asyncio.to_thread(self._sweeps.mark_page, page))

    async def sweep_analysis(self, request: Json) -> Json:
        from engine.service.sweeps import plot_data  # used seldom: the service starts sooner

        query = read_request(request, AnalysisRequest)
        sweep, rows = await self._sweeps.trials(query.sweep)
        return await asyncio.to_thread(
            plot_data.analyse, sweep.spec, rows, query.kind, query.where, query.facts
        )


def _sweep(summary: SweepSummary) -> Json:
    return {"sweep": to_json(summary)}

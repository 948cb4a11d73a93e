"""The handlers of all requests; the name of a method is the name of its request."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from engine import store
from engine.errors import DltuiError, InputError
from engine.notifications import NotificationRequest
from engine.protocol import Json, LogQuery, RunSummary, SkippedRun, read_request, summary_to_json
from engine.service.index.index import Index
from engine.service.runs import submitted_command_checks, worker_log
from engine.service.runs.runs import check_file, is_unsaved, parse_data
from engine.service.runs.transitions import why_not
from engine.service.server.client_connection import (
    Frame,
    Handlers,
    NextEvents,
    RawFrame,
    change_frames,
    event_frames,
)
from engine.service.sweeps import query_trials
from engine.service.sweeps.sweeps import find_damage
from engine.service_requests import (
    AnnotateRequest,
    ApplicableRequest,
    RemoveRequest,
    ResumeRequest,
    SetRequest,
    SweepEditRequest,
    SweepRemoveRequest,
)
from engine.sweep_protocol import (
    AnalysisRequest,
    RunsAnalysisRequest,
    SweepSubmitRequest,
    SweepSummary,
    TrialsRequest,
)
from engine.table_protocol import Query
from engine.typed_json import to_json

if TYPE_CHECKING:
    from engine.service.server.service import Service


class Requests:
    """`request` is the frame as received: its fields may be missing or of any type.

    The answer of a handler that returns the summary of a run is {"run": ...}, of a sweep {"sweep": ...}.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._registry = service.registry

    def handlers(self) -> Handlers:
        requests = (
            self.runs, self.show, self.data_now, self.pause, self.resume,
            self.code, self.stop, self.set, self.annotate, self.remove, self.undo,
            self.delete_removed, self.removals, self.applicable, self.log, self.resources, self.doctor,
            self.verify, self.reindex, self.engine, self.shutdown, self.ping, self.sweeps, self.sweep_show,
            self.sweep_submit,
            self.sweep_edit, self.sweep_remove, self.sweep_trials, self.sweep_analysis, self.runs_analysis,
            self.notifications, self.set_notifications, self.test_notifications,
        )  # fmt: skip
        return Handlers(
            {
                "submit": self._service.runs.submit,
                **{answer.__name__: answer for answer in requests},
            },
            {"events": self.events, "watch": self.watch, "import": self.import_logs},
        )

    # --- runs ----------------------------------------------------------------------------------------------

    async def runs(self, request: Json) -> Frame:
        """Pending rows are written first, so that the page has the effect of earlier requests."""
        query = read_request(request, Query)
        self._service.check_runs_can_be_listed()
        await self._registry.index_thread.flush()
        window = await self._registry.index_thread.call(Index.page, query, self._service.sweeps.names())
        facts = {
            "matching": window.matching, "total": window.total, "unknown": window.unknown,
            "notice": await self._service.notice(),
        }  # fmt: skip
        if query.group:
            facts |= {"length": window.length, "groups": to_json(window.groups)}
        elif query.by_sweep:
            sweeps = [self._service.sweeps.with_best(row) for row in window.sweeps]
            facts |= {"length": window.length, "sweeps": to_json(sweeps)}
        return RawFrame("runs", window.summaries, facts)

    async def show(self, request: Json) -> RunSummary:
        from engine.service.runs import verify_runs  # 10 ms, which the start of the service need not take

        run_id = await self._find(request)
        summary = await self._registry.summary_now(run_id)
        summary = dataclasses.replace(summary, peaks=await self._registry.peaks(run_id))
        folder = store.folder_of(self._registry.places, run_id)
        if summary.spec.command is None:
            checkpoints = await asyncio.to_thread(verify_runs.checkpoints, folder.checkpoints, summary.spec)
            return dataclasses.replace(summary, checkpoints=checkpoints)
        saved = await asyncio.to_thread(submitted_command_checks.saved_by_command, folder.events)
        return dataclasses.replace(summary, checkpoints=saved.checkpoints, media=saved.media)

    async def data_now(self, request: Json) -> Frame:
        from engine.service.runs.verify_runs import data_warning

        run = await self._registry.summary(await self._find(request))
        return {"words": await asyncio.to_thread(data_warning, self._registry.places, run)}

    async def pause(self, request: Json) -> RunSummary:
        return await self._service.runs.pause(await self._find(request))

    async def resume(self, request: Json) -> RunSummary:
        wanted = read_request(request, ResumeRequest)
        run_id = await self._registry.find(wanted.run)
        return await self._service.runs.resume(
            run_id, wanted.mode, wanted.code, check_file(wanted.file), wanted.withheld
        )

    async def code(self, request: Json) -> Frame:
        from engine.service.runs import run_code  # most runs are not of files

        run = await self._registry.summary(await self._find(request))
        return {"code": await asyncio.to_thread(run_code.read, self._registry.places, run.spec)}

    async def stop(self, request: Json) -> RunSummary:
        return await self._service.runs.stop(await self._find(request))

    async def set(self, request: Json) -> RunSummary:
        wanted = read_request(request, SetRequest)
        run_id = await self._registry.find(wanted.run)
        return await self._service.runs.set(run_id, wanted.name, wanted.value)

    async def annotate(self, request: Json) -> RunSummary:
        from engine.service.runs import annotate

        wanted = read_request(request, AnnotateRequest)
        run_id = await self._registry.find(wanted.run)
        return await self._service.runs.annotate(run_id, lambda old: annotate.changed(old, wanted))

    async def remove(self, request: Json) -> Frame:
        wanted = read_request(request, RemoveRequest)
        if not wanted.runs:
            raise DltuiError("runs: expected a list of runs.")
        run_ids = [await self._registry.find(name) for name in wanted.runs]
        removal, left_out = await self._service.removals.remove(run_ids, now=wanted.now)
        return to_json({"removal": removal, "left_out": left_out})

    async def undo(self, request: Json) -> Frame:
        return {"removal": to_json(await self._service.removals.undo(request.get("run", "")))}

    async def delete_removed(self, request: Json) -> Frame:
        """Delete the files of all removals, or of the removed run or sweep of that name."""
        return {"removals": to_json(await self._service.removals.delete(request.get("run", "")))}

    async def removals(self, request: Json) -> Frame:
        return {"removals": to_json(await self._service.removals.all())}

    async def applicable(self, request: Json) -> Frame:
        """The runs to which the verb applies now, and the others."""
        wanted = read_request(request, ApplicableRequest)
        found, verb = await self._selected(wanted), wanted.verb
        applies: list[Json] = []
        left_out: list[SkippedRun] = []
        for run in found:
            why, is_so = why_not(verb, run.status, run.spec.name)
            if verb == "resume" and is_unsaved(run):
                why = ""
            if why:
                left_out.append(SkippedRun(run.id, run.spec.name, why, is_so))
            else:
                applies.append(summary_to_json(run))
        return {"runs": applies, "left_out": to_json(left_out)}

    async def _selected(self, wanted: ApplicableRequest) -> list[RunSummary]:
        """The runs of `runs` in their order, then those that pass the filter `where`, without duplicates."""
        ids = [await self._registry.find(name) for name in wanted.runs]
        if wanted.where:
            await self._registry.index_thread.flush()
            ids += await self._registry.index_thread.call(
                Index.matching_ids, wanted.where, self._service.sweeps.names()
            )
        return [await self._registry.summary(run_id) for run_id in dict.fromkeys(ids)]

    async def log(self, request: Json) -> Frame:
        query = read_request(request, LogQuery)
        folder = store.folder_of(self._registry.places, await self._find(request))
        try:
            return to_json(await asyncio.to_thread(worker_log.read, folder.log, query.offset, query.limit))
        except OSError as error:
            raise DltuiError(f"{folder.log} cannot be read: {error.strerror}.") from error

    # --- sweeps --------------------------------------------------------------------------------------------

    async def sweeps(self, request: Json) -> Frame:
        return {"sweeps": to_json(await self._service.sweeps.all())}

    async def sweep_submit(self, request: Json) -> SweepSummary:
        return await self._service.sweeps.submit(read_request(request, SweepSubmitRequest))

    async def sweep_show(self, request: Json) -> SweepSummary:
        return await self._service.sweeps.summary(request.get("sweep"))

    async def sweep_edit(self, request: Json) -> SweepSummary:
        return await self._service.sweeps.edit(read_request(request, SweepEditRequest))

    async def sweep_remove(self, request: Json) -> Frame:
        wanted = read_request(request, SweepRemoveRequest)
        removal = await self._service.removals.remove_sweep(wanted.sweep, runs=wanted.runs, now=wanted.now)
        return {"removal": to_json(removal)}

    async def sweep_trials(self, request: Json) -> Frame:
        query = read_request(request, TrialsRequest)
        sweep, rows = await self._service.sweeps.trials(query.sweep)
        page = await asyncio.to_thread(query_trials.page, rows, query, largest=sweep.goal.largest)
        return to_json(await asyncio.to_thread(self._service.sweeps.mark_page, page))

    async def sweep_analysis(self, request: Json) -> Frame:
        from engine.service.sweeps import plot_data  # used seldom: the service starts sooner

        query = read_request(request, AnalysisRequest)
        sweep, rows = await self._service.sweeps.trials(query.sweep)
        return await asyncio.to_thread(
            plot_data.analyse, sweep.spec, rows, query.kind, query.where, query.facts
        )

    async def runs_analysis(self, request: Json) -> Frame:
        from engine.service.sweeps import plot_data, runs_as_trials

        query = read_request(request, RunsAnalysisRequest)
        await self._registry.index_thread.flush()
        bodies = await self._registry.index_thread.call(
            Index.summaries, query.where, query.runs, plot_data.MAX_TRIALS, self._service.sweeps.names()
        )
        if not bodies:
            raise InputError("No run passes the filter.")
        return await asyncio.to_thread(runs_as_trials.analyse_summaries, bodies, query)

    # --- the engine ----------------------------------------------------------------------------------------

    async def resources(self, request: Json) -> Frame:
        return {"resources": to_json(self._service.measure())}

    async def doctor(self, request: Json) -> Frame:
        from engine.service.health import doctor  # seldom needed, and it imports much

        places = dataclasses.replace(self._registry.places, named_data=parse_data(request.get("data")))
        found = await asyncio.to_thread(doctor.check, places, await self._service.findings())
        return {"findings": to_json(found)}

    async def notifications(self, request: Json) -> Frame:
        return {"settings": to_json(self._service.notifier.settings())}

    async def set_notifications(self, request: Json) -> Frame:
        values = read_request(request, NotificationRequest).values
        return {"settings": to_json(self._service.notifier.set(values))}

    async def test_notifications(self, request: Json) -> Frame:
        return {"problems": await self._service.notifier.test()}

    async def verify(self, request: Json) -> Frame:
        from engine.service.runs import verify_runs

        if request.get("run"):
            run_ids = [await self._find(request)]
        else:
            run_ids = await asyncio.to_thread(store.list_ids, self._registry.places)
        checked = await asyncio.to_thread(verify_runs.check, self._registry.places, run_ids)
        for run_id in {row["run"] for row in checked if row["path"].endswith("/events.jsonl")}:
            await self._registry.summary_now(run_id)  # so that its row has the damage too
        if not request.get("run"):
            for path, text in await asyncio.to_thread(find_damage, self._registry.places):
                checked.append(verify_runs.damaged(path.parent.name, path, text))
        return {"checked": checked}

    async def reindex(self, request: Json) -> Frame:
        return {"runs": await self._service.reindex()}

    async def engine(self, request: Json) -> Frame:
        return await self._service.facts()

    async def ping(self, request: Json) -> Frame:
        return {}

    async def shutdown(self, request: Json) -> Frame:
        self._service.stop()
        return {}

    # --- streams -------------------------------------------------------------------------------------------

    async def events(self, request: Json) -> AsyncIterator[Frame | NextEvents]:
        run_id = await self._find(request)
        if self._registry.get(run_id) is None:
            await self._service.imports.ensure_events(run_id)
        async with contextlib.aclosing(
            event_frames(self._registry, run_id, request.get("after", 0))
        ) as found:
            async for frame in found:
                yield frame

    def import_logs(self, request: Json) -> AsyncIterator[Frame]:
        return self._service.imports.start(request)

    def watch(self, request: Json) -> AsyncIterator[Frame]:
        return change_frames(self._registry, self._service.change_feed)

    async def _find(self, request: Json) -> str:
        return await self._registry.find(request.get("run"))

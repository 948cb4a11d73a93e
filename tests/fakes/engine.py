"""A fake engine: scripted runs and events behind the methods and streams of the client."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.client.answers import RunsChange
from engine.client.client import Client, EventBatch
from engine.client.submitted_command import SubmittedCommand
from engine.errors import DltuiError, EngineError, RunNotFound
from engine.events import Event
from engine.experiment_files.code import RunCode
from engine.experiment_files.description import FileExperiment
from engine.machine_protocol import Finding, Resources, Severity
from engine.places import Places
from engine.protocol import (
    Cause,
    CauseKind,
    CheckpointFacts,
    Done,
    Failed,
    Json,
    LogPart,
    Paused,
    Queued,
    Removal,
    RemovedItem,
    Running,
    RunSummary,
    SkippedRun,
    Spec,
    State,
    Stopped,
    summary_from_json,
)
from engine.run_groups import group_of
from engine.service.index.index import open_in_memory
from engine.service.index.index_rows import row_of
from engine.service.index.page_queries import group_trials
from engine.service.runs.annotate import changed
from engine.service.runs.runs import parse_name
from engine.service.runs.transitions import why_not
from engine.service.sweeps import runs_as_trials
from engine.service_requests import AnnotateRequest
from engine.store import Annotations
from engine.sweep_protocol import RunsAnalysisRequest, SweepSummary, TrialRow
from engine.table_protocol import Page, Query, SweepRow
from tests.fakes.sweeps import FakeSweeps

MACHINE = Resources(
    cores=2,
    cpu_busy=0.62,
    memory_used=3 << 30,
    memory_total=15 << 30,
    disk_free=80 << 30,
    slots_used=1,
    slots=2,
)


def make_run(
    number: int = 1, *, experiment: str = "xor", name: str = "", state: State | None = None, **facts: Any
) -> RunSummary:
    """The summary of a run; `params`, `seed` and `created` go into its spec."""
    created = facts.pop("created", time.time() - 60 * number)
    params = facts.pop("params", {"hidden": 2, "lr": 0.01, "epochs": 1000})
    spec = Spec(
        id=facts.pop("id", f"20260101-{number:06d}-{experiment}-{number:04x}"),
        experiment=experiment,
        params=params,
        seed=facts.pop("seed", number),
        name=name,
        framework=str(params.get("framework", "torch")),
        threads=1,
        device="auto",
        created_at=created,
        data=facts.pop("data", None),
        sweep=facts.pop("sweep", ""),
        trial=facts.pop("trial", 0),
        parent=facts.pop("parent", None),
        command=facts.pop("command", None),
    )
    usual: dict[str, Any] = {"total_steps": 1000, "device": "cpu", "attempt": 1, "started_at": created}
    return RunSummary(spec, state or Running(created), **{**usual, **facts})


def failed(
    kind: CauseKind = CauseKind.DIVERGED,
    text: str = "The loss is not a number since step 41.",
    remedy: str = "",
) -> Failed:
    return Failed(time.time(), Cause(kind, text, remedy))


def done() -> Done:
    return Done(time.time(), Cause(CauseKind.FINISHED, "It reached its last step."))


def metrics(seq: int, steps: list[int], at: float | None = None, **columns: list[float | str]) -> Event:
    series = {name: [steps, values] for name, values in columns.items()}
    return Event(seq, at if at is not None else 1_000.0 + seq, "metrics", {"series": series})


class FakeEngine:
    """One service; every `connect` returns a new client."""

    def __init__(self, *runs: RunSummary, findings: list[Finding] | None = None) -> None:
        self.runs_by_id = {run.id: run for run in runs}
        self.events_of: dict[str, list[Event]] = {}
        self.logs: dict[str, str] = {}
        self.findings = findings or []
        self.checkpoints_of: dict[str, tuple[CheckpointFacts, ...]] = {}
        self.begun_with: list[str] = []
        """of each submitted run: the checkpoint to begin with, or empty"""
        self.requests: list[tuple[Any, ...]] = []
        """every request that changes something, with its arguments"""
        self.removed: list[RunSummary] = []
        self.executors: list[str] = []
        self.files: list[FileExperiment | None] = []
        self.codes: dict[str, RunCode] = {}
        """of each submitted run"""
        self.likes: list[str] = []
        self.data_now_words = ""
        self.data_folders: list[str | None] = []
        """of each submitted run"""
        self.queries: list[Query] = []
        self.is_up = True
        self.is_silent = False
        """clients connect, requests are not answered"""
        self.notice = ""
        self.refusal: EngineError | None = None
        """raised by `connect`"""
        self.left_out = 0
        """damaged lines in the events of each run"""
        self.connections = 0
        self.resources_now = MACHINE
        self.sweeps = FakeSweeps()
        self.count = 0
        """the total that it reports, where not 0, instead of the number of its runs"""
        self._clients: list[FakeClient] = []
        self._grown = asyncio.Event()

    async def connect(self, places: Places) -> FakeClient:
        if not self.is_up:
            raise EngineError("The engine cannot be reached.", "Start it: dltui engine start")
        while self.is_silent:
            await asyncio.sleep(0.005)
        if self.refusal is not None:
            raise self.refusal
        self.connections += 1
        client = FakeClient(self)
        self._clients.append(client)
        return client

    def disconnect(self) -> None:
        """Break every connection, and refuse new ones until `is_up` is set again."""
        self.is_up = False
        for client in self._clients:
            client.changes.put_nowait(None)
        self._clients.clear()
        self._wake()

    def change(
        self, *runs: RunSummary, removed: tuple[str, ...] = (), resources: Resources | None = None
    ) -> None:
        """Replace these runs and send the change to every client."""
        self.runs_by_id.update((run.id, run) for run in runs)
        for run in removed:
            self.runs_by_id.pop(run, None)
        change = RunsChange(tuple(runs), removed, resources, self.count or len(self.runs_by_id))
        for client in self._clients:
            client.changes.put_nowait(change)

    def change_sweep(self, sweep: SweepSummary, trials: tuple[TrialRow, ...] = ()) -> None:
        """Replace this sweep and send the change to every client."""
        change = RunsChange(total=len(self.runs_by_id), sweeps=(self.sweeps.put(sweep, trials),))
        for client in self._clients:
            client.changes.put_nowait(change)

    def append(self, run: str, *events: Event) -> None:
        """Append to the events of a run."""
        self.events_of.setdefault(run, []).extend(events)
        self._wake()

    def find(self, run: str) -> RunSummary:
        if run not in self.runs_by_id:
            raise RunNotFound(f"There is no run {run!r}.")
        return self.runs_by_id[run]

    def list(self, query: Query) -> Page:
        if query.where.endswith("="):
            raise DltuiError(f"filter: expected a value after {query.where!r}, got its end.")
        found = [run for run in self.runs_by_id.values() if _passes(run, query.where)]
        found.sort(key=lambda run: _key(run, query.sort), reverse=query.descending)
        if query.group:
            return self._page_by_group(query, found)
        if query.by_sweep and "sweep=" not in query.where:
            return self._page_by_sweep(query, found)
        return Page(tuple(found[query.offset : query.offset + query.limit]), len(found), len(self.runs_by_id))

    def _page_by_group(self, query: Query, found: Sequence[RunSummary]) -> Page:
        index = open_in_memory()
        index.put([row_of(run, {}) for run in sorted(found, key=lambda run: run.spec.order)])
        window = index.page(replace(query, where=""))
        runs = tuple(summary_from_json(json.loads(body)) for body in window.summaries)
        facts = {"length": window.length, "groups": window.groups}
        return Page(runs, window.matching, len(self.runs_by_id), **facts)  # type: ignore[arg-type]

    def _page_by_sweep(self, query: Query, found: list[RunSummary]) -> Page:
        sizes = Counter(run.spec.sweep for run in self.runs_by_id.values() if run.spec.sweep)
        sizes = Counter({sweep: count for sweep, count in sizes.items() if count > 1})
        numbered = [(number, run.spec.sweep) for number, run in enumerate(found)]
        rows = group_trials(numbered, sizes, query.open_sweeps)
        window = rows[query.offset : query.offset + query.limit]
        runs = tuple(found[row] for row in window if isinstance(row, int))
        sweeps = tuple(
            self._sweep_row(place, row, query) for place, row in enumerate(window) if isinstance(row, str)
        )
        return Page(runs, len(found), len(self.runs_by_id), sweeps=sweeps, length=len(rows))

    def _sweep_row(self, place: int, sweep: str, query: Query) -> SweepRow:
        trials = [run for run in self.runs_by_id.values() if run.spec.sweep == sweep]
        known = self.sweeps.by_id.get(sweep)
        best = known.best if known is not None else None
        return SweepRow(
            place, sweep, trials[0].spec.experiment, len(trials), Counter(str(run.status) for run in trials),
            max(run.spec.created_at for run in trials), sweep in query.open_sweeps,
            known.spec.name if known is not None else "", known.planned if known is not None else 0,
            known.spec.metric if known is not None else "", best.value if best else None,
            best.run if best else "",
        )  # fmt: skip

    async def wait(self) -> None:
        await self._grown.wait()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


class FakeClient(Client):
    """The interface of `engine.client.client.Client`, answered from scripted data."""

    def __init__(self, engine: FakeEngine) -> None:
        self._engine = engine
        self.changes: asyncio.Queue[RunsChange | DltuiError | None] = asyncio.Queue()
        self.notice = engine.notice

    @property
    def frames_received(self) -> int:
        """Grows with every read, unless the engine is silent."""
        self._frames += not self._engine.is_silent
        return self._frames

    async def ping(self) -> None:
        while self._engine.is_silent:
            await asyncio.sleep(0.005)

    _frames = 0

    async def __aenter__(self) -> FakeClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self in self._engine._clients:
            self._engine._clients.remove(self)

    async def request(self, method: str, **facts: object) -> Json:
        """Requests about sweeps; the others have methods of their own."""
        self._check()
        answer, changed = self._engine.sweeps.answer(method, facts)
        if changed is not None:
            self._engine.change_sweep(changed)
        return answer

    async def runs_analysis(
        self, kind: str, where: str = "", runs: Iterable[str] = (), metric: str = "", **facts: object
    ) -> Json:
        self._check()
        found = self._engine.list(Query(where, descending=False)).runs
        chosen = [run for run in found if not runs or run.id in runs]
        return runs_as_trials.analyse(chosen, RunsAnalysisRequest(kind, where, tuple(runs), metric, facts))

    async def runs(self, query: Query = Query()) -> Page:  # noqa: B008
        self._check()
        self._engine.queries.append(query)
        return self._engine.list(query)

    async def show(self, run: str) -> RunSummary:
        self._check()
        return replace(self._engine.find(run), checkpoints=self._engine.checkpoints_of.get(run, ()))

    async def code(self, run: str) -> RunCode | None:
        return self._engine.codes.get(run)

    async def submit_command(
        self,
        submitted: SubmittedCommand,
        *,
        seed: int = 1,
        name: str = "",
        device: str = "auto",
        gpu_share: float = 1.0,
        threads: int | None = None,
    ) -> RunSummary:
        return await self.submit(
            "exec", submitted.params, seed=seed, name=name, device=device, like=submitted.like
        )

    async def submit(
        self,
        experiment: str,
        params: Mapping[str, object] | None = None,
        *,
        seed: int = 1,
        name: str = "",
        device: str = "auto",
        executor: str = "local",
        data: str | None = None,
        begin: str = "",
        file: FileExperiment | None = None,
        like: str = "",
    ) -> RunSummary:
        self._engine.likes.append(like)
        parse_name(name)
        self._engine.begun_with.append(begin)
        self._engine.data_folders.append(data)
        self._engine.requests.append(("submit", experiment, dict(params or {}), seed, name, device))
        self._engine.executors.append(executor)
        self._engine.files.append(file)
        number = len(self._engine.runs_by_id) + 1
        run = make_run(number, experiment=experiment, name=name, seed=seed, params=dict(params or {}),
                       state=Queued("waits for a slot"), created=time.time())  # fmt: skip
        self._engine.change(run)
        return run

    async def pause(self, run: str) -> RunSummary:
        return self._set_state("pause", run, Paused(time.time(), Cause(CauseKind.PAUSED, "Paused.")))

    async def resume(self, run: str, mode: str = "strict", *, code: str = "") -> RunSummary:
        found = self._set_state("resume", run, Running(time.time()))
        if mode != "strict" or code:
            self._engine.requests.append(("resume", run, mode, code))
        return found

    async def stop(self, run: str) -> RunSummary:
        return self._set_state("stop", run, Stopped(time.time(), Cause(CauseKind.USER_STOP, "Stopped.")))

    async def set(self, run: str, name: str, value: object) -> RunSummary:
        self._engine.requests.append(("set", run, name, value))
        found = self._engine.find(run)
        found = replace(found, live={**found.live, name: float(str(value))})
        self._engine.change(found)
        return found

    async def annotate(
        self,
        run: str,
        *,
        name: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        note: str | None = None,
        before: str | None = None,
    ) -> RunSummary:
        found = self._engine.find(run)
        old = Annotations(found.spec.name, found.tags, found.note)
        new = changed(old, AnnotateRequest(run, name, note, before, tuple(add), tuple(remove)))
        found = replace(found, spec=replace(found.spec, name=new.name), tags=new.tags, note=new.note)
        self._engine.change(found)
        return found

    async def data_now(self, run: str) -> str:
        return self._engine.data_now_words

    async def applicable(
        self, verb: str, runs: Sequence[str] = (), where: str = ""
    ) -> tuple[list[RunSummary], list[SkippedRun]]:
        found = [self._engine.find(run) for run in runs]
        if where:
            found += self._engine.list(Query(where)).runs
        whys = [why_not(verb, run.status, run.spec.name) for run in found]
        applies = [run for run, (why, _) in zip(found, whys, strict=True) if not why]
        left_out = [
            SkippedRun(run.id, run.spec.name, why, is_so)
            for run, (why, is_so) in zip(found, whys, strict=True)
            if why
        ]
        return applies, left_out

    async def remove(self, *runs: str, now: bool = False) -> Removal:
        self._engine.requests.append(("remove", *runs))
        self._engine.removed = [self._engine.find(run) for run in runs]
        self._engine.change(removed=runs)
        return self._removal()

    async def undo(self, run: str = "") -> Removal:
        self._engine.requests.append(("undo", run))
        if not self._engine.removed:
            raise RunNotFound("Nothing was removed that could be brought back.")
        back = self._removal()
        self._engine.change(*self._engine.removed)
        self._engine.removed = []
        return back

    def _removal(self) -> Removal:
        items = (
            RemovedItem("run", run.id, run.spec.name, str(run.status), 1 << 20)
            for run in self._engine.removed
        )
        return Removal(1, time.time(), 86_400.0, tuple(items))

    async def log(self, run: str, offset: int = -65_536, limit: int = 65_536) -> LogPart:
        self._check()
        text = self._engine.logs.get(run, "")
        start = max(0, len(text) + offset) if offset < 0 else offset
        part = text[start : start + limit]
        return LogPart(part, start, start + len(part), len(text))

    async def doctor(self) -> list[Finding]:
        self._check()
        return list(self._engine.findings)

    async def watch(self) -> AsyncIterator[RunsChange]:
        total = self._engine.count or len(self._engine.runs_by_id)
        sweeps = tuple(self._engine.sweeps.by_id.values())
        yield RunsChange(resources=self._engine.resources_now, total=total, sweeps=sweeps)
        while (change := await self.changes.get()) is not None:
            if isinstance(change, DltuiError):
                raise change
            yield change
        raise EngineError("The engine has stopped; runs continue without it.")

    async def events(self, run: str, after: int = 0) -> AsyncIterator[EventBatch]:
        self._engine.find(run)
        caught_up = False
        while True:
            grown = self._engine.wait()
            new = [event for event in self._engine.events_of.get(run, []) if event.seq > after]
            if new or not caught_up:
                after = new[-1].seq if new else after
                left_out = 0 if caught_up else self._engine.left_out
                caught_up = True
                yield EventBatch(tuple(new), caught_up=True, left_out=left_out)
            if self._engine.runs_by_id.get(run) is None or self._engine.runs_by_id[run].status.is_final:
                grown.close()
                yield EventBatch((), caught_up=True, ended=True)
                return
            await grown
            self._check()

    def _set_state(self, request: str, run: str, state: State) -> RunSummary:
        self._check()
        self._engine.requests.append((request, run))
        found = replace(self._engine.find(run), state=state)
        self._engine.change(found)
        return found

    def _check(self) -> None:
        if not self._engine.is_up:
            raise EngineError("The engine has stopped; runs continue without it.")


def _passes(run: RunSummary, where: str) -> bool:
    return all(
        part in (f"sweep={run.spec.sweep}", f"config={group_of(run)}")
        or part.removeprefix("experiment=").removeprefix("status=")
        in f"{run.id} {run.spec.name} {run.spec.experiment} {run.status}"
        for part in where.split()
    )


def _key(run: RunSummary, field: str) -> Any:
    known = {
        "created": run.spec.created_at,
        "name": run.spec.name,
        "status": str(run.status),
        "best": run.best.value if run.best else 9e9,
    }
    return known.get(field, run.metrics.get(field, 9e9))


DRIVER = Finding(
    "gpu",
    Severity.WARNING,
    "The GPU driver is older than torch was built for: runs use the CPU.",
    "Update the driver to 560 or later.",
)

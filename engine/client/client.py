"""The client of the service: connection, requests and streams."""

from __future__ import annotations

import asyncio
import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from engine.client import handshake
from engine.client.answers import (
    RunsChange,
    body_of,
    decode,
    read_answer,
    read_change,
    read_notification_settings,
    read_page,
    read_removal,
    read_sweep,
)
from engine.client.channel import Channel
from engine.client.session import Session
from engine.errors import (
    DltuiError,
    EngineError,
    EngineSilent,
    HomeUnusable,
    OtherVersion,
)
from engine.machine_protocol import Finding, Resources
from engine.places import Places, data_folder, home
from engine.protocol import Json, LogPart, Removal, RunSummary, SkippedRun, SubmitRequest, summary_from_json
from engine.table_protocol import Page, Query
from engine.typed_json import to_json, typed

if TYPE_CHECKING:
    from engine.client.submitted_command import SubmittedCommand
    from engine.events import Event
    from engine.experiment_files.code import RunCode
    from engine.experiment_files.description import FileExperiment
    from engine.notifications import NotificationSettings
    from engine.sweep_protocol import Prune, SweepSummary, TrialPage, TrialQuery

T = TypeVar("T")
CONNECT_TRIES = 3
"""to connect: a service may end between the attempt and its answer"""
GPUS = "CUDA_VISIBLE_DEVICES"
UNREAD = 64
"""unread frames of one stream, after which the client reads no further frames"""


@dataclass(frozen=True, slots=True)
class EventBatch:
    events: tuple[Event, ...] = ()
    caught_up: bool = False
    """all events that were in the file at the request have been sent"""
    ended: bool = False
    """no event will follow"""
    left_out: int = 0
    """damaged lines between these events, which `verify` reports"""


async def connect(places: Places, *, start: bool = True) -> Client:
    """Connect to the service of `places`; with `start`, start it where none runs.

    With `start`, a service of an older version is replaced; `Client.notice` reports it. Raises EngineError
    where it cannot be reached or used: EngineSilent, OtherVersion, HomeUnusable.
    """
    notice = ""
    for _ in range(CONNECT_TRIES):
        try:
            client = await _open_connection(places, start)
            client.notice = notice or client.notice
            return client
        except (FileNotFoundError, NotADirectoryError, ConnectionError) as error:
            why: OSError = error
        except OSError as error:  # a folder of the path is not accessible, or a link leads to itself
            raise HomeUnusable(
                f"{places.root} cannot be used: {error.strerror}.", "Point DLTUI_HOME at a folder of yours."
            ) from error
        except OtherVersion as error:
            if not (start and error.is_older):
                raise
            await asyncio.to_thread(_end_process, error.pid)
            notice = f"{error.message} It is replaced; runs continue."
            continue
        if not start:
            raise EngineError("The engine is not running.", "Start it: dltui engine start")
        from engine.client import launch  # imported here, since the service is mostly running

        await asyncio.to_thread(launch.start, places)
    raise EngineError(f"The engine cannot be reached: {why}.", f"Its log: {places.log}")


async def stop(places: Places, may_end: Callable[[EngineSilent], bool]) -> None:
    """End the service; runs continue under their keepers.

    One that does not answer is ended where `may_end` returns True. Raises EngineError; EngineSilent where it
    returns False.
    """
    try:
        async with await connect(places, start=False) as client:
            await client.shutdown()
    except OtherVersion as error:
        await asyncio.to_thread(_end_process, error.pid)
    except EngineSilent as error:
        if not may_end(error):
            raise
        await asyncio.to_thread(_end_process, error.pid)


def open_session(places: Places) -> Session:
    """A session; its process starts with the first request and ends with `aclose`."""
    return Session(places)


def _end_process(pid: int) -> None:
    from engine.client import launch

    launch.end(pid)


async def _open_connection(places: Places, start: bool) -> Client:
    path = places.socket
    handshake.check_owner(path)
    reader, writer = await asyncio.open_unix_connection(str(path))
    pid = handshake.check_peer(writer)
    try:
        hello = await handshake.request_hello(path, reader, writer, pid)
        notice = handshake.check_version(hello, pid, start)
    except BaseException:
        writer.close()
        raise
    client = Client(reader, writer, hello)
    client.places = places
    client.notice = notice
    return client


class Client:
    """One connection, shared by requests and streams.

    Requests raise errors of the service as DltuiError, and EngineError where the service has ended.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hello: Json) -> None:
        self.hello = hello
        self.places = home()
        self._channel = Channel(reader, writer, "the engine", _engine_stopped(), unread=UNREAD)
        self.notice = ""
        """a warning for the user about this connection"""

    @property
    def frames_received(self) -> int:
        """Increases while the service answers."""
        return self._channel.frames_received

    # --- requests ------------------------------------------------------------------------------------------

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
        gpu_share: float = 1.0,
        threads: int | None = None,
        like: str = "",
        system_seconds: float | None = None,
    ) -> RunSummary:
        """`threads` None: as many as the experiment uses. `like`: a run whose command is run again.

        `data` is the absolute path of the folder of data sets, "" for none; None: DLTUI_DATA. `begin`: the
        checkpoint it begins with, RUN@STEP or RUN@best. `file` is the experiment where it is a file: its
        source is kept as it is now, or, where the file is gone, as it was. Raises DltuiError, and nothing
        was started. CUDA_VISIBLE_DEVICES of this process limits the choice of the GPU. `system_seconds`:
        between two measurements of what it uses, 0 none, None as the engine is set.
        """
        request = SubmitRequest(
            experiment=experiment, params=dict(params or {}), seed=seed, name=name, device=device,
            executor=executor, data=data_folder() if data is None else data, begin=begin,
            gpu_share=gpu_share, threads=threads, gpus=os.environ.get(GPUS), like=like,
            token=uuid.uuid4().hex, file=await self._kept(file, params or {}), system_seconds=system_seconds,
        )  # fmt: skip
        return await self._run("submit", **to_json(request))

    async def submit_command(
        self,
        submitted: SubmittedCommand,
        *,
        seed: int = 1,
        name: str = "",
        device: str = "auto",
        gpu_share: float = 1.0,
        threads: int | None = None,
        system_seconds: float | None = None,
    ) -> RunSummary:
        """`threads` None: all of the machine. `system_seconds` as in `submit`."""
        from engine.exec import shell_command

        request = SubmitRequest(
            experiment=shell_command.EXPERIMENT, params=submitted.params, seed=seed, name=name,
            device=device, gpu_share=gpu_share, threads=threads, like=submitted.like,
            command=submitted.command, withheld=submitted.withheld, token=uuid.uuid4().hex,
            system_seconds=system_seconds,
        )  # fmt: skip
        return await self._run("submit", **to_json(request))

    async def _kept(
        self,
        file: FileExperiment | None,
        values: Mapping[str, object] | None = None,
        axes: Sequence[str] = (),
    ) -> FileExperiment | None:
        """`file` with its source kept; None where there is none.

        Raises ParamError where the file refuses the values, all of the first points of the axes.
        """
        if file is None:
            return None
        from engine.experiment_files import prepare  # most runs are not of files

        kept = await asyncio.to_thread(prepare.again, self.places, file)
        if values is not None:
            await asyncio.to_thread(prepare.check, kept, values, axes)
        return kept

    async def show(self, run: str) -> RunSummary:
        """The run with its checkpoints."""
        return await self._run("show", run=run)

    async def pause(self, run: str) -> RunSummary:
        return await self._run("pause", run=run)

    async def resume(
        self, run: str, mode: str = "strict", *, code: str = "", withheld: Mapping[str, str] | None = None
    ) -> RunSummary:
        """`mode` fast goes on with the code of its file as it is now, `code` kept with what the run keeps.

        `withheld`: values of variables of a command that are in no file. Raises DltuiError, also in mode
        strict where that file was changed.
        """
        from engine.service_requests import ResumeRequest

        file = (await self.show(run)).spec.file if mode == "fast" and not code else None
        request = ResumeRequest(run, mode, code, withheld or None, await self._kept(file))
        return await self._run("resume", **to_json(request))

    async def code(self, run: str) -> RunCode | None:
        """The code of a run of a file experiment; None for one of the catalog."""
        from engine.experiment_files.code import RunCode  # most runs are not of files

        found = (await self.request("code", run=run))["code"]
        return None if found is None else typed(found, RunCode)

    async def stop(self, run: str) -> RunSummary:
        return await self._run("stop", run=run)

    async def set(self, run: str, name: str, value: object) -> RunSummary:
        from engine.service_requests import SetRequest

        return await self._run("set", **to_json(SetRequest(run, name, value)))

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
        """Change the name of a run, its tags, its note; None leaves it as it is.

        An empty name is the one with which it was submitted. `before`: the note that was edited. Raises
        DltuiError, also where that is another one now.
        """
        from engine.service_requests import AnnotateRequest

        request = AnnotateRequest(run, name, note, before, tuple(add), tuple(remove))
        return await self._run("annotate", **to_json(request))

    async def remove(self, *runs: str, now: bool = False) -> Removal:
        """Remove runs as one removal, which `undo` restores; with `now` their files are deleted."""
        from engine.service_requests import RemoveRequest

        return read_removal(await self.request("remove", **to_json(RemoveRequest(runs, now))))

    async def undo(self, run: str = "") -> Removal:
        """Restore the last removal, or the removed run or sweep of that id or name."""
        return read_removal(await self.request("undo", run=run))

    async def delete_removed(self, run: str = "") -> list[Removal]:
        """Delete the files of all removals, or of the removed run or sweep of that id or name."""
        return read_answer((await self.request("delete_removed", run=run))["removals"], list[Removal])

    async def removals(self) -> list[Removal]:
        """Removals that can be restored, the last one first."""
        return read_answer((await self.request("removals"))["removals"], list[Removal])

    async def applicable(
        self, verb: str, runs: Sequence[str] = (), where: str = ""
    ) -> tuple[list[RunSummary], list[SkippedRun]]:
        """(runs to which `verb` applies, the others), of `runs` and the runs that pass the filter `where`.

        `verb` is pause, resume, stop, set or remove.
        """
        from engine.service_requests import ApplicableRequest

        answer = await self.request("applicable", **to_json(ApplicableRequest(verb, list(runs), where)))
        applies = decode(lambda: [summary_from_json(run) for run in answer["runs"]])
        return applies, read_answer(answer["left_out"], list[SkippedRun])

    async def runs(self, query: Query = Query()) -> Page:  # noqa: B008  frozen
        answer = await self.request("runs", **to_json(query))
        return decode(lambda: read_page(answer))

    async def log(self, run: str, offset: int = -65_536, limit: int = 65_536) -> LogPart:
        """A part of the worker's log, in bytes; a negative offset counts from the end."""
        return read_answer(body_of(await self.request("log", run=run, offset=offset, limit=limit)), LogPart)

    async def resources(self) -> Resources:
        return read_answer((await self.request("resources"))["resources"], Resources)

    async def data_now(self, run: str) -> str:
        """One line where the data of a run are missing or have changed; else empty."""
        return str((await self.request("data_now", run=run))["words"])

    async def doctor(self) -> list[Finding]:
        """The checks of the service, with the folder of data sets of this process; the terminal is checked by
        the app."""
        return read_answer((await self.request("doctor", data=data_folder()))["findings"], list[Finding])

    async def notifications(self) -> NotificationSettings:
        return read_notification_settings(await self.request("notifications"))

    async def set_notifications(self, values: Mapping[str, object]) -> NotificationSettings:
        """Set all of them; values as text or as JSON. Raises DltuiError for invalid ones."""
        return read_notification_settings(await self.request("set_notifications", values=dict(values)))

    async def test_notifications(self) -> list[str]:
        """Send a test; what failed, a line each."""
        return read_answer((await self.request("test_notifications"))["problems"], list[str])

    async def verify(self, run: str = "") -> list[Json]:
        """Hash all checkpoints again: a list of {run, step, path, ok, text}."""
        return list((await self.request("verify", run=run))["checked"])

    async def reindex(self) -> int:
        """Rebuild the index; returns the number of runs found on disk."""
        return int((await self.request("reindex"))["runs"])

    async def engine(self) -> Json:
        """pid, version, root, uptime, runs by status, slots."""
        return await self.request("engine")

    async def ping(self) -> None:
        """Returns once the service answers, also with an error."""
        try:
            await self.request("ping")
        except EngineError:
            raise
        except DltuiError:
            return  # an older service does not have the method, and answers that

    async def shutdown(self) -> None:
        """End the service; runs continue under their keepers."""
        with contextlib.suppress(EngineError):
            await self.request("shutdown")

    # --- sweeps: each is given as its id, the start of it, its last four digits, its name, or @last --------

    async def sweep_submit(
        self,
        experiment: str,
        axes: Sequence[str],
        params: Mapping[str, object] | None = None,
        *,
        sampler: str = "grid",
        seed: int = 1,
        seeds: int | Sequence[int] = 1,
        trials: int | None = None,
        parallel: int | None = None,
        gpu_share: float = 1.0,
        prune: Prune | None = None,
        metric: str = "",
        goal: str = "",
        name: str = "",
        device: str = "auto",
        executor: str = "local",
        data: str | None = None,
        file: FileExperiment | None = None,
        submitted: SubmittedCommand | None = None,
        begin: str = "",
        system_seconds: float | None = None,
    ) -> SweepSummary:
        """Submit a sweep.

        `axes` are texts such as `lr=0.001..0.1 log` or `hidden=1..4`; `seeds` is a count or a list. Empty
        `metric` and `goal` are those of the experiment; `data`, `file`, `begin` and `system_seconds` are as
        in `Client.submit`, `submitted` is the command of `dltui sweep exec`.
        """
        from engine.sweep_protocol import Prune, SweepSubmitRequest

        request = SweepSubmitRequest(
            experiment=experiment, axes=list(axes), params=dict(params or {}), sampler=sampler, seed=seed,
            seeds=seeds if isinstance(seeds, int) else list(seeds), trials=trials, parallel=parallel,
            gpu_share=gpu_share, prune=prune or Prune(), metric=metric, goal=goal, name=name, device=device,
            executor=executor, data=data_folder() if data is None else data, begin=begin,
            file=await self._kept(file, params or {}, axes), token=uuid.uuid4().hex,
            gpus=os.environ.get(GPUS) if submitted is None else None, system_seconds=system_seconds,
        )  # fmt: skip
        if submitted is not None:
            request = replace(
                request, command=submitted.command, withheld=submitted.withheld, like=submitted.like
            )
        return read_sweep(await self.request("sweep_submit", **to_json(request)))

    async def sweeps(self) -> tuple[SweepSummary, ...]:
        """All sweeps, the newest first."""
        return tuple(read_sweep({"sweep": sweep}) for sweep in (await self.request("sweeps"))["sweeps"])

    async def sweep_show(self, sweep: str) -> SweepSummary:
        return read_sweep(await self.request("sweep_show", sweep=sweep))

    async def sweep_edit(self, sweep: str, verb: str, **facts: object) -> SweepSummary:
        """Change a sweep while it runs, or after.

        pause, resume, stop (the sweep and its active trials); `stop_trial` trial=; `pin` trial=, on=True
        (never pruned); `add` params={...}; `widen` axis="lr=0.5,1"; `parallel` count=; `trials` count=;
        `extend` trial=, epochs= (a finished trial trains longer; a pruned one without epochs trains to its
        end).
        """
        from engine.service_requests import SweepEditRequest

        return read_sweep(await self.request("sweep_edit", **to_json(SweepEditRequest(sweep, verb, facts))))

    async def sweep_remove(self, sweep: str, *, runs: bool = False, now: bool = False) -> Removal:
        """Remove a sweep that is not active; with `runs` also the runs of its trials, as one removal.

        With `now` the files are deleted.
        """
        from engine.service_requests import SweepRemoveRequest

        return read_removal(
            await self.request("sweep_remove", **to_json(SweepRemoveRequest(sweep, runs, now)))
        )

    async def sweep_trials(self, sweep: str, query: TrialQuery | None = None) -> TrialPage:
        """A page of at most 1,000 rows or groups."""
        from engine.sweep_protocol import TrialPage, TrialQuery

        answer = await self.request("sweep_trials", sweep=sweep, **to_json(query or TrialQuery()))
        return read_answer(body_of(answer), TrialPage)

    async def sweep_analysis(self, sweep: str, kind: str, where: str = "", **facts: object) -> Json:
        """The data of a chart of the sweep, of the trials that pass the filter `where`.

        importance: {"importance": [[param, share]...], "why": "" or why there is none}, largest first.
        parallel: {"columns": [{"name","log","low","high","choices"}...], "rows": [{"trial","status","value",
          "cells":[...]}...]}, the best last; low and high are of the cells, None where choices are listed.
        slice: {"params": [{"name","log","choices","points": [[x, value, trial]...]}...]}.
        best: {"points": [[trial, value, best so far]...]} in the order in which trials ended.
        heat: x=, y= (names of axes): {"x","y","xs": [...], "ys": [...], "cells": [[mean or None]...] by y
          then x, "counts": the same shape}; many numbers on one axis are put into 12 bins, shown by
          their middle.
        """
        answer = await self.request("sweep_analysis", sweep=sweep, kind=kind, where=where, facts=facts)
        return body_of(answer)

    async def runs_analysis(
        self, kind: str, where: str = "", runs: Iterable[str] = (), metric: str = "", **facts: object
    ) -> Json:
        """As `sweep_analysis`, of the runs with these ids, else of the newest 5,000 that pass the filter.

        A trial is a run, numbered from 1 on in the order of `runs`, its value the best one, or the last one
        where the best is of another metric. Also "metric" and its "goal", "axes": the parameters that all
        have and in which they differ, their experiment one of them, and the seed; "partial": those axes that
        only some have (`parallel` alone, with None in "cells"); "not_shared": others that some do not have;
        "beyond": how many more there are; "runs": the ids.
        """
        answer = await self.request(
            "runs_analysis", kind=kind, where=where, runs=list(runs), metric=metric, facts=facts
        )
        return body_of(answer)

    # --- streams -------------------------------------------------------------------------------------------

    async def events(self, run: str, after: int = 0) -> AsyncIterator[EventBatch]:
        """All events from number `after` + 1 on, then new ones as they are written, until the run ends."""
        async with contextlib.aclosing(self._channel.stream("events", run=run, after=after)) as stream:
            last = after
            async for frame in stream:
                found, left_out = parse_events(frame.get("events", ()), last)
                last = found[-1].seq if found else last
                yield EventBatch(
                    tuple(found), bool(frame.get("caught_up")), bool(frame.get("end")),
                    left_out + int(frame.get("left_out", 0)),
                )  # fmt: skip

    async def watch(self) -> AsyncIterator[RunsChange]:
        """Changes of the run table, of sweeps and of the machine, at most twice a second."""
        async with contextlib.aclosing(self._channel.stream("watch")) as stream:
            async for frame in stream:
                yield decode(partial(read_change, frame))

    async def import_logs(
        self, paths: Sequence[str], *, copy: bool = False, idle: float = 0
    ) -> AsyncIterator[Json]:
        """Import the logs in these absolute paths; goes on in the service when this ends.

        Each part has runs, runs_read, bytes, bytes_read and points so far; the last one also found and known
        (ids of runs, and those of them that had been imported before), problems and "end". With `idle` they
        are followed until nothing new comes for as many seconds.
        """
        stream = self._channel.stream("import", paths=list(paths), copy=copy, idle=idle)
        async with contextlib.aclosing(stream) as parts:
            async for part in parts:
                yield part

    # --- the connection ------------------------------------------------------------------------------------

    async def request(self, method: str, **facts: object) -> Json:
        """Send a request and return the response. Raises DltuiError."""
        return await self._channel.request(method, **facts)

    async def aclose(self) -> None:
        await self._channel.aclose()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _run(self, method: str, **facts: object) -> RunSummary:
        answer = await self.request(method, **facts)
        return decode(lambda: summary_from_json(answer["run"]))


def parse_events(items: Sequence[Json], last: int) -> tuple[list[Event], int]:
    """(events in order with numbers above `last`, number of items left out).

    An event whose number is larger than that of the next one is left out, not those that follow it.
    """
    from engine import events  # imported here, since the first screen does not need it

    found: list[Event] = []
    for data in items:
        try:
            event = events.from_json(data)
        except (ValueError, TypeError):  # damaged
            continue
        if found and event.seq <= found[-1].seq:
            before = found[-2].seq if len(found) > 1 else last
            if event.seq > before:
                found[-1] = event
        elif event.seq > last:
            found.append(event)
    return found, len(items) - len(found)


def _engine_stopped() -> EngineError:
    return EngineError(
        "The engine has stopped; runs continue without it.", "Start it again: dltui engine start"
    )

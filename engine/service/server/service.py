"""The service: its parts, start, background tasks and stop."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import time
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

from engine.errors import CorruptRun, EngineError
from engine.machine_protocol import Finding, Resources, Severity
from engine.places import Places
from engine.protocol import Json, Status
from engine.service.index.index import Index
from engine.service.index.index_thread import IndexThread
from engine.service.notifications.notifier import Notifier
from engine.service.placement import executors
from engine.service.placement.executors import Executor, LocalExecutor
from engine.service.placement.gpus import GpuDriver, GpuPlacement
from engine.service.placement.machine_load import ResourceMeter, cores
from engine.service.placement.machine_monitor import IDLE_SECONDS, POLL_SECONDS, MachineMonitor
from engine.service.runs import reconcile_index
from engine.service.runs.removals import Removals
from engine.service.runs.run_cycle import RunCycle
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.runs import Runs
from engine.service.server.changes import ChangeFeed
from engine.service.server.client_connection import ClientConnection, peer_uid
from engine.service.server.listener import Listener, identity_of
from engine.service.server.request_handlers import Requests
from engine.service.sweeps.sweep_cycle import SweepCycle
from engine.service.sweeps.sweeps import Sweeps
from engine.version import VERSION

if TYPE_CHECKING:
    from engine.service.imports.imports import Imports

CLIENTS = 32
GPU_SECONDS = 2.0
HOME_SECONDS = 1.0
LIST_SECONDS = 2.0
"""between two tries to list the folder of all runs"""
FOLLOW_SECONDS = 1.0
"""from the first answers on, until logs are followed: it imports much"""
NOTICE_SECONDS = 600.0
"""that pages have a notice of an index that was rebuilt"""
NAMED_LIMIT = 5
"""damaged runs that the doctor lists"""
RECONCILE_SECONDS = 0.5
"""that the first clients wait for run folders that are not in the index"""


class Service:
    """Only the holder of the engine lock may create one."""

    def __init__(
        self,
        places: Places,
        *,
        local: LocalExecutor | None = None,
        driver: GpuDriver | None = None,
        elsewhere: Mapping[str, Executor] | None = None,
    ) -> None:
        self.places = places
        self.change_feed = ChangeFeed()
        self.index_thread = IndexThread(places.index)
        self.index_thread.refill = self._refill
        self.registry = RunRegistry(places, self.index_thread, self.change_feed)
        order = tuple(filter(None, os.environ.get("DLTUI_GPUS", "").split(",")))
        self.notifier = Notifier(places, self.change_feed)
        self.machine = MachineMonitor(ResourceMeter(places.root, cores()), driver, GpuPlacement(order))
        here = local or LocalExecutor(places.log)
        if elsewhere is None:
            elsewhere = {"ray": executors.RayExecutor(places, here)} if executors.is_ray_installed() else {}
        self.cycle = RunCycle(self.registry, here, self.machine, remote_executors=elsewhere)
        self.runs = Runs(self.registry, self.cycle.wake, self.executors, self.cycle.withheld)
        sweep_cycle = SweepCycle(self.registry, self.runs, self.machine, self.executors)
        self.sweeps = Sweeps(places, sweep_cycle, self.change_feed)
        self.cycle.on_settled = self.sweeps.wake
        self.runs.on_added_or_removed = self._on_added_or_removed
        self.runs.on_annotated = self._on_annotated
        self.removals = Removals(places, self.runs, self.sweeps)
        self.removals.drop_cache = lambda: self.imports.drop_cache()
        self._handlers = Requests(self).handlers()
        self._listener = Listener(places.socket, self._accept)
        self._clients: set[ClientConnection] = set()
        self._stopping = asyncio.Event()
        self._ready = asyncio.Event()
        self._reindexing = asyncio.Lock()
        self._rebinding: asyncio.Task[bool] | None = None
        self._is_complete = False
        """whether all run folders are in the index"""
        self._list_error = ""
        """why the folder of all runs cannot be listed, or empty"""
        self._began = time.monotonic()

    async def run(self) -> None:
        """Serve until `stop`; runs continue without the service. Raises EngineError."""
        self.removals.prepare()
        await self._listener.open()
        logging.info("listening on %s", self.places.socket)
        tasks = [asyncio.create_task(work) for work in self._tasks()]
        try:
            await self._wait_for_first(tasks)
        finally:
            await self._close(tasks)

    def stop(self) -> None:
        self._stopping.set()

    def rebind_socket(self) -> None:
        """Bind the socket again where it was removed."""
        self._rebinding = asyncio.get_running_loop().create_task(self._listener.rebind())

    async def reindex(self) -> int:
        """Rebuild the index from the run folders; returns the number of runs."""
        async with self._reindexing:
            self._is_complete = False
            await self.index_thread.recreate()
            await self._refill()
            return self.index_thread.total

    async def _refill(self) -> None:
        """Read all run folders into an empty index."""
        self._is_complete = False
        for run in self.registry.unsettled():
            await self.index_thread.write(run.summary(), run.tail())
        await reconcile_index.index_runs(self.registry, await reconcile_index.sync(self.registry))
        self._is_complete = True

    def measure(self) -> Resources:
        """The current resources of the machine."""
        self.machine.measure(self.registry, self.change_feed)
        assert self.change_feed.resources is not None
        return self.change_feed.resources

    async def facts(self) -> Json:
        return {
            **self._hello(),
            "root": str(self.places.root),
            "socket": str(self.places.socket),
            "uptime": round(time.monotonic() - self._began, 3),
            "runs": await self.registry.counts(),
            "slots": self.machine.cores,
            "slots_used": self.machine.slots_used,
            "clients": len(self._clients),
        }

    @property
    def executors(self) -> tuple[str, ...]:
        return ("local", *self.cycle.remote_executors)

    @functools.cached_property
    def imports(self) -> Imports:
        """Made with the first use, which is after the first answers to clients."""
        from engine.service.imports.imports import Imports

        return Imports(self.places, self.registry, self.runs.counter)

    def _on_added_or_removed(self, run_id: str) -> None:
        self.sweeps.publish_run_change(run_id)
        if "imports" in self.__dict__:
            self.imports.forget(run_id)

    def _on_annotated(self, run_id: str) -> None:
        if "imports" in self.__dict__:
            self.imports.read_annotations(run_id)

    def _hello(self) -> Json:
        return {"pid": os.getpid(), "version": VERSION}

    def _tasks(self) -> list[Coroutine[Any, Any, None]]:
        listen = self._listener.watch()
        return [self._run_cycles(), self._read_gpus(), self._measure(), listen, self._watch_home()]

    async def _wait_for_first(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for `stop`, or raise the error of a background task."""
        stopping = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        for task in done - {stopping}:
            task.result()

    async def _watch_home(self) -> None:
        """Stop where the home was removed or replaced: another service may serve the new one."""
        home = identity_of(self.places.root)
        while identity_of(self.places.root) == home:
            await asyncio.sleep(HOME_SECONDS)
        logging.error("%s is gone: the service leaves", self.places.root)
        self.stop()
        await self._stopping.wait()

    def check_runs_can_be_listed(self) -> None:
        """Raises EngineError where the folder of runs cannot be listed, in place of an empty list."""
        if self._list_error:
            raise EngineError(self._list_error, "Repair it: the engine checks again every few seconds.")

    async def notice(self) -> str:
        """Warnings for pages of the run table, one per line."""
        damaged = (await self.index_thread.call(Index.counts)).get(Status.DAMAGED, 0)
        lines = (
            f"{_damaged_runs(damaged)}: dltui ls status=damaged" if damaged else "",
            "" if self._is_complete else "Not all run folders are read yet: more runs follow.",
            self._rebuild_notice(),
        )
        return "\n".join(filter(None, lines))

    def _rebuild_notice(self) -> str:
        """A notice for NOTICE_SECONDS after the index was rebuilt, else empty."""
        if time.monotonic() - self.index_thread.damaged_at > NOTICE_SECONDS:
            return ""
        return (
            f"The index was damaged ({self.index_thread.damage[:100]}) and was rebuilt from the run folders."
        )

    async def findings(self) -> list[Finding]:
        """Findings for the doctor about the index and damaged runs."""
        damaged = (await self.index_thread.call(Index.counts)).get(Status.DAMAGED, 0)
        rebuilt = self._rebuild_notice()
        found = [Finding("index", Severity.WARNING, rebuilt, "No action needed.")] if rebuilt else []
        found += self.notifier.findings()
        if not damaged:
            return found
        shown = ", ".join(await self.index_thread.call(Index.damaged_ids, NAMED_LIMIT))
        more = " and more" if damaged > NAMED_LIMIT else ""
        text = f"{_damaged_runs(damaged)}: {shown}{more}."
        return [
            Finding("runs", Severity.WARNING, text, "dltui ls status=damaged says why; dltui rm RUN"),
            *found,
        ]

    async def _reconcile(self) -> list[str]:
        """Ids of runs that are not in the index; retries while the folder of runs cannot be listed."""
        while True:
            try:
                found = await reconcile_index.sync(self.registry)
            except CorruptRun as error:
                if not self._list_error:
                    logging.error("%s", error.message)
                self._list_error = error.message
                self._ready.set()
                await asyncio.sleep(LIST_SECONDS)
            else:
                self._list_error = ""
                return found

    async def _run_cycles(self) -> None:
        """Reconcile runs, then run the cycles for ever; many new run folders are read at the same time."""
        unknown = await self._reconcile()
        entering = asyncio.create_task(reconcile_index.index_runs(self.registry, unknown))
        await asyncio.wait({entering}, timeout=RECONCILE_SECONDS)
        await self.cycle.catch_up(RECONCILE_SECONDS)
        self._ready.set()
        await asyncio.gather(
            self._finish_reading(entering),
            self.cycle.run(),
            self.sweeps.run(),
            self.removals.run(),
            self._follow_logs(),
            self.notifier.run(),
        )

    async def _follow_logs(self) -> None:
        await asyncio.sleep(FOLLOW_SECONDS)
        await self.imports.run()

    async def _finish_reading(self, entering: asyncio.Task[None]) -> None:
        await entering
        self._is_complete = True
        await reconcile_index.reload_truncated(self.registry)

    async def _read_gpus(self) -> None:
        while True:
            await self.machine.read_gpus()
            self.cycle.wake()
            await asyncio.sleep(GPU_SECONDS)

    async def _measure(self) -> None:
        await self._ready.wait()
        while True:
            try:
                self.measure()
            except (OSError, ValueError, KeyError):
                logging.exception("the machine could not be measured")
            is_idle = not self._clients and not self.registry.unsettled()
            await asyncio.sleep(IDLE_SECONDS if is_idle else POLL_SECONDS)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        uid = peer_uid(writer)
        if uid != os.geteuid():
            logging.warning("a client of user %d was turned away", uid)
            writer.transport.abort()
            return
        client = ClientConnection(reader, writer, self._handlers, self._hello())
        if len(self._clients) >= CLIENTS:
            await client.refuse_after_hello(
                EngineError(f"The engine has {CLIENTS} clients already.", "Close one.")
            )
            return
        self._clients.add(client)
        try:
            await self._ready.wait()
            await client.serve()
        finally:
            self._clients.discard(client)

    async def _close(self, tasks: list[asyncio.Task[None]]) -> None:
        self._listener.close()
        await asyncio.sleep(0.05)  # for the response to the request `shutdown`
        for client in list(self._clients):
            client.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.sweeps.close()
        if "imports" in self.__dict__:
            await self.imports.aclose()
        self.removals.close()
        self.index_thread.close(reconcile_index.folder_stamp(self.places) if self._is_complete else "")
        logging.info("left; runs continue under their keepers")


def _damaged_runs(count: int) -> str:
    return f"{count} runs are damaged" if count > 1 else "1 run is damaged"

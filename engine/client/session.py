"""The client of a session: a process that computes predictions and pictures of models and data."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from engine import files
from engine.client.channel import Channel
from engine.engine_path import python_path
from engine.errors import CorruptRun, DltuiError, EngineError
from engine.places import Places, make_private
from engine.session_protocol.request import A, Request, StreamRequest, read_answer
from engine.typed_json import fields_of

COMMAND = (sys.executable, "-P", "-m", "engine.session")
READERS = (sys.executable, "-P", "-m", "engine.readers")
"""the process that reads the logs of other programs, and writes those for TensorBoard"""
FRAME_LIMIT = 64 * 1024 * 1024
"""most bytes of one response"""
LOG_LIMIT = 1024 * 1024
EXIT_SECONDS = 2.0


class Superseded(DltuiError):
    """A newer request with the same `newest` replaced this one."""


class Session:
    """Starts its process with the first request, and again where it has ended."""

    def __init__(self, places: Places, command: tuple[str, ...] = COMMAND) -> None:
        self._places, self._command = places, command
        self._process: Process | None = None
        self._channel: Channel | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def ask(self, request: Request[A], newest: str = "") -> A:
        """Send a request and return its answer.

        Of waiting requests with the same `newest` only the last is answered. Raises errors of the session as
        DltuiError, Superseded, and EngineError where its process has ended.
        """
        channel = await self._connected()
        frame = await channel.request(request.METHOD, facts=fields_of(request), newest=newest)
        if frame.get("superseded"):
            raise Superseded("A newer request replaced this one.")
        return read_answer(request, frame["answer"])

    async def parts(self, request: StreamRequest[A]) -> AsyncGenerator[A, None]:
        """Yield the parts of an answer as they arrive; closing the generator cancels the request."""
        channel = await self._connected()
        stream = channel.stream(request.METHOD, facts=fields_of(request))
        async with contextlib.aclosing(stream) as frames:
            async for frame in frames:
                if "part" in frame:
                    yield read_answer(request, frame["part"])

    async def aclose(self) -> None:
        """End the process; kill it where it does not exit within EXIT_SECONDS."""
        (process, self._process), (channel, self._channel) = (self._process, None), (self._channel, None)
        if process is None or channel is None:
            return
        channel.close()
        try:
            async with asyncio.timeout(EXIT_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await channel.aclose()

    def terminate(self) -> None:
        """End the process without waiting for it; it has no state to save."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()

    async def __aenter__(self) -> Session:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # --- the process ---------------------------------------------------------------------------------------

    async def _connected(self) -> Channel:
        """The channel to the process, which is started where none runs. Raises EngineError."""
        async with self._starting:
            if self._channel is None or self._channel.is_closed:
                self._end_unreadable()
                self._process = await self._start()
                assert self._process.stdin is not None and self._process.stdout is not None
                self._channel = Channel(
                    self._process.stdout,
                    self._process.stdin,
                    "the session",
                    _session_ended(),
                    limit=FRAME_LIMIT,
                )
            return self._channel

    def _end_unreadable(self) -> None:
        """End a process whose answers can no longer be read."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _start(self) -> Process:
        make_private(self._places.root)
        log = _open_log(self._places.root / "session.log")
        try:
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, limit=1 << 20, cwd="/",
                env=_environment(os.environ, self._places), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EngineError(f"The session cannot be started: {error}.") from error
        finally:
            os.close(log)


def _environment(base: Mapping[str, str], places: Places) -> dict[str, str]:
    """With two OpenBLAS threads the prediction of a word takes a third of a millisecond, with one a half.

    Idle threads sleep soon (OPENBLAS_THREAD_TIMEOUT), so that they use no processor time.
    """
    environ: dict[str, Any] = {**base, "DLTUI_HOME": str(places.root), "PYTHONPATH": python_path(base)}
    threads = str(min(2, len(os.sched_getaffinity(0))))
    environ |= {"OPENBLAS_NUM_THREADS": threads, "OPENBLAS_THREAD_TIMEOUT": "4"}
    environ |= {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if places.data is not None:
        environ["DLTUI_DATA"] = str(places.data)
    return environ


def _open_log(path: Path) -> int:
    try:
        return files.open_log(path, LOG_LIMIT)
    except (CorruptRun, OSError) as error:
        raise EngineError(f"The log of the session cannot be used: {error}", f"rm -r {path}") from error


def _session_ended() -> EngineError:
    return EngineError("The session ended before it answered.", "Ask again; session.log may say why.")

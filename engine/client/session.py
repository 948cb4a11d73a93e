"""The client of a session: a process that computes predictions and pictures of models and data."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from engine import files
from engine.engine_path import python_path
from engine.errors import CorruptRun, DltuiError, EngineError, ProtocolError, error_from_json
from engine.places import Places, make_private
from engine.protocol import Json
from engine.unicode_text import replace_surrogates

COMMAND = (sys.executable, "-P", "-m", "engine.session")
LINE_LIMIT = 64 * 1024 * 1024
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
        self._reader_task: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._last_id = 0
        self._responses: dict[int, asyncio.Future[Json]] = {}
        self._streams: dict[int, asyncio.Queue[Json]] = {}

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def request(self, method: str, newest: str = "", **facts: object) -> Json:
        """Send a request and return the response.

        Of waiting requests with the same `newest` only the last is answered. Raises errors of the session as
        DltuiError, Superseded, and EngineError where its process has ended.
        """
        number = self._next_id()
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._responses[number] = answer
        try:
            await self._send({"id": number, "ask": method, "facts": facts, "newest": newest})
            return await answer
        finally:
            del self._responses[number]

    async def stream(self, method: str, **facts: object) -> AsyncGenerator[Json, None]:
        """Yield the parts of a response as they arrive; closing the generator cancels the request."""
        number = self._next_id()
        parts: asyncio.Queue[Json] = asyncio.Queue()
        self._streams[number] = parts
        ended = False
        try:
            await self._send({"id": number, "ask": method, "facts": facts})
            while True:
                frame = await parts.get()
                if "part" not in frame:
                    ended = True
                    if "answer" in frame:
                        yield frame["answer"]
                    elif "end" not in frame:
                        raise _error(frame)
                    return
                yield frame["part"]
        finally:
            del self._streams[number]
            if not ended:
                with contextlib.suppress(DltuiError):
                    await self._send({"cancel": number}, start=False)

    async def aclose(self) -> None:
        """End the process; kill it where it does not exit within EXIT_SECONDS."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(EXIT_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._reader_task is not None:
            await self._reader_task

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

    # --- the wire ------------------------------------------------------------------------------------------

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def _send(self, message: Json, *, start: bool = True) -> None:
        if message != replace_surrogates(message):
            raise ProtocolError("The text holds bytes that are not UTF-8.", "Check the arguments.")
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        process = await self._ensure_process() if start else self._process
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(line)
            await process.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise _session_ended() from error

    async def _ensure_process(self) -> Process:
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                self._process = await self._start()
                self._reader_task = asyncio.create_task(self._read_responses(self._process))
            return self._process

    async def _start(self) -> Process:
        make_private(self._places.root)
        log = _open_log(self._places.root / "session.log")
        try:
            return await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=log, limit=LINE_LIMIT, cwd="/",
                env=_environment(os.environ, self._places), start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise EngineError(f"The session cannot be started: {error}.") from error
        finally:
            os.close(log)

    async def _read_responses(self, process: Process) -> None:
        assert process.stdout is not None
        try:
            while line := await process.stdout.readline():
                self._dispatch(json.loads(line))
        except (ValueError, RecursionError, AttributeError) as error:
            process.kill()
            self._fail_pending(EngineError(f"The answer of the session cannot be read: {error}."))
        finally:
            await process.wait()
            if process is self._process or self._process is None:
                self._fail_pending(_session_ended())

    def _dispatch(self, frame: Json) -> None:
        number = frame.get("id", 0)
        if number in self._streams:
            self._streams[number].put_nowait(frame)
            return
        answer = self._responses.get(number)
        if answer is None or answer.done():
            return
        if "answer" in frame:
            answer.set_result(frame["answer"])
        else:
            answer.set_exception(_error(frame))

    def _fail_pending(self, why: DltuiError) -> None:
        for answer in self._responses.values():
            if not answer.done():
                answer.set_exception(why)
        for parts in self._streams.values():
            parts.put_nowait({"error": {"message": why.message, "remedy": why.remedy}})


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


def _error(frame: Json) -> DltuiError:
    if frame.get("superseded"):
        return Superseded("A newer request replaced this one.")
    return error_from_json(frame["error"])

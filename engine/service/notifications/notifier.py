"""The settings of notifications, what is told of each change, and the queue of deliveries."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from engine import files, params
from engine.engine_path import python_path
from engine.errors import DltuiError, InputError
from engine.machine_protocol import Finding, Severity
from engine.notifications import (
    OFF,
    Notification,
    NotificationSettings,
    TerminalNotification,
    words_of,
)
from engine.places import Places
from engine.protocol import RunSummary
from engine.service.notifications import run_events
from engine.service.server.changes import ChangeFeed
from engine.sweep_protocol import SweepSummary
from engine.typed_json import typed

DELIVERY = (sys.executable, "-P", "-m", "engine.service.notifications.deliver")
DELIVERY_SECONDS = 90.0
SINGLE_LIMIT = 3
"""notifications that wait and are delivered one by one; more are told as one"""
LISTED = 10
"""titles that the text of several names"""


class Notifier:
    """Without a settings file nothing is told."""

    def __init__(self, places: Places, change_feed: ChangeFeed) -> None:
        self._path = places.notifications
        self._feed = change_feed
        self._waiting: list[Notification] = []
        self._has_waiting = asyncio.Event()
        self._told: set[str] = set()
        """runs whose condition was told"""
        self._problem = ""
        """of the last delivery, or of the settings file"""
        self._settings: NotificationSettings | None = None
        self._condition: run_events.Condition | None = None
        change_feed.on_run_changed = self.run_changed
        change_feed.on_sweep_changed = self.sweep_changed
        try:
            self._load()
        except DltuiError as error:  # nothing is told then, and the doctor says so
            logging.warning("%s", error.message)

    def settings(self) -> NotificationSettings:
        """Read again: the user may have edited the file. Raises CorruptRun, ParamError and InputError."""
        self._load()
        return self._settings or NotificationSettings()

    def set(self, values: Mapping[str, object]) -> NotificationSettings:
        """Check and write all settings. Raises InputError, ParamError, or EngineError for a full disk."""
        new: NotificationSettings = params.build(NotificationSettings, values)
        _check(new)
        try:
            files.write_json(self._path, asdict(new))
        except OSError as error:
            raise DltuiError(f"{self._path} cannot be written: {error.strerror or error}.") from error
        self._load()
        self._told.clear()
        return new

    async def test(self) -> list[str]:
        """Deliver a test; returns what failed, a line each. Raises as `settings` does."""
        settings = self.settings()
        sent = Notification("test", "dltui", "This is a test of the notifications.", "", time.time())
        self._publish(sent, settings)
        return await self._deliver(sent, settings)

    def findings(self) -> list[Finding]:
        """For the doctor: why the last notification could not be delivered."""
        if not self._problem:
            return []
        return [Finding("notify", Severity.WARNING, self._problem, "Try it: dltui notify --test")]

    def run_changed(self, before: RunSummary | None, after: RunSummary) -> None:
        if self._settings is not None:
            found = run_events.notifications_of_run(self._settings, self._condition, before, after)
            self._enqueue(one for one in found if not self._was_told(one))

    def sweep_changed(self, before: SweepSummary | None, after: SweepSummary) -> None:
        if self._settings is not None:
            self._enqueue(run_events.notifications_of_sweep(self._settings, before, after))

    async def run(self) -> None:
        """Deliver what waits, until cancelled."""
        while True:
            await self._has_waiting.wait()
            self._has_waiting.clear()
            waiting, self._waiting = self._waiting, []
            for one in waiting if len(waiting) <= SINGLE_LIMIT else [_joined(waiting)]:
                await self._deliver_or_log(one)

    def _was_told(self, one: Notification) -> bool:
        """A value that crosses the bound of a condition again and again is told once."""
        if one.kind != "condition":
            return False
        was_told = one.run in self._told
        self._told.add(one.run)
        return was_told

    def _load(self) -> None:
        self._settings = None
        try:
            data = files.read_json(self._path)
            if data is None:
                return
            found = params.build(NotificationSettings, params.known_values(NotificationSettings, data))
            self._condition = run_events.parse_condition(found.condition)
        except DltuiError as error:
            self._problem = error.message
            raise
        self._settings, self._problem = found, ""

    def _enqueue(self, found: Iterable[Notification]) -> None:
        for one in found:
            assert self._settings is not None
            self._publish(one, self._settings)
            if self._settings.command or self._settings.url:
                self._waiting.append(one)
                self._has_waiting.set()

    def _publish(self, one: Notification, settings: NotificationSettings) -> None:
        if settings.terminal != OFF or settings.bell:
            told = TerminalNotification(one.title, one.text, settings.terminal, settings.bell)
            self._feed.publish_notification(told)

    async def _deliver_or_log(self, one: Notification) -> None:
        settings = self._settings
        if settings is not None:
            problems = await self._deliver(one, settings)
            for problem in problems:
                logging.warning("a notification was not delivered: %s", problem)
            self._problem = problems[-1] if problems else ""

    async def _deliver(self, one: Notification, settings: NotificationSettings) -> list[str]:
        """What failed, a line each."""
        request = {
            "command": words_of(settings.command), "url": settings.url, "notification": asdict(one),
        }  # fmt: skip
        if not request["command"] and not settings.url:
            return []
        pipe = asyncio.subprocess.PIPE
        environ = {**os.environ, "PYTHONPATH": python_path(os.environ)}
        try:
            process = await asyncio.create_subprocess_exec(
                *DELIVERY, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, cwd="/", env=environ,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            return [f"The process that delivers notifications cannot be started: {error.strerror or error}."]
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                out, _ = await process.communicate(json.dumps(request).encode())
            return typed(json.loads(out), list[str])
        except (TimeoutError, ValueError):
            return [f"The process that delivers notifications ended without an answer ({one.kind})."]
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _check(settings: NotificationSettings) -> None:
    """Raises InputError."""
    run_events.parse_condition(settings.condition)
    try:
        words_of(settings.command)
    except ValueError as error:
        raise InputError(f"command: {error}.") from error
    if not settings.url:
        return
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(settings.url)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not settings.url.isprintable() or " " in settings.url:
        raise InputError("url: expected an address such as https://example.org/hook.")


def _joined(waiting: list[Notification]) -> Notification:
    titles = "; ".join(one.title for one in waiting[:LISTED])
    more = f"; and {len(waiting) - LISTED} more" if len(waiting) > LISTED else ""
    return Notification("several", f"{len(waiting)} notifications", titles + more, "", waiting[-1].at)

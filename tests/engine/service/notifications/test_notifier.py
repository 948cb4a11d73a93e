"""The settings of notifications, and what is delivered when runs change."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DltuiError
from engine.notifications import NotificationSettings, TerminalNotification, without_secrets
from engine.places import Places
from engine.service.notifications import notifier as module
from engine.service.notifications.notifier import Notifier
from engine.service.server.changes import ChangeFeed
from tests.engine.service.rows import a_summary

APPENDS = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def appending(file: Path) -> str:
    """A command that appends each notification to the file."""
    return f'{sys.executable} -c "{APPENDS}" {file}'


@asynccontextmanager
async def running(notifier: Notifier) -> AsyncIterator[None]:
    task = asyncio.create_task(notifier.run())
    try:
        yield
    finally:
        task.cancel()


async def received(file: Path, count: int) -> list[dict[str, Any]]:
    while not file.exists() or file.read_text().count("\n") < count:
        await asyncio.sleep(0.01)
    return [json.loads(line) for line in file.read_text().splitlines()]


def change(feed: ChangeFeed, name: str, status: str, **facts: Any) -> None:
    feed.publish(a_summary(name, status=status, **facts))


async def test_a_run_that_fails_is_delivered_to_the_command(places: Places, tmp_path: Path) -> None:
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    notifier.set({"command": appending(tmp_path / "told")})
    async with running(notifier):
        change(feed, "a", "running")
        change(feed, "a", "failed")
        [one] = await received(tmp_path / "told", 1)
    assert (one["kind"], one["title"]) == ("failure", "run-a failed")


async def test_many_at_once_are_delivered_as_one(places: Places, tmp_path: Path) -> None:
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    notifier.set({"command": appending(tmp_path / "told")})
    for name in "abcdefghijkl":
        change(feed, name, "running")
        change(feed, name, "done")
    async with running(notifier):
        [one] = await received(tmp_path / "told", 1)
    assert one["title"] == "12 notifications"
    assert one["text"].startswith("run-a is done; run-b is done; ")
    assert one["text"].endswith("; and 2 more")


async def test_a_value_that_crosses_the_bound_of_a_condition_twice_is_told_once(
    places: Places,
) -> None:
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    notifier.set({"condition": "loss<0.5", "bell": True})
    for loss in (1.0, 0.4, 0.6, 0.4):
        change(feed, "a", "running", metrics={"loss": loss})
    assert [one.title for one in feed.since(0).notifications] == ["run-a: loss<0.5"]


def test_the_terminal_is_told_only_where_the_user_wants_it(places: Places) -> None:
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    for settings in ({"terminal": "osc9", "bell": True}, {"url": "http://127.0.0.1:1/"}):
        notifier.set(settings)
        change(feed, "a", "running")
        change(feed, "a", "done")
    assert feed.since(0).notifications == (TerminalNotification("run-a is done", "step 10", "osc9", True),)


def test_without_settings_nothing_is_told(places: Places) -> None:
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    change(feed, "a", "running")
    change(feed, "a", "failed")
    assert feed.since(0).notifications == ()
    assert notifier.settings() == NotificationSettings()


def test_the_file_is_private_and_read_again(places: Places) -> None:
    notifier = Notifier(places, ChangeFeed())
    notifier.set({"url": "https://example.org/secret", "end": "no"})
    assert os.stat(places.notifications).st_mode & 0o777 == 0o600
    places.notifications.write_text('{"stall": false, "of a newer dltui": 1}')
    assert notifier.settings() == NotificationSettings(stall=False)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"terminal": "loud"}, "terminal"), ({"volume": 3}, "volume"), ({"end": "maybe"}, "end"),
        ({"url": "example.org"}, "url"), ({"url": "file:///etc/passwd"}, "url"), 
        ({"url": "http://[::"}, "url"),
        ({"url": "http://a b/"}, "url"), ({"command": "say 'it"}, "command"),
        ({"condition": "val_loss"}, "condition"), ({"condition": "val_loss<"}, "Filter"),
    ],
)  # fmt: skip
def test_settings_that_cannot_work_are_refused_and_nothing_is_written(
    places: Places, values: dict[str, object], named: str
) -> None:
    with pytest.raises(DltuiError, match=named):
        Notifier(places, ChangeFeed()).set(values)
    assert not places.notifications.exists()


def test_a_damaged_file_tells_nothing_and_the_doctor_names_it(places: Places) -> None:
    places.notifications.write_text("{")
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    change(feed, "a", "running")
    change(feed, "a", "failed")
    assert feed.since(0).notifications == ()
    [finding] = notifier.findings()
    assert str(places.notifications) in finding.text
    with pytest.raises(DltuiError):
        notifier.settings()


async def test_what_was_not_delivered_is_said_by_a_test_and_by_the_doctor(places: Places) -> None:
    feed = ChangeFeed()
    notifier = Notifier(places, feed)
    notifier.set({"url": "http://127.0.0.1:1/secret"})
    problem = "http://127.0.0.1 cannot be reached: Connection refused."
    assert await notifier.test() == [problem]
    async with running(notifier):
        change(feed, "a", "running")
        change(feed, "a", "done")
        while not notifier.findings():
            await asyncio.sleep(0.01)
    assert notifier.findings()[0].text == problem


async def test_a_delivery_that_never_ends_is_ended(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DELIVERY", ("sleep", "600"))
    monkeypatch.setattr(module, "DELIVERY_SECONDS", 0.05)
    notifier = Notifier(places, ChangeFeed())
    notifier.set({"command": "true"})
    assert "without an answer" in (await notifier.test())[0]


def test_printed_settings_hold_no_secret() -> None:
    shown = without_secrets(
        NotificationSettings(
            url="https://me:key@hooks.example.org/T0/B1", command="curl -H 'Token: key' there"
        )
    )
    assert (shown.url, shown.command) == ("https://hooks.example.org/…", "curl …")
    assert without_secrets(NotificationSettings()) == NotificationSettings()

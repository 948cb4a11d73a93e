"""The change feed has the latest state of each row once, from any version on."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from engine.machine_protocol import Resources
from engine.service.server import changes as boards
from engine.service.server.changes import ChangeFeed
from tests.engine.service.rows import a_summary
from tests.timeouts import LONG

MACHINE = Resources(2, 0.5, 1, 2, 3, 0, 2)


def test_a_row_that_changed_several_times_is_sent_once_in_its_latest_state() -> None:
    change_feed, run = ChangeFeed(), a_summary("a")
    for step in range(10):
        change_feed.publish(dataclasses.replace(run, step=step))
    change_feed.publish(a_summary("b"))
    news = change_feed.since(0)
    assert [(row.spec.name, row.step) for row in news.changed] == [("run-a", 9), ("run-b", 10)]
    assert change_feed.since(news.version).changed == ()


def test_a_removal_replaces_all_changes() -> None:
    change_feed, run = ChangeFeed(), a_summary("a")
    change_feed.publish(run)
    change_feed.publish_removal(run.id)
    news = change_feed.since(0)
    assert news.changed == () and news.removed == (run.id,)


def test_resources_are_sent_when_they_changed() -> None:
    change_feed = ChangeFeed()
    change_feed.publish_resources(MACHINE)
    first = change_feed.since(0)
    assert first.resources == MACHINE
    change_feed.publish_resources(dataclasses.replace(MACHINE))
    assert change_feed.since(first.version).resources is None
    change_feed.publish_resources(dataclasses.replace(MACHINE, cpu_busy=0.6))
    assert change_feed.since(first.version).resources is not None


def test_kept_changes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "ROW_LIMIT", 3)
    change_feed = ChangeFeed()
    for name in "abcde":
        change_feed.publish(a_summary(name))
    assert [run.spec.name for run in change_feed.since(0).changed] == ["run-c", "run-d", "run-e"]


async def test_wait_returns_at_the_next_change_and_not_before() -> None:
    change_feed = ChangeFeed()
    waiting = asyncio.create_task(change_feed.wait(change_feed.version))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    change_feed.publish(a_summary("a"))
    await asyncio.wait_for(waiting, LONG)
    await asyncio.wait_for(change_feed.wait(0), LONG)

"""The history of a run, folded from its events."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import cast

import numpy as np
import pytest

from engine.client.client import Client, EventBatch
from engine.events import Event
from tests.fakes.engine import metrics
from tui.data.run_history import RunHistory


def told(*events: Event, ended: bool = False) -> RunHistory:
    history = RunHistory("run")
    history.fold(EventBatch(events, caught_up=True, ended=ended))
    return history


def test_points_become_curves_by_metric() -> None:
    history = told(metrics(1, [1, 2], loss=[0.5, 0.25], accuracy=[0.1, 0.2]), metrics(2, [3], loss=[0.125]))
    assert history.metrics == ["loss", "accuracy"]
    assert history.series["loss"].values.tolist() == [0.5, 0.25, 0.125]
    assert history.series["loss"].steps.tolist() == [1, 2, 3]


def test_nan_and_infinities_are_kept() -> None:
    values = told(metrics(1, [1, 2, 3, 4], loss=[1.0, "nan", "inf", "-inf"])).series["loss"].values
    assert values[0] == 1 and math.isnan(values[1]) and values[2] == math.inf and values[3] == -math.inf


def test_a_block_is_spread_over_the_time_since_the_last_event() -> None:
    history = told(Event(1, 100.0, "started", {}), metrics(2, [1, 2, 3, 4], at=108.0, loss=[1, 1, 1, 1]))
    np.testing.assert_allclose(history.series["loss"].seconds, [2, 4, 6, 8])


def test_events_are_applied_once() -> None:
    history = told(metrics(1, [1], loss=[1.0]))
    history.fold(EventBatch((metrics(1, [1], loss=[1.0]), metrics(2, [2], loss=[2.0]))))
    assert len(history.series["loss"]) == 2 and history.seq == 2


def test_a_restored_checkpoint_removes_the_points_after_it() -> None:
    history = told(
        metrics(1, [1, 2, 3], loss=[3.0, 2.0, 1.0]),
        Event(2, 5.0, "checkpoint", {"step": 2}),
        Event(3, 5.0, "checkpoint", {"step": 3}),
        Event(4, 6.0, "restored", {"step": 2}),
    )
    assert history.series["loss"].steps.tolist() == [1, 2]
    assert [mark.step for mark in history.marks] == [2]


def test_checkpoints_pauses_and_changes_are_marked() -> None:
    history = told(
        metrics(1, [1, 2], loss=[3.0, 2.0]),
        Event(2, 5.0, "set", {"step": 2, "name": "lr", "value": 0.005}),
        Event(3, 5.0, "checkpoint", {"step": 2}),
        Event(4, 6.0, "ended", {"step": 2, "status": "paused"}),
    )
    assert [(mark.kind, mark.text) for mark in history.marks] == [
        ("set", "lr 0.005"),
        ("checkpoint", "checkpoint"),
        ("pause", "paused"),
    ]


def test_control_characters_in_events_are_made_visible() -> None:
    history = told(Event(1, 1.0, "set", {"step": 1, "name": "\x1b[2Jlr", "value": "\x1b]0;x\x07"}))
    assert "\x1b" not in history.marks[0].text and "\x07" not in history.marks[0].text


def test_the_number_of_metrics_is_bounded() -> None:
    history = told(metrics(1, [1], **{f"m{place}": [1.0] for place in range(10_200)}))
    assert len(history.series) == 10_000


def test_sketches_are_kept_by_step_and_removed_with_the_curve() -> None:
    history = told(
        Event(1, 1.0, "sketch", {"step": 1, "parts": {"hidden": [[0.5]]}}),
        Event(2, 2.0, "sketch", {"step": 3, "parts": {"hidden": [[0.7]]}}),
        Event(3, 3.0, "sketch", {"step": 4, "parts": "nonsense"}),
        Event(4, 4.0, "restored", {"step": 2}),
    )
    assert [(sketch.step, sketch.parts) for sketch in history.sketches] == [(1.0, {"hidden": [[0.5]]})]


def test_the_number_of_sketches_is_bounded_and_the_first_and_last_are_kept() -> None:
    history = told(*(Event(seq, 1.0, "sketch", {"step": seq, "parts": {}}) for seq in range(1, 9_000)))
    assert len(history.sketches) <= 2_000
    assert (history.sketches[0].step, history.sketches[-1].step) == (1.0, 8_999.0)


def test_a_pause_takes_no_time_on_the_axis() -> None:
    history = told(
        Event(1, 100.0, "started", {}),
        metrics(2, [1, 2], at=104.0, loss=[1, 1]),
        Event(3, 104.0, "ended", {"step": 2, "status": "paused"}),
        Event(4, 9_000.0, "started", {"attempt": 2}),
        metrics(5, [3, 4], at=9_004.0, loss=[1, 1]),
    )
    np.testing.assert_allclose(history.series["loss"].seconds, [2, 4, 6, 8])


@pytest.mark.parametrize("jump", [0.0, 3600.0, -3600.0])
def test_the_time_axis_does_not_follow_a_wall_clock_that_jumps(jump: float) -> None:
    """Two attempts, ten seconds each: the second's points stand right behind the first's."""
    history = told(
        Event(1, 100.0, "started", {}, 0.0),
        Event(2, 105.0, "metrics", {"series": {"loss": [[5], [1.0]]}}, 5.0),
        Event(3, 110.0 + jump, "metrics", {"series": {"loss": [[10], [1.0]]}}, 10.0),
        Event(4, 900.0 + jump, "started", {"attempt": 2}, 0.0),
        Event(5, 910.0 + jump, "metrics", {"series": {"loss": [[20], [1.0]]}}, 10.0),
    )
    assert list(history.series["loss"].seconds) == [5.0, 10.0, 20.0]


def test_a_step_has_one_value_also_in_files_of_older_versions() -> None:
    history = told(metrics(1, [1, 2, 2], loss=[3.0, 2.0, 9.0]), metrics(2, [2, 3], loss=[8.0, 1.0]),
                 metrics(3, [3], loss=[7.0]))  # fmt: skip
    assert history.series["loss"].steps.tolist() == [1, 2, 3]
    assert history.series["loss"].values.tolist() == [3.0, 2.0, 1.0]


async def test_others_have_their_turn_while_a_large_batch_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event may have 10,000 metrics: a layout after a resize would wait for all events of a batch."""
    monkeypatch.setattr("tui.data.run_history.SLICE", 0.0)
    history, seen, posted = RunHistory("run"), [], []
    batch = EventBatch(tuple(metrics(at, [at], loss=[1.0]) for at in range(1, 6)), True, True, left_out=2)

    class OneBatch:
        async def events(self, run: str, after: int) -> AsyncIterator[EventBatch]:
            yield batch

    async def watch() -> None:
        while not history.ended:
            seen.append(history.seq)
            await asyncio.sleep(0)

    await asyncio.gather(history.read(cast(Client, OneBatch()), posted.append), watch())
    assert seen[:5] == [1, 2, 3, 4, 5] and len(posted) == 1
    assert (history.caught_up, history.ended, history.left_out) == (True, True, 2)

"""Delayed calls of a widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from tui.ui.debounce import Debounce


class TimerOwner:
    """Its timers fire when the test says so, as those do whose call was queued before they were stopped."""

    def __init__(self) -> None:
        self.queued: list[Callable[[], object]] = []

    def set_timer(self, seconds: float, callback: Callable[[], object]) -> Any:
        self.queued.append(callback)
        return StoppedTimer()


class StoppedTimer:
    def stop(self) -> None:
        pass


def test_a_call_that_is_pending_is_not_scheduled_again() -> None:
    owner, calls = TimerOwner(), []
    debounce = Debounce(cast(Any, owner))
    for _ in range(3):
        debounce.call("draw", 0.1, lambda: calls.append(1))
    assert len(owner.queued) == 1 and debounce.is_pending("draw")
    owner.queued[0]()
    assert calls == [1] and not debounce.is_pending("draw")


def test_a_call_that_was_queued_before_the_stop_does_nothing_and_leaves_a_newer_one_pending() -> None:
    owner, calls = TimerOwner(), []
    debounce = Debounce(cast(Any, owner))
    debounce.call("draw", 0.1, lambda: calls.append("old"))
    debounce.stop()
    owner.queued[0]()
    debounce.call("draw", 0.1, lambda: calls.append("new"))
    owner.queued[0]()
    assert debounce.is_pending("draw")
    owner.queued[1]()
    assert calls == ["new"]

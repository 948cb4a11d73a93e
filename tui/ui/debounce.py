"""Delayed calls: a call that is pending is not scheduled again."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget


class Debounce:
    def __init__(self, owner: Widget) -> None:
        self._owner = owner
        self._timers: dict[str, Timer] = {}

    def call(self, name: str, seconds: float, callback: Callable[[], object]) -> None:
        """Call back in `seconds`, unless a call of that name is pending."""
        if name not in self._timers:

            def fire() -> None:
                if self._timers.get(name) is timer:  # else it was stopped after its call was queued
                    del self._timers[name]
                    callback()

            timer = self._timers[name] = self._owner.set_timer(seconds, fire)

    def is_pending(self, name: str) -> bool:
        return name in self._timers

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.stop()
        self._timers.clear()

"""Things to be done some time from now, once, however often they are asked for until then."""

from __future__ import annotations

from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget


class Debounce:
    def __init__(self, owner: Widget) -> None:
        self._owner = owner
        self._timers: dict[str, Timer] = {}

    def call(self, name: str, seconds: float, do: Callable[[], object]) -> None:
        if name not in self._timers:

            def go() -> None:
                del self._timers[name]
                do()

            self._timers[name] = self._owner.set_timer(seconds, go)

    def awaits(self, name: str) -> bool:
        return name in self._timers

    def stop(self) -> None:
        for timer in self._timers.values():
            timer.stop()
        self._timers.clear()

"""Two curves of one run in one chart: each under a name and a colour of its own."""

from __future__ import annotations

from tui.widgets.series import Series

POINTS = 400


class TwinSeries(Series):
    """Follows another series; of a long one it shows means, since single batches say little."""

    def __init__(self, label: str, hue: int) -> None:
        super().__init__(label, label, hue=hue)
        self._followed: Series | None = None
        self._version = -1

    def follow(self, other: Series) -> TwinSeries:
        if other is not self._followed or other.version != self._version:
            self.evict_after(float("-inf"))
            self._take(other)
            self._followed, self._version = other, other.version
        return self

    def _take(self, other: Series) -> None:
        if not len(other):
            return
        steps, values = other.curve.steps, other.curve.values
        each = max(1, len(values) // POINTS)
        whole = len(values) - len(values) % each
        self.extend(steps[each - 1 : whole : each], values[:whole].reshape(-1, each).mean(axis=1))

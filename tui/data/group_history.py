"""The histories of the runs of a group as one: the mean of each of their metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.chart.chart_rows import ChartMark
    from tui.chart.chart_view import Axis
    from tui.chart.curve_arrays import ChartCurve
    from tui.chart.group_curve import GroupCurve
    from tui.data.run_history import RunHistory


class GroupHistory:
    """What charts need of a `RunHistory`, for several of them. `run` is the id of the group."""

    def __init__(self, group: str, members: Sequence[RunHistory]) -> None:
        self.run = group
        self.members = tuple(members)
        self.marks: list[ChartMark] = []
        self.axes = GroupAxes(self.members)
        self._curves: dict[str, GroupCurve] = {}

    @property
    def metrics(self) -> list[str]:
        return list(dict.fromkeys(name for member in self.members for name in member.metrics))

    @property
    def series(self) -> dict[str, GroupCurve]:
        """The curve of each metric, of the members that have it."""
        from tui.chart.group_curve import GroupCurve  # NumPy, with points alone

        for name in self.metrics:
            found: tuple[ChartCurve, ...] = tuple(
                member.series[name] for member in self.members if name in member.series
            )
            if name not in self._curves or self._curves[name].members != found:
                self._curves[name] = GroupCurve(found)
        return self._curves


class GroupAxes:
    """The x axes that a member has."""

    def __init__(self, members: Sequence[RunHistory]) -> None:
        self._members = members

    def has(self, axis: Axis) -> bool:
        return any(member.axes.has(axis) for member in self._members)

"""The histories of the runs of a group as one: the mean of each of their metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.chart.chart_rows import ChartMark
    from tui.chart.chart_view import Axis
    from tui.chart.group_curve import GroupCurve
    from tui.data.run_history import RunHistory


class GroupHistory:
    """What charts need of a `RunHistory`, for several of them. `run` is the id of the group."""

    def __init__(self, group: str, members: Sequence[RunHistory]) -> None:
        self.run = group
        self.members = tuple(members)
        self.marks: list[ChartMark] = []
        self.axes = GroupAxes(self.members)
        self.series = MeanCurves(self.members)

    @property
    def last_step(self) -> float:
        return max((member.last_step for member in self.members), default=0)

    @property
    def metrics(self) -> list[str]:
        return list(self.series)


class GroupAxes:
    """The x axes that a member has."""

    def __init__(self, members: Sequence[RunHistory]) -> None:
        self._members = members

    def has(self, axis: Axis) -> bool:
        return any(member.axes.has(axis) for member in self._members)


class MeanCurves(Mapping[str, "GroupCurve"]):
    """The curve of each metric that a member has, made when it is asked for."""

    def __init__(self, members: Sequence[RunHistory]) -> None:
        self._members = members
        self._made: dict[str, GroupCurve] = {}

    def __getitem__(self, metric: str) -> GroupCurve:
        from tui.chart.group_curve import GroupCurve  # NumPy, with points alone

        curves = tuple(member.series[metric] for member in self._members if metric in member.series)
        if not curves:
            raise KeyError(metric)
        known = self._made.get(metric)
        if known is None or known.members != curves:
            known = self._made[metric] = GroupCurve(curves)
        return known

    def __contains__(self, metric: object) -> bool:
        return any(metric in member.series for member in self._members)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for member in self._members for name in member.series))

    def __len__(self) -> int:
        return sum(1 for _ in self)

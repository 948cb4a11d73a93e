"""The steps of a run at which a curve has no finite number, or a spike."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from itertools import filterfalse
from typing import TYPE_CHECKING, Literal, NamedTuple

from engine.system_metrics import is_system

if TYPE_CHECKING:
    from tui.chart.curve_arrays import ChartCurve

CurveProblem = Literal["nan", "spike"]
KEPT = 40
"""curves whose spikes are kept until they grow"""


class ProblemStep(NamedTuple):
    step: float
    metric: str


class ProblemSteps:
    """Finds them off the event loop, and keeps what was found of a curve until it changes."""

    def __init__(self) -> None:
        self._spikes: dict[int, tuple[ChartCurve, tuple[int, int], list[float]]] = {}

    async def find(
        self, kind: CurveProblem, series: Mapping[str, ChartCurve], charted: Iterable[str]
    ) -> list[ProblemStep]:
        """In the order of their steps, one for each: that of a `charted` metric before others.

        Spikes are those of the charted metrics alone, NaN and infinities those of all.
        """
        shown = [name for name in charted if name in series]
        at_steps: dict[float, str] = {}
        if kind == "spike":
            for name in shown:
                for step in await self._spikes_of(series[name]):
                    at_steps.setdefault(step, name)
        else:
            from tui.data.curve_spikes import not_finite

            others = (name for name in series if name not in shown)
            for name in filterfalse(is_system, (*shown, *others)):  # NaN is a gap there
                curve = series[name]
                for index in not_finite(curve.missing, curve.infinite):
                    at_steps.setdefault(float(curve.steps[index]), name)
        return sorted(ProblemStep(step, name) for step, name in at_steps.items())

    async def _spikes_of(self, curve: ChartCurve) -> list[float]:
        from tui.data.curve_spikes import spikes

        key = curve.version, len(curve)
        known = self._spikes.get(id(curve))
        if known is not None and known[0] is curve and known[1] == key:
            return known[2]
        steps, values = curve.steps.copy(), curve.values.copy()
        indices = await asyncio.to_thread(spikes, values)
        found = [float(step) for step in steps[indices]]
        self._spikes = {id(curve): (curve, key, found), **dict(list(self._spikes.items())[: KEPT - 1])}
        return found


def next_problem(found: list[ProblemStep], step: float | None, way: int) -> tuple[ProblemStep, int] | None:
    """The next one behind a step, or for `way` < 0 before it, and its number from 1.

    Behind the last one comes the first. `step`: None for none so far. None where there is none at all.
    """
    if not found:
        return None
    if step is None:
        index = 0 if way > 0 else len(found) - 1
    elif way > 0:
        index = next((index for index, one in enumerate(found) if one.step > step), 0)
    else:
        index = next((index for index in reversed(range(len(found))) if found[index].step < step), -1)
    index %= len(found)
    return found[index], index + 1

"""What the runs tab shows of the selected run and of the others on the chart."""

from __future__ import annotations

import time
from dataclasses import replace

from engine.places import Places
from engine.protocol import Cause, CauseKind, Paused
from tests.fakes.engine import FakeEngine, make_run, metrics
from tests.fakes.lab import lab

PAUSED = Paused(time.time(), Cause(CauseKind.PAUSED, "Paused."))


async def test_a_curve_takes_the_name_of_its_run_when_that_is_learned(places: Places) -> None:
    run = make_run(1, name="alpha", state=PAUSED, metrics={"loss": 1.0})
    engine = FakeEngine(run)
    engine.tell(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    async with lab(places, engine) as opened:
        await opened.until(lambda: opened.app.runs.chart.series)
        await opened.sees("━━ alpha")
        engine.change(replace(run, spec=replace(run.spec, name="beta")))
        await opened.sees("━━ beta")

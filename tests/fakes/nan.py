"""An experiment whose loss is NaN at step `at`."""

from __future__ import annotations

import math
import time

from engine.worker.run import Run
from tests.fakes.catalog import FateParams
from tests.fakes.tally import Tally


def train(params: FateParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    for step in range(run.restore(tally) + 1, last + 1):
        loss = tally.count(1)
        time.sleep(params.seconds)
        run.log(step, loss=math.nan if step == params.at else loss)
        run.checkpoint(step)
        if run.should_stop:
            break

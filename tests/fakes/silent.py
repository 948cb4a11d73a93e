"""An experiment that hangs after `at` steps."""

from __future__ import annotations

import time

from engine.worker.run import Run
from tests.fakes.catalog import FateParams
from tests.fakes.tally import Tally


def train(params: FateParams, run: Run) -> None:
    tally = Tally()
    run.total(params.steps)
    for step in range(run.restore(tally) + 1, params.at + 1):
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
        if run.should_stop:
            return
    while True:
        time.sleep(1)

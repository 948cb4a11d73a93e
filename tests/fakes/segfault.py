"""An experiment that dies of SIGSEGV at step `at`."""

from __future__ import annotations

import os
import signal
import time

from engine.worker.run import Run
from tests.fakes.catalog import FateParams
from tests.fakes.tally import Tally


def train(params: FateParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    for step in range(run.restore(tally) + 1, last + 1):
        if step == params.at:
            os.kill(os.getpid(), signal.SIGSEGV)
        time.sleep(params.seconds)
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
        if run.should_stop:
            break

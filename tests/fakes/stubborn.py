"""An experiment that ignores commands and SIGTERM after step `at`."""

from __future__ import annotations

import signal
import time

from engine.worker.run import Run
from tests.fakes.catalog import FateParams
from tests.fakes.tally import Tally


def train(params: FateParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    for step in range(run.restore(tally) + 1, last + 1):
        if step == params.at + 1:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(params.seconds)
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
        _ = run.should_stop
    while True:
        time.sleep(1)

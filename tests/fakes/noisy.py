"""An experiment that floods stdout and stderr with escape sequences and without newlines."""

from __future__ import annotations

import os
import time

from engine.worker.run import Run
from tests.fakes.catalog import FateParams
from tests.fakes.tally import Tally

FLOOD = b"\x1b[31mnoise \xff\x00 [bold] " * 4096


def train(params: FateParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    for step in range(run.restore(tally) + 1, last + 1):
        for fd in (1, 2):
            os.write(fd, FLOOD)
        time.sleep(params.seconds)
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
        if run.should_stop:
            break

"""An experiment that raises at step `at`."""

from __future__ import annotations

import errno
import os
import time

from engine.errors import DataError, ParamError
from engine.worker.run import Run
from tests.fakes.catalog import CrashParams
from tests.fakes.tally import Tally


class OutOfMemoryError(RuntimeError):
    """Has the name of PyTorch's error."""


ERRORS: dict[str, BaseException] = {
    "error": ValueError("it broke\nin two lines"),
    "exit": SystemExit(3),
    "data": DataError("The labels are gone.", "Bring them back."),
    "params": ParamError("at: too early."),
    "memory": MemoryError("Unable to allocate 3 TiB"),
    "gpu_memory": OutOfMemoryError("CUDA out of memory. Tried to allocate 3 TiB."),
    "disk_full": OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "weights"),
}


def train(params: CrashParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    for step in range(run.restore(tally) + 1, last + 1):
        if step == params.at:
            raise ERRORS[params.error]
        time.sleep(params.seconds)
        run.log(step, loss=tally.count(1))
        run.checkpoint(step)
        if run.should_stop:
            break

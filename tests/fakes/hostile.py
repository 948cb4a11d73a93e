"""An experiment that prints, logs, notes and raises escape sequences."""

from __future__ import annotations

import os
import sys
import time

from engine.errors import DataError
from engine.worker.run import Run
from tests.fakes.catalog import CrashParams
from tests.fakes.hostile_text import EVERYTHING, PAYLOADS
from tests.fakes.tally import Tally

ERRORS: dict[str, BaseException] = {
    "error": RuntimeError(EVERYTHING),
    "data": DataError(f"{EVERYTHING[:300]}.csv is no data.", EVERYTHING),
}


def train(params: CrashParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    run.notice(EVERYTHING)
    for step in range(run.restore(tally) + 1, last + 1):
        payload = PAYLOADS[step % len(PAYLOADS)]
        os.write(1, payload.encode("utf-8", "surrogatepass") + b"\xff\n")
        sys.stderr.write(payload.encode("utf-8", "replace").decode())
        run.note(payload)
        run.log(step, **{"loss": tally.count(1), payload: 0.5})
        if step == params.at:
            raise ERRORS[params.error]
        time.sleep(params.seconds)
        run.checkpoint(step)
        if run.should_stop:
            break

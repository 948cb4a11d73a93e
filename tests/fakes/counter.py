"""An experiment that counts its steps and ends as it should."""

from __future__ import annotations

from engine.worker.run import Run
from tests.fakes import waits
from tests.fakes.catalog import CounterParams
from tests.fakes.tally import Tally


def train(params: CounterParams, run: Run) -> None:
    tally = Tally()
    last = run.total(params.steps)
    for step in range(run.restore(tally) + 1, last + 1):
        loss = tally.count(run.set["pace"])
        waits.wait(params.seconds, run._folder.path, run.places.root)
        run.log(step, loss=loss)
        run.checkpoint(step)
        if run.should_stop:
            break

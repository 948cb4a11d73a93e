"""Training loops in short: steps and shuffled batches that go on where a run was interrupted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from engine.errors import ParamError
from engine.worker.batches import BatchOrder
from engine.worker.run import Run
from tests.engine.worker.attempts import ScriptedPipe, curve, make_run, new_run, weights
from tests.fakes.tally import Tally


def train_in_short(run: Run, steps: int) -> None:
    tally = Tally()
    for step in run.steps(tally, steps):
        run.log(step, loss=tally.count(0.5))
    run.save()
    run._event_log.close(run.step, status="done", cause={"kind": "finished", "text": "", "remedy": ""})


def test_a_loop_over_steps_pauses_and_goes_on_with_the_bits_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, parts = new_run(tmp_path, "counter"), new_run(tmp_path, "counter")
    train_in_short(make_run(whole)[0], 12)
    train_in_short(make_run(parts, ScriptedPipe({5: {"word": "pause"}}))[0], 12)
    assert list(curve(parts, "loss")) == [1, 2, 3, 4, 5]
    train_in_short(make_run(parts, number=2)[0], 12)
    assert curve(parts, "loss") == curve(whole, "loss") and weights(parts) == weights(whole)


def test_each_epoch_has_every_example_once_in_an_order_of_its_own() -> None:
    batches = BatchOrder(3, examples=10, size=4)
    found = [batches.batch(step) for step in range(1, 7)]
    assert [(one.epoch, len(one.rows), one.ends_epoch) for one in found] == [
        (0, 4, False), (0, 4, False), (0, 2, True), (1, 4, False), (1, 4, False), (1, 2, True),
    ]  # fmt: skip
    epochs = [[int(row) for one in found if one.epoch == epoch for row in one.rows] for epoch in (0, 1)]
    assert Counter(epochs[0]) == Counter(epochs[1]) == Counter(range(10)) and epochs[0] != epochs[1]
    assert BatchOrder(3, 10, 4).batch(5).rows.tolist() == found[4].rows.tolist()
    assert BatchOrder(4, 10, 4).batch(5).rows.tolist() != found[4].rows.tolist()


def test_a_run_over_batches_knows_its_steps_and_those_of_an_epoch(tmp_path: Path) -> None:
    run, _ = make_run(new_run(tmp_path, "counter"))
    steps = [batch.step for batch in run.batches(Tally(), examples=10, size=4, epochs=2)]
    assert (steps, run.total_steps, run._epoch_steps) == ([1, 2, 3, 4, 5, 6], 6, 3)


@pytest.mark.parametrize("examples,size,what", [(10, 0, "batch"), (10, -5, "batch"), (0, 4, "examples")])
def test_a_batch_without_examples_is_refused(examples: int, size: int, what: str) -> None:
    with pytest.raises(ParamError, match=f"{what}: expected 1 or more"):
        BatchOrder(1, examples, size)

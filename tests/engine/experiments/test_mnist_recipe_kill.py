"""MNIST by recipe, killed with SIGKILL while it trains: the bits come out the same."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from engine.store import RunFolder
from tests.chaos import scaled
from tests.engine.worker.attempts import curve, new_run, read_events, start, wait_for, weights

EPOCHS = {"fast": 40, "accurate": 14}


def begun(folder: RunFolder, number: int) -> Any:
    return start(
        folder, DLTUI_ATTEMPT=str(number), DLTUI_CHECKPOINT_SECONDS="0.02", DLTUI_DATA="",
        OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="",
    )  # fmt: skip


def saved_step(folder: RunFolder) -> int:
    return max((event.facts["step"] for event in read_events(folder, "checkpoint")), default=0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("recipe", ["fast", "accurate"])
def test_killed_while_it_trains_it_ends_as_if_it_never_was(tmp_path: Path, recipe: str) -> None:
    given = {"recipe": recipe, "epochs": EPOCHS[recipe]}
    whole, parts = (new_run(tmp_path, "mnist_recipe", **given) for _ in range(2))
    assert begun(whole, 1).wait(800) == 0
    kills = scaled(6, least=3)
    for number in range(1, kills + 1):
        before, worker = saved_step(parts), begun(parts, number)
        wait_for(lambda before=before: saved_step(parts) > before, 400)  # type: ignore[misc]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert begun(parts, kills + 1).wait(800) == 0
    assert len(read_events(parts, "restored")) == kills, "it came to its end before it was killed"
    assert weights(parts) == weights(whole)
    for metric in ("loss", "val_accuracy", "test_accuracy"):
        assert curve(parts, metric) == curve(whole, metric)

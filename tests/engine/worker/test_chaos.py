"""SIGKILL at random times: nothing is lost after the last checkpoint, and the final weights are equal."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from engine.store import RunFolder
from tests.engine.worker.attempts import curve, new_run, read_events, start, weights

KILLS = max(3, int(os.environ.get("DLTUI_CHAOS", "4")))
CASES: dict[str, dict[str, Any]] = {
    "counter": {"steps": 4_000, "seconds": 0.0005},
    "xor": {"epochs": 6_000, "validation": "notebook"},
    "mnist": {"model": "double_conv_dropout", "batch": 50, "epochs": 8, "every": 10, "target": None},
}


def last_attempt(folder: RunFolder, number: int, seconds: float) -> bool:
    """One attempt, killed after `seconds`; True if it finished before that."""
    worker = start(folder, DLTUI_ATTEMPT=str(number), DLTUI_CHECKPOINT_SECONDS="0.05", OMP_NUM_THREADS="1")
    try:
        return worker.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        return False


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("experiment", list(CASES))
def test_a_run_killed_at_random_times_ends_with_the_weights_of_one_never_killed(
    tmp_path: Path, experiment: str
) -> None:
    given = CASES[experiment]
    whole = new_run(tmp_path, experiment, **given)
    began = time.monotonic()
    assert last_attempt(whole, 1, 300)
    took = time.monotonic() - began
    dice, killed, folder = random.Random(experiment), 0, new_run(tmp_path, experiment, **given)
    number = 0
    while killed < KILLS:
        number += 1
        if last_attempt(folder, number, dice.uniform(0.05, took)):
            check(folder, whole)
            folder, number = new_run(tmp_path, experiment, **given), 0
        else:
            killed += 1
    assert last_attempt(folder, number + 1, 300)
    check(folder, whole)


def check(folder: RunFolder, whole: RunFolder) -> None:
    assert weights(folder) == weights(whole)
    assert curve(folder, "loss") == curve(whole, "loss")
    saved = 0
    for event in read_events(folder):
        if event.kind == "checkpoint":
            saved = event.facts["step"]
        elif event.kind == "restored":
            assert event.facts["step"] >= saved, "an acknowledged checkpoint was lost"

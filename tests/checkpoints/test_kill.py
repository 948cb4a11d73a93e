"""SIGKILL at random moments of a real training process: it ends in the bits of one left alone."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checkpoints import folder
from tests.chaos import scaled
from tests.timeouts import LONG, quiet_seconds

KILLS = scaled(50)
STEPS, EVERY = 3000, 5
LIMIT_S = 300


def start(path: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.checkpoints.training", str(path), str(STEPS), str(EVERY)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_a_new_checkpoint(path: Path, process: subprocess.Popen[str]) -> int:
    """Wait until the process has gone beyond what it found; returns the newest step."""
    before = max((row.step for row in folder.listing(path)), default=0)
    end = quiet_seconds() + LIMIT_S
    while quiet_seconds() < end and process.poll() is None:
        newest = max((row.step for row in folder.listing(path)), default=0)
        if newest > before:
            return newest
        time.sleep(0.005)
    pytest.fail("no checkpoint came")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_training_killed_again_and_again_ends_in_the_same_weights(tmp_path: Path) -> None:
    alone = start(tmp_path / "alone")
    expected = alone.communicate(timeout=LONG)[0].splitlines()[-1]
    seed = random.randrange(2**32)
    print("seed", seed)
    rng = random.Random(seed)
    path = tmp_path / "killed"
    for _ in range(KILLS):
        process = start(path)
        reached = wait_for_a_new_checkpoint(path, process)
        time.sleep(rng.uniform(0, 0.05))  # the moment is random; nothing waits for it
        process.kill()
        output = process.communicate(timeout=LONG)[0]
        assert "with 0 damaged" in output and "Traceback" not in output
        newest, damaged = folder.newest_intact(path)
        assert damaged == [] and newest is not None and newest.manifest.step >= reached
    output = start(path).communicate(timeout=LONG)[0]
    assert output.splitlines()[-1] == expected
    assert expected.startswith("ended with ")
    assert all(folder.step_of(one.name) for one in path.iterdir())

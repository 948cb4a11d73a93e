"""Small experiments as files, for tests."""

from __future__ import annotations

from pathlib import Path

from engine.experiment_files import describing
from engine.experiment_files.describing import Described, ExperimentPlace
from engine.places import Places

COUNTER = '''"""Counting: a sum that depends on every step.

The loss falls below 0.1.
"""

import time
from dataclasses import dataclass
from typing import Literal

import numpy as np

from checkpoints.numpy_io import ArrayState
from engine.params import number

BEST = "accuracy"
GOAL = "max"


@dataclass(frozen=True)
class Params:
    lr: float = number(0.5, "added at each step", above=0, log=True, live=True)
    steps: int = 100
    seconds: float = 0
    kind: Literal["plain", "noisy"] = "plain"
    limit: int | None = None
    label: str = ""
    is_loud: bool = False


class Counter:
    def __init__(self, seed):
        self.total, self.random = np.zeros(3), np.random.default_rng(seed)

    def model_arrays(self):
        return {"total": self.total}

    def train_arrays(self):
        return {}

    def state_dict(self):
        return {"random": self.random.bit_generator.state}

    def load_state_dict(self, state):
        self.random.bit_generator.state = state["random"]


def train(params, run):
    counter = Counter(run.seed)
    last = run.total(params.steps)
    for step in range(run.restore(ArrayState(counter)) + 1, last + 1):
        counter.total += run.set["lr"] * counter.random.random(3)
        time.sleep(params.seconds)
        run.log(step, loss=float(1 / (1 + counter.total.sum())), accuracy=step / last)
        run.checkpoint(step)
        if run.should_stop:
            break
'''
EMPTY = "def train(params, run):\n    pass\n"


def write(folder: Path, name: str = "mine.py", text: str = COUNTER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def describe(places: Places, path: Path) -> Described:
    return describing.describe(places, ExperimentPlace(path))

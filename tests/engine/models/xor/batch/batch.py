"""Batches of networks of every kind, and the trainers that can be had here."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.models.xor.batch.arrays import BESTS
from engine.models.xor.batch.batch_training import BatchTraining
from engine.models.xor.batch.plan import PARAMS, BatchPlan, from_rows
from engine.models.xor.batch.trainer import BatchTrainer, trainer
from engine.params import Value

TRAINERS = ("numpy", "compiled")
FINAL = ("outcome", "stop", "loss", "val_loss", "best", "right", "waited", *BESTS)


@cache
def trained_by(name: str) -> BatchTrainer:
    return trainer(name, Path(__file__).parents[5] / ".pytest_cache")


def mixed(count: int, seed: int = 1) -> list[dict[str, Value]]:
    """Networks of sixteen families with learning rates, temperatures and patience of their own."""
    dice = random.Random(seed)
    kinds = [kind(dice) for _ in range(16)]
    return [
        {
            **dice.choice(kinds),
            "lr": round(10 ** dice.uniform(-2.5, 0.5), 6),
            "temperature": round(dice.uniform(0.2, 2), 3),
            "patience": dice.choice([0, 3, 10]),
            "min_delta": dice.choice([1e-4, 0.01]),
            "target": dice.choice([0.2, 0.69, 10.0]),
            "epochs": dice.choice([40, 75]),
            "initial": dice.choice(["linear", "xavier"]),
            "seed": number,
        }
        for number in range(count)
    ]


def kind(dice: random.Random) -> dict[str, Value]:
    chosen = {
        name: dice.choice(PARAMS[name].choices) for name in ("activation", "loss", "optimizer", "validation")
    }
    hidden = dice.choice([0, 1, 2, 3, 4, 9])
    return {**chosen, "hidden": hidden, "bypass": hidden == 0 or dice.random() < 0.5}


def trained(plan: BatchPlan, name: str, threads: int = 1) -> BatchTraining:
    fleet = BatchTraining(plan, trained_by(name), threads)
    while not fleet.is_over:
        fleet.advance()
    return fleet


def alone(row: dict[str, Value], name: str) -> BatchTraining:
    return trained(from_rows([row]), name)


def bits(fleet: BatchTraining, lane: int) -> dict[str, Any]:
    """All that a network ends with."""
    weights = fleet.weights()[lane]
    ends = {column: fleet.column(column)[lane].tobytes() for column in FINAL}
    return {**ends, "weights": np.trim_zeros(weights, "b").tobytes()}

"""Batches of networks of every kind, and their trainer."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from engine.built_in_experiments import BATCH_ACTIVATIONS
from engine.models.xor.batch.arrays import BESTS
from engine.models.xor.batch.batch_training import BatchTrainer, BatchTraining
from engine.models.xor.batch.plan import PARAMS, BatchPlan, from_rows
from engine.params import Value

FINAL = ("outcome", "stop", "loss", "val_loss", "best", "right", "waited", *BESTS)


@cache
def trainer() -> BatchTrainer:
    return BatchTrainer(Path(__file__).parents[5] / ".pytest_cache")


def mixed(count: int, seed: int = 1) -> list[dict[str, Value]]:
    """Networks of sixteen groups with learning rates, temperatures and patience of their own."""
    rng = random.Random(seed)
    kinds = [kind(rng) for _ in range(16)]
    return [
        {
            **rng.choice(kinds),
            "lr": round(10 ** rng.uniform(-2.5, 0.5), 6),
            "temperature": round(rng.uniform(0.2, 2), 3),
            "patience": rng.choice([0, 3, 10]),
            "min_delta": rng.choice([1e-4, 0.01]),
            "target": rng.choice([0.2, 0.69, 10.0]),
            "epochs": rng.choice([40, 75]),
            "initial": rng.choice(["linear", "xavier"]),
            "seed": number,
        }
        for number in range(count)
    ]


def kind(rng: random.Random) -> dict[str, Value]:
    chosen = {
        "activation": rng.choice(BATCH_ACTIVATIONS),
        **{name: rng.choice(PARAMS[name].choices) for name in ("loss", "optimizer", "validation")},
    }
    hidden = rng.choice([0, 1, 2, 3, 4, 9])
    return {**chosen, "hidden": hidden, "bypass": hidden == 0 or rng.random() < 0.5}


def trained(plan: BatchPlan, threads: int = 1) -> BatchTraining:
    training = BatchTraining(plan, trainer(), threads)
    while not training.is_over:
        training.advance()
    return training


def alone(row: dict[str, Value]) -> BatchTraining:
    return trained(from_rows([row]))


def bits(training: BatchTraining, index: int) -> dict[str, Any]:
    """The final state of a network, as bytes."""
    weights = training.weights()[index]
    ends = {column: training.column(column)[index].tobytes() for column in FINAL}
    return {**ends, "weights": np.trim_zeros(weights, "b").tobytes()}

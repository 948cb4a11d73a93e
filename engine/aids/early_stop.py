"""Early stopping replayed: patience and least gain on a validation curve that rises again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import number

EPOCHS = 120


@dataclass(frozen=True, slots=True)
class EarlyStopParams:
    patience: int = number(8, "Epochs without a gain after which it stops.", least=1, most=100)
    gain: float = number(0.0, "Least gain that counts.", least=0, most=0.5)
    noise: float = number(0.02, "Deviation of the validation loss from epoch to epoch.", least=0, most=0.2)


PARAMS = EarlyStopParams
VALUES = {
    "stop": "epoch at which it stops, counted from 1; the last one where the rule never does",
    "kept": "epoch whose weights are kept",
    "loss": "validation loss of that epoch",
    "best": "least validation loss of all epochs",
    "best_epoch": "epoch of it",
    "missed": "how much lower it is",
    "saved": "epochs that are not trained",
}


def compute(params: EarlyStopParams, seed: int) -> Aid:
    train, validation = curves(params.noise, seed)
    stop, kept = stopped(validation.tolist(), params.patience, params.gain)
    best = int(validation.argmin())
    values = {
        "stop": float(stop),
        "kept": float(kept),
        "loss": float(validation[kept - 1]),
        "best": float(validation[best]),
        "best_epoch": float(best + 1),
        "missed": float(validation[kept - 1] - validation[best]),
        "saved": float(EPOCHS - stop),
    }
    epochs = np.arange(1, EPOCHS + 1)
    marks = [("stop", float(stop), float(validation[stop - 1])), ("kept", float(kept), values["loss"])]
    lines = [("training", epochs, train), ("validation", epochs, validation)]
    return Aid(values, drawings.curves("epoch", "loss", lines, marks))


def curves(noise: float, seed: int) -> tuple[Floats, Floats]:
    """(120,) training and validation losses: both fall, and after a while the second one rises slowly."""
    source, epochs = np.random.default_rng(seed), np.arange(1, EPOCHS + 1)
    train = 0.1 + 0.9 * np.exp(-epochs / 20)
    turn = source.uniform(25, 60)
    validation = 0.35 + 0.65 * np.exp(-epochs / 15) + 0.004 * np.maximum(0, epochs - turn)
    return train, validation + noise * source.normal(size=EPOCHS)


def stopped(losses: Sequence[float], patience: int, gain: float) -> tuple[int, int]:
    """The epoch at which the rule stops and the one it keeps, from 1: an epoch counts where it is more than
    `gain` below the best one before."""
    best, kept = losses[0], 1
    for epoch, loss in enumerate(losses[1:], 2):
        if loss < best - gain:
            best, kept = loss, epoch
        elif epoch - kept >= patience:
            return epoch, kept
    return len(losses), kept

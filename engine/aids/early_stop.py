"""Early stopping replayed: patience and least gain on a validation curve that rises again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.params import choice, number

EPOCHS = 120


@dataclass(frozen=True, slots=True)
class EarlyStopParams:
    patience: int = number(8, "Epochs without a gain after which it stops.", least=1, most=100)
    gain: float = number(0.0, "Least gain that counts.", least=0, most=0.5)
    noise: float = number(0.02, "Deviation of the validation loss from epoch to epoch.", least=0, most=0.2)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)


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
    epochs = list(range(1, EPOCHS + 1))
    return replayed(epochs, validation.tolist(), params, [("training", epochs, train)])


def replayed(
    epochs: Sequence[float],
    losses: Sequence[float],
    params: EarlyStopParams,
    others: Sequence[tuple[str, Sequence[float], Any]] = (),
    unused: Sequence[str] = (),
) -> Aid:
    """The rule on validation losses at `epochs` (or steps); `others` are drawn beside them."""
    at, kept = (place - 1 for place in stopped(losses, params.patience, params.gain))
    best = int(np.argmin(losses))
    values = {
        "stop": float(epochs[at]),
        "kept": float(epochs[kept]),
        "loss": float(losses[kept]),
        "best": float(losses[best]),
        "best_epoch": float(epochs[best]),
        "missed": float(losses[kept] - losses[best]),
        "saved": float(epochs[-1] - epochs[at]),
    }
    marks = [("stop", values["stop"], float(losses[at])), ("kept", values["kept"], values["loss"])]
    data = drawings.curves("epoch", "loss", [*others, ("validation", epochs, losses)], marks)
    return Aid(values, data | {"unused": list(unused)})


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

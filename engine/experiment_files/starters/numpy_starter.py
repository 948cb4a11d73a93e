"""Quadrants: have two numbers the same sign?

A hidden layer with dropout, its gradients by hand, reaches a validation accuracy of 0.95 in 60 epochs.
"""

from dataclasses import dataclass

import numpy as np

from checkpoints.numpy_io import ArrayDicts, ArrayState
from engine.params import number
from engine.worker.run import Run

BEST, GOAL = "val_accuracy", "max"  # the metric by which runs are compared, and its direction


@dataclass
class Params:  # in the form, --set and sweeps; live: can be changed during training
    lr: float = number(0.5, "learning rate", above=0, log=True, live=True)
    dropout: float = number(0.1, "share of the hidden units that are dropped", least=0, most=0.9)
    hidden: int = number(32, "hidden units", least=1)
    batch: int = number(50, "points per step", least=1)
    epochs: int = 60


def train(params: Params, run: Run) -> None:
    random = np.random.default_rng(run.seed)
    x = random.standard_normal((1500, 2))
    y = (x.prod(1, keepdims=True) > 0).astype(float)
    val_x, val_y, x, y = x[:500], y[:500], x[500:], y[500:]
    shapes = {"w": (2, params.hidden), "b": (params.hidden,), "out": (params.hidden, 1)}
    net = {name: random.normal(0, shape[0] ** -0.5, shape) for name, shape in shapes.items()}
    state = ArrayState(ArrayDicts(net, generators={"random": random}))  # all that a resume needs

    for batch in run.batches(state, len(x), params.batch, params.epochs):
        inputs, truth = x[batch.rows], y[batch.rows]
        kept = (random.random((len(inputs), params.hidden)) >= params.dropout) / (1 - params.dropout)
        tanh = np.tanh(inputs @ net["w"] + net["b"])  # (batch, hidden)
        p = 1 / (1 + np.exp(-(tanh * kept) @ net["out"]))  # probability of the same sign, (batch, 1)
        error = (p - truth) / len(inputs)  # of the cross-entropy by the logit
        back = error @ net["out"].T * kept * (1 - tanh**2)
        gradients = {"w": inputs.T @ back, "b": back.sum(0), "out": (tanh * kept).T @ error}
        for name, gradient in gradients.items():
            net[name] -= run.set["lr"] * gradient
        run.log(batch.step, loss=-np.log(np.abs(p + truth - 1)).mean())
        if batch.ends_epoch:
            guess = np.tanh(val_x @ net["w"] + net["b"]) @ net["out"] > 0
            run.log(batch.step, val_accuracy=(guess == (val_y > 0)).mean())

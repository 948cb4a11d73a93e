"""Quadrants: have two numbers the same sign?
A hidden layer with dropout, its gradients by hand, reaches a validation accuracy of 0.95 in 60 epochs."""

from dataclasses import dataclass

import numpy as np
from engine.params import number

BEST, GOAL = "val_accuracy", "max"  # the metric by which runs are compared, and its direction


@dataclass
class Params:  # in the form, --set and sweeps; live: can be changed during training
    lr: float = number(0.5, "learning rate", above=0, log=True, live=True)
    dropout: float = number(0.1, "share of the hidden units that are dropped", least=0, most=0.9)
    epochs: int = 60


def train(params: Params, run):  # numpy is seeded with run.seed
    x = np.c_[np.random.standard_normal((1500, 2)), np.ones(1500)]  # the ones: for the biases
    y = np.sign(x.prod(1, keepdims=True))  # the first 1000 to train on, the others to validate
    w, out = np.random.normal(0, 0.7, (3, 32)), np.random.normal(0, 0.2, (32, 1))
    for batch in run.batches({"w": w, "out": out}, examples=1000, size=50, epochs=params.epochs):
        inputs, truth = x[batch.rows], y[batch.rows]
        kept = (np.random.random((len(inputs), 32)) >= params.dropout) / (1 - params.dropout)
        hidden = np.maximum(inputs @ w, 0) * kept  # (batch, hidden)
        margin = truth * (hidden @ out)
        slope = -truth / (1 + np.exp(margin)) / len(inputs)  # of the loss, by the output
        w -= run.set["lr"] * inputs.T @ (slope @ out.T * kept * (hidden > 0))  # in place
        out -= run.set["lr"] * hidden.T @ slope
        run.log(batch.step, loss=np.log1p(np.exp(-margin)).mean())
        if batch.ends_epoch:
            run.log(batch.step, val_accuracy=(np.maximum(x[1000:] @ w, 0) @ out * y[1000:] > 0).mean())

"""Quadrants: have two numbers the same sign?

A hidden layer with dropout reaches a validation accuracy of 0.97 within 30 epochs, a few seconds.
"""

from dataclasses import dataclass

import keras
import numpy as np

from checkpoints.keras_io import KerasState
from engine.params import number
from engine.worker.run import Run

BEST, GOAL = "val_accuracy", "max"  # the metric by which runs are compared, and its direction


@dataclass
class Params:  # in the form, --set and sweeps; live: can be changed during training
    lr: float = number(0.01, "learning rate of Adam", above=0, log=True, live=True)
    dropout: float = number(0.1, "share of the hidden units that are dropped", least=0, most=0.9)
    hidden: int = number(32, "hidden units", least=1)
    batch: int = number(50, "points per step", least=1)
    epochs: int = 30


def train(params: Params, run: Run) -> None:  # keras and numpy are seeded with run.seed
    x = np.random.standard_normal((1500, 2))
    y = (x.prod(1, keepdims=True) > 0).astype(float)
    val_x, val_y, x, y = x[:500], y[:500], x[500:], y[500:]
    hidden = [keras.layers.Dense(params.hidden, "relu"), keras.layers.Dropout(params.dropout)]
    net = keras.Sequential([keras.Input((2,)), *hidden, keras.layers.Dense(1, "sigmoid")])
    net.compile(keras.optimizers.Adam(), "binary_crossentropy", metrics=["accuracy"])

    for batch in run.batches(KerasState(net, net.optimizer), len(x), params.batch, params.epochs):
        net.optimizer.learning_rate = run.set["lr"]
        net.reset_metrics()
        loss, _ = net.train_on_batch(x[batch.rows], y[batch.rows])
        run.log(batch.step, loss=loss)
        if batch.ends_epoch:
            _, accuracy = net.evaluate(val_x, val_y, verbose=0)
            run.log(batch.step, val_accuracy=accuracy)

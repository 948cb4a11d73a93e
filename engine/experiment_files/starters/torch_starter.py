"""Quadrants: do the two coordinates of a point have the same sign?

A hidden layer with dropout reaches a validation accuracy of 0.97 within 30 epochs, a few seconds.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from checkpoints.torch_io import TorchState
from engine.data.example_order import order
from engine.params import number
from engine.worker.run import Run

BEST, GOAL = "val_accuracy", "max"  # the metric by which runs are compared, and its direction


@dataclass
class Params:  # in the form, --set and sweeps; live: can be changed during training
    lr: float = number(0.01, "learning rate of Adam", above=0, log=True, live=True)
    dropout: float = number(0.1, "share of the hidden units that are dropped", least=0, most=0.9)
    hidden: int = 32
    batch: int = 50
    epochs: int = 30


def train(params: Params, run: Run) -> None:  # torch is seeded with run.seed
    x = torch.randn(1500, 2).to(run.device)
    y = (x.prod(1, keepdim=True) > 0).float()
    (x, val_x), (y, val_y) = x.split([1000, 500]), y.split([1000, 500])
    net = nn.Sequential(nn.Linear(2, params.hidden), nn.ReLU(), nn.Dropout(params.dropout))
    net.append(nn.Linear(params.hidden, 1)).to(run.device)
    optimizer = torch.optim.Adam(net.parameters(), lr=params.lr)

    batches = len(x) // params.batch
    last = run.total(params.epochs * batches, epoch=batches)
    for step in range(run.restore(TorchState(net, optimizer)) + 1, last + 1):  # goes on where it paused
        epoch, batch = divmod(step - 1, batches)
        shuffled = order(run.seed, epoch, len(x))  # the same for the same seed and epoch
        chosen = torch.from_numpy(shuffled[batch * params.batch : (batch + 1) * params.batch])
        optimizer.param_groups[0]["lr"] = run.set["lr"]
        optimizer.zero_grad()
        loss = cross_entropy(net(x[chosen]), y[chosen])
        loss.backward()
        optimizer.step()

        run.log(step, loss=loss.item())
        if batch == batches - 1:
            with torch.no_grad():
                right = (net.eval()(val_x) > 0) == (val_y > 0)
            run.log(step, val_accuracy=right.float().mean().item())
            net.train()
        run.checkpoint(step)  # saves when one is due
        if run.should_stop:
            break

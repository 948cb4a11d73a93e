"""XOR: the smallest problem that needs a hidden layer.

Claim: that of `xor` in the catalog.

No straight line separates (0,0) and (1,1) from (0,1) and (1,0), so no single unit computes XOR. A hidden
layer maps the points so that one line is enough: two units do it, and so does one unit when the output unit
gets the inputs as well (`bypass`). Not every initialisation succeeds: with two units a few seeds end on a
plateau where one row stays wrong, which is a local minimum and not a fault of the program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from checkpoints.torch_io import TorchState
from engine.built_in_experiments import XorParams
from engine.models.xor import initial_weights
from engine.worker.run import Run

# --- data ---------------------------------------------------------------------------------------------------

ROWS = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])  # (4, 2)
TRUTH = torch.tensor([[0.0], [1.0], [1.0], [0.0]])  # (4, 1)

# Validation points are the four rows and four points near the corners. Since the rows are among them, they
# measure how well the surface between the corners fits, not how well the net generalises.
NEAR = torch.tensor([[1.0, 0.1], [1.0, 0.9], [0.9, 0.9], [0.1, 0.9]])
NEAR_TRUTH = torch.tensor([[1.0], [0.0], [0.0], [1.0]])


# --- model --------------------------------------------------------------------------------------------------


class Net(nn.Module):
    """2 inputs -> k hidden units -> 1 output; with `bypass` the output unit gets the inputs too."""

    def __init__(self, params: XorParams, seed: int = 1) -> None:
        super().__init__()
        self.activation = activation(params)
        self.bypass = params.bypass
        # The output is a probability; a threshold unit multiplies the input of its sigmoid by 1/T.
        self.sharpness = 1 / params.temperature if params.activation == "btu" else 1.0
        seen = params.hidden + (2 if params.bypass else 0)
        self.hidden = nn.Linear(2, params.hidden) if params.hidden else None
        self.output = nn.Linear(seen, 1)
        initialise(self, params, seed)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2) -> logits (B, 1); the probability is their sigmoid."""
        seen = x if self.bypass else x[:, :0]  # (B, 2) or (B, 0)
        if self.hidden is not None:
            seen = torch.cat([seen, self.activation(self.hidden(x))], 1)  # (B, 2 + k) or (B, k)
        z: Tensor = self.output(seen)
        return self.sharpness * z


def initialise(net: Net, params: XorParams, seed: int) -> None:
    """Draw the weights as nn.Linear or Xavier do, but from the random stream of the seed: the network starts
    from the same weights as in a batch."""
    drawn = initial_weights.draw([seed], params.hidden, params.bypass, params.initial)
    with torch.no_grad():
        if net.hidden is not None:
            net.hidden.weight.copy_(torch.from_numpy(drawn.hidden_weight[..., 0]))
            net.hidden.bias.copy_(torch.from_numpy(drawn.hidden_bias[:, 0]))
        net.output.weight.copy_(torch.from_numpy(drawn.output_weight[:, 0]))
        net.output.bias.copy_(torch.from_numpy(drawn.output_bias))


def activation(params: XorParams) -> Callable[[Tensor], Tensor]:
    """BTU(z) = 1 / (1 + exp(-z / T)): a threshold with a gradient, unless T is too small."""
    if params.activation == "btu":
        return lambda z: torch.sigmoid(z / params.temperature)
    functions = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "silu": F.silu}
    return functions[params.activation]


def loss_of(params: XorParams, logits: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy from the logits: log(sigmoid(z)) would be log(0) for a large |z|."""
    if params.loss == "bce":
        return F.binary_cross_entropy_with_logits(logits, truth)
    return F.mse_loss(torch.sigmoid(logits), truth)


def make_optimizer(params: XorParams, net: Net) -> torch.optim.Optimizer:
    # fused: one call for all weights. On a net this small the calls dominate the time.
    if params.optimizer == "adam":
        return torch.optim.Adam(net.parameters(), lr=params.lr, fused=True)
    momentum = 0.9 if params.optimizer == "momentum" else 0.0
    return torch.optim.SGD(net.parameters(), lr=params.lr, momentum=momentum, fused=True)


# --- early stopping -----------------------------------------------------------------------------------------


class XorEarlyStopping:
    """Ends a run whose best validation loss is below the target and has not improved for `patience`
    epochs."""

    def __init__(self, params: XorParams) -> None:
        self.params = params
        self.start_anew()

    def start_anew(self) -> None:
        self.best, self.waited = float("inf"), 0

    @property
    def is_over(self) -> bool:
        patience = self.params.patience
        return patience is not None and patience <= self.waited and self.best < self.params.target

    def update(self, val_loss: float) -> None:
        if val_loss < self.best - self.params.min_delta:
            self.best, self.waited = val_loss, 0
        else:
            self.waited += 1

    # Saved like the weights: a resumed run has to stop where the uninterrupted one does.
    def state_dict(self) -> dict[str, float | int]:
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state: dict[str, float | int]) -> None:
        self.best, self.waited = float(state["best"]), int(state["waited"])


# --- sketches for the app -----------------------------------------------------------------------------------

SKETCHES = 200  # per run, besides those sent at intervals of time: enough to replay the training


def weights_of(net: Net) -> dict[str, list[Any] | float]:
    """Weights as lists: pairs for the hidden units; with bypass the first two of the output are the
    inputs'."""
    hidden = net.hidden
    return {
        "hidden_weight": hidden.weight.tolist() if hidden is not None else [],
        "hidden_bias": hidden.bias.tolist() if hidden is not None else [],
        "output_weight": net.output.weight[0].tolist(),
        "output_bias": net.output.bias.item(),
    }


# --- loop ---------------------------------------------------------------------------------------------------


def train(params: XorParams, run: Run) -> None:
    x, y = ROWS.to(run.device), TRUTH.to(run.device)
    val_x, val_y = torch.cat([x, NEAR.to(run.device)]), torch.cat([y, NEAR_TRUTH.to(run.device)])
    net = Net(params, run.seed).to(run.device)
    optimizer = make_optimizer(params, net)
    patience = XorEarlyStopping(params)

    last = run.total(params.epochs)
    state = TorchState(net, optimizer, extras={"patience": patience})
    done = run.restore(state)
    if run.has_begun_from_parent:
        patience.start_anew()
    for step in range(done + 1, last + 1):  # all four rows at once: a step is an epoch
        if patience.is_over:
            break
        for group in optimizer.param_groups:
            group["lr"] = run.set["lr"]
        optimizer.zero_grad()
        logits = net(x)
        loss = loss_of(params, logits, y)
        loss.backward()
        optimizer.step()

        right = ((logits > 0) == (y > 0.5)).sum()
        run.log(step, loss=loss.item(), accuracy=right.item() / len(y))
        if params.validation == "notebook":
            with torch.no_grad():
                val_loss = loss_of(params, net(val_x), val_y).item()
            patience.update(val_loss)
            run.log(step, val_loss=val_loss)
        is_last = step == last or patience.is_over
        run.sketch(step, lambda: weights_of(net), at_once=is_last or step % max(1, last // SKETCHES) == 0)
        run.checkpoint(step)
        if run.should_stop:
            break

    with torch.no_grad():
        for row, chance in zip(x.tolist(), torch.sigmoid(net(x)).flatten().tolist(), strict=True):
            print(f"{row[0]:.0f} xor {row[1]:.0f} = {chance:.3f}")

"""The vocabulary layer and its cross-entropy in one pass, for PyTorch: 82 % of a training's arithmetic."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

ROWS = {"cpu": 512, "cuda": 16_384}
"""rows of logits in memory at once: 10 MB for 10,000 words in bfloat16; with more, a CPU multiplies more
slowly"""
TILE = 32
"""inner dimensions are padded to a multiple of this, the tile size of matrix units"""
SMALLEST = 1e-37
"""a probability that rounds to 0 still has a logarithm"""


class Workspace:
    """Buffers for one vocabulary layer, allocated once: mapping new pages costs more than multiplying."""

    def __init__(self, weight: Tensor, dtype: torch.dtype) -> None:
        words, self.width = weight.shape
        self.rows = ROWS[weight.device.type]
        self.columns = 1 if dtype is torch.float32 else 2
        inner = -(-(self.width + self.columns) // TILE) * TILE

        def buffer(*size: int) -> Tensor:
            return torch.zeros(size, dtype=dtype, device=weight.device)

        self.weight, self.slope = buffer(words, inner), buffer(words, inner)
        self.logits, self.errors = buffer(self.rows, words), buffer(self.rows, words)
        self.hidden, self.back = buffer(self.rows, inner), buffer(self.rows, inner)
        self.index = torch.arange(self.rows, device=weight.device)
        self.hidden[:, self.width : self.width + self.columns] = 1

    def load(self, weight: Tensor, bias: Tensor) -> None:
        """Copy weight and bias. The bias becomes columns for the ones in `hidden`; in bfloat16 two columns,
        the second for the rounding error of the first."""
        self.weight[:, : self.width] = weight
        rest = bias
        for column in range(self.width, self.width + self.columns):
            self.weight[:, column] = rest
            rest = rest - self.weight[:, column]


class VocabularyLoss(torch.autograd.Function):
    """Mean cross-entropy of `softmax(hidden @ weight.T + bias)` over N real words.

    hidden (N, width), weight (words, width), bias (words,), targets (N,). The gradients are computed in the
    forward pass, so logits are in memory for one chunk only.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, workspace: Workspace
    ) -> Tensor:
        workspace.load(weight, bias)
        count, width = hidden.shape
        hidden_slope = torch.empty_like(hidden)
        weight_slope, bias_slope = torch.empty_like(weight), torch.zeros_like(bias)
        loss, scale = torch.zeros((), device=weight.device), 1 / count
        for start in range(0, count, workspace.rows):
            part = slice(start, min(start + workspace.rows, count))
            loss -= _chunk(hidden[part], targets[part], workspace, hidden_slope[part])
            piece = workspace.slope[:, :width]
            weight_slope = weight_slope.add_(piece) if start else weight_slope.copy_(piece)
            bias_slope += workspace.slope[:, width]
        ctx.save_for_backward(hidden_slope.mul_(scale), weight_slope.mul_(scale), bias_slope.mul_(scale))
        return loss * scale

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        """The saved gradients; the loss has to be used as it is, so that its own gradient is 1."""
        hidden, weight, bias = ctx.saved_tensors
        return hidden, weight, bias, None, None


def _chunk(hidden: Tensor, targets: Tensor, workspace: Workspace, hidden_slope: Tensor) -> Tensor:
    """The summed log-probability of the targets; stores the unscaled gradients in workspace and
    `hidden_slope`."""
    n = len(targets)
    index, inputs, logits = workspace.index[:n], workspace.hidden[:n], workspace.logits[:n]
    inputs[:, : workspace.width] = hidden
    torch.mm(inputs, workspace.weight.t(), out=logits)
    errors = torch.softmax(logits, 1, out=workspace.errors[:n])
    found = errors[index, targets]
    errors[index, targets] = found - 1
    torch.mm(errors, workspace.weight, out=workspace.back[:n])
    hidden_slope.copy_(workspace.back[:n, : workspace.width])
    torch.mm(errors.t(), inputs, out=workspace.slope)
    return found.float().clamp_(min=SMALLEST).log_().sum()


@torch.no_grad()
def total_loss(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, rows: int = 512) -> float:
    """The summed cross-entropy of N words, in float32, for a perplexity."""
    total = 0.0
    for start in range(0, len(targets), rows):
        logits = torch.addmm(bias, hidden[start : start + rows], weight.t())
        total += torch.nn.functional.cross_entropy(
            logits, targets[start : start + rows], reduction="sum"
        ).item()
    return total

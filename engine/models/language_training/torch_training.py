"""Training of language models in PyTorch; the LSTM with the same weights and updates as in Keras."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from checkpoints import neutral
from checkpoints.manifest import Fact
from checkpoints.restore_checks import Extra
from checkpoints.torch_io import TorchState, environment, load_weights
from engine.models.language.model_description import LstmDescription, ModelDescription
from engine.models.language_training import training
from engine.models.language_training.torch_transformer import OutputBias, TorchTransformerNet
from engine.models.language_training.training import masks

CHUNK_ROWS = {"cpu": 512, "cuda": 16_384}
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
        self.rows = CHUNK_ROWS[weight.device.type]
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


Ids = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]
cross_entropy: Any = VocabularyLoss.apply
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
BETAS = (0.9, 0.999)
EPS = 1e-7  # Keras's


class TorchLstmNet(nn.Module):
    """Embedding, LSTM, vocabulary layer; the loss is computed outside, without all logits in memory."""

    def __init__(self, kind: LstmDescription) -> None:
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(kind.vocabulary, kind.embedding)
        self.lstm = nn.LSTM(kind.embedding, kind.hidden_size, kind.layers)
        for layer in range(kind.layers):  # one bias is enough; the second stays 0, since Keras has none
            getattr(self.lstm, f"bias_hh_l{layer}").requires_grad_(False)
        if kind.projection:
            self.projection = nn.Linear(kind.hidden_size, kind.embedding, bias=False)
        self.output: Any = OutputBias(kind.vocabulary) if kind.tied else nn.Linear(kind.top, kind.vocabulary)

    @property
    def vocabulary_weight(self) -> Tensor:
        weight: Tensor = self.embedding.weight if self.kind.tied else self.output.weight
        return weight

    def forward(self, words: Tensor, dropped: list[Tensor], dtype: torch.dtype) -> Any:
        """Words (T, B) -> input of the vocabulary layer (T, B, width). Padding is on the right: no mask."""
        x = self.embedding(words)
        if dropped:
            x = x * dropped[0]
        x = x.to(dtype)
        lstm: Any = torch._VF.lstm
        nothing = torch.zeros(1, words.shape[1], self.kind.hidden_size, dtype=dtype, device=words.device)
        for layer in range(self.kind.layers):
            x = lstm(x, (nothing, nothing), self._lstm(layer, dtype), True, 1, 0.0, True, False, False)[0]
            if dropped:
                x = x * dropped[layer + 1].to(dtype)
        if self.kind.projection:
            x = nn.functional.linear(x, self.projection.weight.to(dtype))
        return x

    def _lstm(self, layer: int, dtype: torch.dtype) -> list[Tensor]:
        kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        return [getattr(self.lstm, f"{kind}_l{layer}").to(dtype) for kind in kinds]


def _net(kind: ModelDescription) -> nn.Module:
    return TorchLstmNet(kind) if isinstance(kind, LstmDescription) else TorchTransformerNet(kind)


class TorchTraining(training.OneByOne):
    """A LanguageTraining; the initial weights are a function of `seed`."""

    net: Any

    def __init__(
        self, kind: ModelDescription, *, seed: int, dropout: float = 0.0, optimizer: str = "adam",
        clip: float = 0.0, decay: float = 0.0, precision: str = "fp32", device: str = "cpu",
    ) -> None:  # fmt: skip
        self.kind, self.seed, self.dropout, self.clip, self.decay = kind, seed, dropout, clip, decay
        self.device, self.dtype = device, DTYPES[precision]
        if device == "cpu":
            torch.set_flush_denormal(True)  # probabilities below 1e-38 would cost fifty times as much
        self.net = _net(kind).to(device)
        self.load_weights(training.weights(kind, seed))
        self.trained = [weight for weight in self.net.parameters() if weight.requires_grad]
        self.optimizer = _optimizer(optimizer, self.trained)
        self.workspace = Workspace(self.net.vocabulary_weight, self.dtype)

    def train_step(self, inputs: Ids, targets: Ids, step: int, lr: float) -> float:
        """Do update number `step`; inputs and targets (B, T), 0 is padding. Returns the mean loss of real
        words."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            if "betas" in group:  # Keras adds eps before it corrects the second moment, PyTorch after
                group["eps"] = EPS / math.sqrt(1 - BETAS[1] ** step)
        self.optimizer.zero_grad()
        rows, words = self._real(targets)
        hidden = self.net(self._words(inputs), self._dropped(inputs.shape, step), self.dtype)
        hidden = hidden.reshape(-1, self.kind.top)
        if len(rows) < len(hidden):
            hidden = hidden.index_select(0, rows)
        loss = cross_entropy(hidden, self.net.vocabulary_weight, self.net.output.bias, words, self.workspace)
        loss.backward()
        if self.clip:
            nn.utils.clip_grad_norm_(self.trained, self.clip)
        if self.decay:
            self._decay(1 - lr * self.decay)
        self.optimizer.step()
        return float(loss.item())

    @torch.no_grad()
    def _decay(self, factor: float) -> None:
        """Of matrices alone: biases and norms keep their size."""
        for weight in self.trained:
            if weight.dim() > 1:
                weight.mul_(factor)

    @torch.no_grad()
    def summed_loss(self, inputs: Ids, targets: Ids) -> float:
        """The summed loss of real words, in float32, without dropout."""
        rows, words = self._real(targets)
        hidden = self.net(self._words(inputs), [], torch.float32).reshape(-1, self.kind.top)
        return total_loss(hidden[rows], self.net.vocabulary_weight, self.net.output.bias, words)

    def weights(self) -> dict[str, NDArray[Any]]:
        """A copy, under the neutral names."""
        state = {name: one.detach().cpu().numpy().copy() for name, one in self.net.state_dict().items()}
        return neutral.from_torch(state, ["lstm"])[0]

    def load_weights(self, weights: Arrays) -> None:
        """Weights of either framework. Raises MismatchedCheckpoint."""
        load_weights(self.net, weights)

    def state(self, extras: Mapping[str, Extra]) -> TorchState:
        return TorchState(self.net, self.optimizer, extras=extras)

    def _words(self, inputs: Ids) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(inputs.T)).to(self.device)

    def _real(self, targets: Ids) -> tuple[Tensor, Tensor]:
        """Positions of real words in (T, B) order, and their ids."""
        flat = targets.T.reshape(-1)
        rows = np.flatnonzero(flat)
        return torch.from_numpy(rows).to(self.device), torch.from_numpy(flat[rows].astype(np.int64)).to(
            self.device
        )

    def _dropped(self, batch: tuple[int, ...], step: int) -> list[Tensor]:
        if not self.dropout:
            return []
        made = masks(self.kind, self.dropout, batch, self.seed, step)
        return [torch.from_numpy(mask).to(self.device) for mask in made]


def _optimizer(name: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
    """fused: one pass over weights, gradients and both moments instead of a dozen."""
    if name == "adam":
        return torch.optim.Adam(weights, betas=BETAS, eps=EPS, fused=True)
    return torch.optim.SGD(weights, lr=0.0, momentum=0.9 if name == "momentum" else 0.0, fused=True)


def product(rows: int, device: str) -> tuple[Callable[[str], object], Mapping[str, Fact]]:
    """A product (rows, 256) by (256, 4096) in a precision, and the environment that its time depends on."""
    inputs, weights = torch.ones(rows, 256, device=device), torch.ones(256, 4096, device=device)

    def multiply(precision: str) -> float:
        return (inputs.to(DTYPES[precision]) @ weights.to(DTYPES[precision]))[0, 0].item()

    return multiply, environment(torch.device(device))

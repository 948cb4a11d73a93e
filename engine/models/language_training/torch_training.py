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
from engine.models.language_training import sentence_plan, training
from engine.models.language_training.sentence_plan import SentencePlan, WantedWords
from engine.models.language_training.torch_transformer import OutputBias, TorchTransformerNet
from engine.models.language_training.training import masks

TILE = 32
"""inner dimensions are padded to a multiple of this, the tile size of matrix units"""
SMALLEST = 1e-37
"""a probability that rounds to 0 still has a logarithm"""


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

    def planned(self, x: Tensor, plan: SentencePlan, dropped: list[Tensor], workspace: Any) -> Tensor:
        """The embedding of the words of a plan -> input of the vocabulary layer (states, width), on a CPU.

        x has a row for each of `plan.distinct`, with dropout a row for each state.
        """
        from engine.models.language_training.torch_planned import lstm_over_plan

        rows, dtype = None if dropped else plan.words, workspace.dtype
        sentences = torch.from_numpy(plan.sentences)
        for layer in range(self.kind.layers):
            if dropped:
                x = x * dropped[layer][sentences]
            weight, recurrent, bias, _ = self._lstm(layer, torch.float32)
            by_word = nn.functional.linear(x.to(dtype), weight.to(dtype)).float() + bias
            x, rows = lstm_over_plan(by_word, recurrent, rows, plan, workspace, layer), None
        if dropped:
            x = x * dropped[-1][sentences]
        if self.kind.projection:
            x = nn.functional.linear(x.to(dtype), self.projection.weight.to(dtype)).float()
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
        compiled: bool = True,
    ) -> None:  # fmt: skip
        """`compiled`: on a CPU, loops of Numba's do what PyTorch has no fast operation for."""
        self.kind, self.seed, self.dropout, self.clip, self.decay = kind, seed, dropout, clip, decay
        self.device, self.dtype = device, DTYPES[precision]
        if device == "cpu":
            torch.set_flush_denormal(True)  # probabilities below 1e-38 would cost fifty times as much
        self.net = _net(kind).to(device)
        self.load_weights(training.weights(kind, seed))
        self.trained = [weight for weight in self.net.parameters() if weight.requires_grad]
        self.optimizer = _optimizer(optimizer, self.trained)
        self.workspace: Any = None
        self.d_embedding: Tensor | None = None
        if compiled and device == "cpu":
            from engine.models.language_training import torch_planned

            words, width = self.net.vocabulary_weight.shape
            self.workspace = torch_planned.TrainingBuffers(words, width, self.dtype)

    def train_step(self, inputs: Ids, targets: Ids, step: int, lr: float) -> float:
        """Do update number `step`; inputs and targets (B, T), 0 is padding. Returns the mean loss of real
        words."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            if "betas" in group:  # Keras adds eps before it corrects the second moment, PyTorch after
                group["eps"] = EPS / math.sqrt(1 - BETAS[1] ** step)
        self.optimizer.zero_grad()
        loss = (self._slopes if self.workspace is None else self._compiled_slopes)(inputs, targets, step)
        if self.clip:
            nn.utils.clip_grad_norm_(self.trained, self.clip)
        if self.decay:
            self._decay(1 - lr * self.decay)
        self.optimizer.step()
        return loss

    def _slopes(self, inputs: Ids, targets: Ids, step: int) -> float:
        """The mean loss by PyTorch alone; its gradients are in `grad` of the weights."""
        rows, words = self._real(targets)
        hidden = self._hidden(inputs, rows, self._dropped(inputs.shape, step))
        weight, bias = self.net.vocabulary_weight.to(self.dtype), self.net.output.bias
        logits = nn.functional.linear(hidden.to(self.dtype), weight).float() + bias
        loss = nn.functional.cross_entropy(logits, words)
        torch.autograd.backward(loss)
        return float(loss.item())

    def _compiled_slopes(self, inputs: Ids, targets: Ids, step: int) -> float:
        """The same by Numba's loops; an LSTM goes over the plan of the batch."""
        dropped = self._dropped(inputs.shape, step)
        if isinstance(self.kind, LstmDescription) and (not dropped or self.dtype == torch.float32):
            plan = sentence_plan.plan(inputs, targets, shares=not dropped)
            words = torch.from_numpy(plan.distinct[plan.words] if dropped else plan.distinct)
            x = self.net.embedding.weight.detach()[words].requires_grad_()
            loss, hidden, slope = self._output(
                self.net.planned(x, plan, dropped, self.workspace), plan.wanted
            )
            torch.autograd.backward(hidden, slope)
            self._embedding_slope().index_add_(0, words, x.grad)
        else:
            rows, wanted = self._real(targets)
            pairs = sentence_plan.wanted_words(np.arange(len(rows)), wanted.numpy())
            loss, hidden, slope = self._output(self._hidden(inputs, rows, dropped).float(), pairs)
            torch.autograd.backward(hidden, slope)
        return loss

    def _output(self, hidden: Tensor, wanted: WantedWords) -> tuple[float, Tensor, Tensor]:
        """The mean loss, `hidden` and its gradient; that of the vocabulary layer is in its weights."""
        from engine.models.language_training.torch_planned import vocabulary_loss

        weight, bias = self.net.vocabulary_weight, self.net.output.bias
        loss, slope = vocabulary_loss(hidden.detach(), weight, bias, wanted, self.workspace)
        weight.grad, bias.grad = self.workspace.d_weight, self.workspace.d_bias
        return loss, hidden, slope

    def _embedding_slope(self) -> Tensor:
        weight = self.net.embedding.weight
        if weight.grad is None:
            self.d_embedding = (
                torch.zeros_like(weight) if self.d_embedding is None else self.d_embedding.zero_()
            )
            weight.grad = self.d_embedding
        slope: Tensor = weight.grad
        return slope

    def _hidden(self, inputs: Ids, rows: Tensor, dropped: list[Tensor]) -> Tensor:
        """Input of the vocabulary layer (rows, width) at the positions `rows`."""
        hidden: Tensor = self.net(self._words(inputs), dropped, self.dtype).reshape(-1, self.kind.top)
        return hidden if len(rows) == len(hidden) else hidden.index_select(0, rows)

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

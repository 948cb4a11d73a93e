"""Training of language models in PyTorch on a GPU: cuDNN's LSTM and the vocabulary layer in bfloat16, the
gradients of each size of batch captured as a CUDA graph.

On a CPU, where tests have it, the same operations are called one by one.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.models.cuda_graph import Body, Capture, capture_on
from engine.models.language.model_description import LstmDescription
from engine.models.language_training.torch_training import BETAS, EPS, SMALLEST, TILE, TorchTraining
from engine.models.language_training.training import Update, masks

TOGETHER = 8
"""updates whose losses are read at once: while the GPU computes, the next batches are made"""
BFLOAT16_LSTM = 91300
"""the first cuDNN whose LSTM knows bfloat16; with an older one PyTorch computes it step by step, slowly"""
ROWS = 4096
"""of logits in memory at once: 164 MB for 10,000 words in bfloat16"""

Masks = list[NDArray[np.float32]]


class GpuTraining(TorchTraining):
    """A LanguageTraining. `report` is told where the GPU or the libraries lack something."""

    together = TOGETHER

    def __init__(
        self, *given: Any, report: Callable[[str], object] = print, capture: Capture | None = None,
        **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(*given, **options)
        self._report, self._capture = report, capture or capture_on(self.device)
        self.layers_dtype = self._dtype_of_layers()
        for weight in self.trained:  # graphs write into this memory
            weight.grad = torch.zeros_like(weight)
        self._head = HeadMemory(self.net.vocabulary_weight, self.dtype)
        self._losses = torch.zeros(TOGETHER, device=self.device)
        self._pool = torch.cuda.graph_pool_handle() if self.device == "cuda" else None
        self._graphs: dict[tuple[int, ...], BatchGraph] = {}

    def train_step(self, inputs: Any, targets: Any, step: int, lr: float) -> float:
        """As in TorchTraining."""
        return self.train_steps([(inputs, targets, step, lr)])[0]

    def train_steps(self, updates: Iterable[Update]) -> list[float]:
        """TOGETHER updates at most; returns their losses, which are read after the last."""
        count = 0
        for inputs, targets, step, lr in updates:
            graph = self._graph(inputs.shape)
            graph.load(inputs, targets, self._masks(inputs.shape, step))
            graph.run()
            self._losses[count].copy_(graph.loss)
            self._apply(step, lr)
            count += 1
        found: list[float] = self._losses[:count].tolist()
        return found

    def _apply(self, step: int, lr: float) -> None:
        """Update the weights with the gradients that the graph left."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
            if "betas" in group:  # Keras adds eps before it corrects the second moment, PyTorch after
                group["eps"] = EPS / math.sqrt(1 - BETAS[1] ** step)
        if self.clip:
            nn.utils.clip_grad_norm_(self.trained, self.clip)
        if self.decay:
            self._decay(1 - lr * self.decay)
        self.optimizer.step()

    def _masks(self, batch: tuple[int, ...], step: int) -> Masks:
        """A function of (seed, step)."""
        return masks(self.kind, self.dropout, batch, self.seed, step) if self.dropout else []

    def _graph(self, batch: tuple[int, ...]) -> BatchGraph:
        """Every batch is trained by a graph, also one whose size comes once: a resumed run has the same."""
        if batch not in self._graphs:
            graph = BatchGraph(batch, self._masks(batch, 1), self._slopes_into, self.device)
            try:
                graph.run = self._capture(graph.compute, None, self._pool)
            except RuntimeError as error:
                first = next(iter(str(error).splitlines()), "")
                self._report(
                    f"Updates are started one by one, more slowly: no CUDA graph could be made: {first}"
                )
            self._graphs[batch] = graph
        return self._graphs[batch]

    def _slopes_into(self, graph: BatchGraph) -> None:
        """The loss and the gradients of the batch in the memory of the graph."""
        hidden = self.net(graph.words, graph.dropped, self.layers_dtype).reshape(-1, self.kind.top)
        loss = gpu_cross_entropy(
            hidden, self.net.vocabulary_weight, self.net.output.bias, graph.targets, graph.real, graph.share,
            self._head,
        )  # fmt: skip
        for weight, slope in zip(self.trained, torch.autograd.grad(loss, self.trained), strict=True):
            assert weight.grad is not None
            weight.grad.copy_(slope)
        graph.loss.copy_(loss.detach())

    def _dtype_of_layers(self) -> torch.dtype:
        """That of the products, for an LSTM float32 where cuDNN's knows no bfloat16."""
        if not isinstance(self.kind, LstmDescription) or self.dtype is torch.float32:
            return self.dtype
        version = cudnn_version(self.device)
        if version is not None and version < BFLOAT16_LSTM:
            return self._layers_in_float32(f"that needs cuDNN {BFLOAT16_LSTM}, this is {version}")
        # cuDNN would like the weights in one piece: they are copied into one, which costs little in a graph.
        warnings.filterwarnings(
            "ignore", message="RNN module weights are not part of single contiguous chunk"
        )
        try:
            words = torch.ones(2, 1, dtype=torch.int32, device=self.device)
            torch.autograd.grad(
                self.net(words, [], self.dtype).float().sum(), self.trained, allow_unused=True
            )
        except RuntimeError as error:
            return self._layers_in_float32(next(iter(str(error).splitlines()), ""))
        return self.dtype

    def _layers_in_float32(self, why: str) -> torch.dtype:
        self._report(f"The LSTM trains in float32, its vocabulary layer in bfloat16: {why}")
        return torch.float32


def cudnn_version(device: str) -> int | None:
    """None where cuDNN does not compute the LSTM."""
    return torch.backends.cudnn.version() if device == "cuda" else None  # type: ignore[no-untyped-call]


class BatchGraph:
    """The memory of all batches of one size (B, T), and what computes loss and gradients of what is in it."""

    def __init__(
        self, batch: tuple[int, ...], dropped: Masks, compute: Callable[[BatchGraph], None], device: str
    ) -> None:
        rows, length = batch
        self.words = torch.zeros(length, rows, dtype=torch.int32, device=device)
        self.targets = torch.zeros(length * rows, dtype=torch.int64, device=device)
        self.real = torch.zeros(length * rows, 1, device=device)
        """1 for a word, 0 for padding"""
        self.share = torch.zeros((), device=device)
        """1 / number of words"""
        self.dropped = [torch.zeros(mask.shape, device=device) for mask in dropped]
        self.loss = torch.zeros((), device=device)
        self.compute: Body = lambda: compute(self)
        self.run = self.compute

    def load(self, inputs: Any, targets: Any, dropped: Masks) -> None:
        flat = np.ascontiguousarray(targets.T).reshape(-1)
        real = flat != 0
        _put(self.words, np.ascontiguousarray(inputs.T))
        _put(self.targets, flat)
        _put(self.real, real[:, None])
        self.share.fill_(1 / int(real.sum()))
        for mask, drawn in zip(self.dropped, dropped, strict=True):
            _put(mask, drawn)


def _put(buffer: Tensor, values: NDArray[Any]) -> None:
    """To a GPU without waiting for what it still computes: a copy from pinned memory is put in its queue."""
    source = torch.from_numpy(values)
    if buffer.is_cuda:
        source = source.to(buffer.dtype).pin_memory()
    buffer.copy_(source, non_blocking=True)


# --- the vocabulary layer -----------------------------------------------------------------------------------


class HeadMemory:
    """Memory for the vocabulary layer, allocated once."""

    def __init__(self, weight: Tensor, dtype: torch.dtype) -> None:
        words, self.width = weight.shape
        self.columns = 1 if dtype is torch.float32 else 2
        inner = -(-(self.width + self.columns) // TILE) * TILE

        def buffer(*size: int) -> Tensor:
            return torch.zeros(size, dtype=dtype, device=weight.device)

        self.weight, self.slope = buffer(words, inner), buffer(words, inner)
        self.logits, self.errors = buffer(ROWS, words), buffer(ROWS, words)
        self.hidden, self.back = buffer(ROWS, inner), buffer(ROWS, inner)
        self.classes = torch.arange(words, device=weight.device)

    def load(self, weight: Tensor, bias: Tensor) -> None:
        """The bias is a column, in bfloat16 two: the second has the rounding error of the first."""
        self.weight[:, : self.width] = weight
        rest = bias
        for column in range(self.width, self.width + self.columns):
            self.weight[:, column] = rest
            rest = rest - self.weight[:, column]


class GpuVocabularyLoss(torch.autograd.Function):
    """Mean cross-entropy of `softmax(hidden @ weight.T + bias)` over the rows with `real` 1.

    hidden (N, width), weight (words, width), bias (words,), targets (N,), real (N, 1), share () 1 / number of
    real rows. The gradients are computed in the forward pass, so logits are in memory for one chunk only. N
    is that of the padded batch: the size of a batch shall not depend on how much of it is padding.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor, real: Tensor, share: Tensor,
        memory: HeadMemory,
    ) -> Tensor:  # fmt: skip
        memory.load(weight, bias)
        width = memory.width
        hidden_slope = torch.empty_like(hidden)
        weight_slope, bias_slope = torch.zeros_like(weight), torch.zeros_like(bias)
        loss = torch.zeros((), device=weight.device)
        for start in range(0, len(hidden), ROWS):
            part = slice(start, start + ROWS)
            loss -= _chunk(hidden[part], targets[part], real[part], memory, hidden_slope[part])
            weight_slope += memory.slope[:, :width]
            bias_slope += memory.slope[:, width]
        ctx.save_for_backward(hidden_slope * share, weight_slope * share, bias_slope * share)
        return loss * share

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        """The saved gradients; the loss has to be used as it is, so that its own gradient is 1."""
        return *(one for one in ctx.saved_tensors), None, None, None, None


def _chunk(hidden: Tensor, targets: Tensor, real: Tensor, memory: HeadMemory, hidden_slope: Tensor) -> Tensor:
    """The summed log-probability of the targets; leaves the unscaled gradients in memory and
    `hidden_slope`. Rows of padding are 0 in the input, and so in the gradients of weight and bias."""
    n, width = len(targets), memory.width
    inputs, logits = memory.hidden[:n], memory.logits[:n]
    inputs[:, :width] = hidden * real
    inputs[:, width : width + memory.columns] = real
    torch.mm(inputs, memory.weight.t(), out=logits)
    errors = torch.softmax(logits, 1, out=memory.errors[:n])
    found = errors.gather(1, targets[:, None])
    # No indexing: an index that may repeat is sorted first where the algorithms have to be deterministic.
    errors.sub_(torch.eq(memory.classes, targets[:, None], out=logits))
    torch.mm(errors, memory.weight, out=memory.back[:n])
    hidden_slope.copy_(memory.back[:n, :width] * real)
    torch.mm(errors.t(), inputs, out=memory.slope)
    return (found.float().clamp_(min=SMALLEST).log_() * real).sum()


gpu_cross_entropy: Any = GpuVocabularyLoss.apply

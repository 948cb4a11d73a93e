"""An LSTM over the states of a batch's plan, and the loss of its vocabulary layer, for PyTorch on a CPU."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.models.language_training import language_kernels as kernels
from engine.models.language_training.sentence_plan import SentencePlan, WantedWords

CHUNK_ROWS = {torch.float32: 320, torch.bfloat16: 512}
"""rows of hidden units whose logits are in memory at once: 9 MB for 7,000 words"""


class TrainingBuffers:
    """Buffers of a training, allocated once: mapping new pages costs as much as multiplying."""

    def __init__(self, words: int, width: int, dtype: torch.dtype) -> None:
        self.rows, self.dtype = CHUNK_ROWS[dtype], dtype
        self.logits = torch.empty(words * self.rows, dtype=dtype)
        self.weight = torch.empty(words, width, dtype=dtype)
        self.slope = torch.empty(words, width, dtype=dtype)
        self.d_weight, self.d_bias = torch.empty(words, width), torch.empty(words)
        self._grown: dict[str, Tensor] = {}

    def buffer(self, name: str, rows: int, width: int) -> Tensor:
        """(rows, width) in float32, with what was left there; the same memory at each step."""
        size = rows * width
        if name not in self._grown or len(self._grown[name]) < size:
            self._grown[name] = torch.empty(size + size // 2)
        return self._grown[name][:size].view(rows, width)


def multiply(left: Tensor, right: Tensor, out: Tensor) -> Tensor:
    """left @ right, in `out`; in float32 on one thread by NumPy, whose OpenBLAS is quicker here than MKL: a
    tenth, and two fifths where a width is no multiple of 16. Several of its threads wait for each other
    actively, which takes half of the throughput beside other work."""
    if out.dtype == torch.float32 and torch.get_num_threads() == 1:
        np.matmul(left.numpy(), right.numpy(), out=out.numpy())
        return out
    return torch.mm(left, right, out=out)


def product(left: Tensor, right: Tensor, dtype: torch.dtype) -> Tensor:
    """left @ right, multiplied in `dtype`, in float32."""
    made = torch.empty(left.shape[0], right.shape[1], dtype=dtype)
    return multiply(left.to(dtype), right.to(dtype), made).float()


class LstmOverPlan(torch.autograd.Function):
    """by_word (k, 4H) and recurrent (4H, H) -> outputs (states, H), float32; initial states are 0.

    by_word is the words' share of the gates' inputs with the bias in it; `rows` (states) index it, None where
    each state has its own. The recurrent weights meet each state once, however many follow it; products are
    in the dtype of the workspace, whose buffers of `layer` have to stay until the gradient is computed.
    """

    @staticmethod
    def forward(
        ctx: Any, by_word: Tensor, recurrent: Tensor, rows: Any, plan: SentencePlan,
        workspace: TrainingBuffers, layer: int,
    ) -> Tensor:  # fmt: skip
        dtype, h = workspace.dtype, recurrent.shape[1]
        weight = recurrent.to(dtype)
        own = rows is None
        rows = np.arange(plan.count) if own else rows
        names = (("gates", 4), ("cells", 1), ("bent", 1), ("out", 1))
        gates, cells, bent, out = (
            workspace.buffer(f"{name} {layer}", plan.count, wide * h) for name, wide in names
        )
        by_state, before = np.zeros((1, 4 * h), np.float32), np.zeros((1, h), np.float32)
        for start, stop in pairwise(plan.edges):
            made = [one[start:stop].numpy() for one in (gates, cells, bent, out)]
            which = rows[start:stop], plan.parents[start:stop]
            kernels.lstm_step(by_state, by_word.numpy(), *which, before, *made)
            if stop < plan.count:
                by_state, before = product(out[start:stop], weight.t(), dtype).numpy(), made[1]
        ctx.workspace, ctx.saved = workspace, (own, by_word, weight, rows, plan, gates, cells, bent, out)
        return out

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        own, by_word, weight, rows, plan, gates, cells, bent, out = ctx.saved
        d_out, (count, h) = slopes[0].clone(), cells.shape
        d_cells = ctx.workspace.buffer("d_cells", count, h).zero_()
        d_by_state = ctx.workspace.buffer("d_by_state", count, 4 * h).zero_()
        d_by_word = ctx.workspace.buffer("d_by_word", 0 if own else len(by_word), 4 * h).zero_()
        root = [np.zeros((1, wide * h), np.float32) for wide in (4, 1, 1)]
        for t in reversed(range(len(plan.edges) - 1)):
            now, last = slice(*plan.edges[t : t + 2]), slice(plan.edges[t - 1], plan.edges[t])
            above = [one[last].numpy() for one in (d_by_state, d_cells, cells)] if t else root
            kernels.lstm_step_back(
                d_out[now].numpy(), d_cells[now].numpy(), rows[now], plan.parents[now], above[2],
                gates[now].numpy(), bent[now].numpy(), above[0], d_by_word.numpy(), above[1],
            )  # fmt: skip
            if t:
                d_out[last] += product(d_by_state[last], weight, weight.dtype)
        return gates if own else d_by_word, product(d_by_state.t(), out, weight.dtype), None, None, None, None


lstm_over_plan: Any = LstmOverPlan.apply


@torch.no_grad()
def vocabulary_loss(
    hidden: Tensor, weight: Tensor, bias: Tensor, wanted: WantedWords, workspace: TrainingBuffers
) -> tuple[float, Tensor]:
    """The mean cross-entropy of `softmax(hidden @ weight.T + bias)` over all wanted words, and the gradient
    of hidden (rows, width); those of weight (words, width) and bias (words,) are left in the workspace.

    Logits are in memory for one chunk of rows only; products are in the dtype of the workspace.
    """
    d_hidden, d_weight, d_bias = torch.empty_like(hidden), workspace.d_weight, workspace.d_bias.zero_()
    narrow = workspace.weight.copy_(weight) if workspace.dtype != weight.dtype else weight.detach()
    cuts = np.linspace(0, wanted.count, -(-wanted.count // workspace.rows) + 1).astype(int).tolist()
    loss = 0.0
    for start, stop in pairwise(cuts):
        part, rows = wanted.part(start, stop), hidden[start:stop]
        z = workspace.logits[: len(weight) * len(rows)].view(len(weight), len(rows))
        multiply(narrow, rows.to(z.dtype).t(), z)
        found, share = _errors(z, bias, part, wanted.total, d_bias)
        loss += found
        d_hidden[start:stop] = product(z.t(), narrow, z.dtype).mul_(share[:, None])
        slope = multiply(z, (rows * share[:, None]).to(z.dtype), workspace.slope)
        if start:
            _split(partial(kernels.add_rows, raw(slope), d_weight.numpy()), len(slope))
        else:
            d_weight.copy_(slope)
    return loss / wanted.total, d_hidden


def raw(tensor: Tensor) -> Any:
    """As the loops take it: bfloat16 as uint16."""
    plain = tensor.detach()
    return (plain if plain.dtype == torch.float32 else plain.view(torch.uint16)).numpy()


def _errors(
    z: Tensor, bias: Tensor, wanted: WantedWords, total_words: int, d_bias: Tensor
) -> tuple[float, Tensor]:
    """The summed loss and `share` (n): logits without bias z (words, n) become the gradient of the mean loss
    divided by the share of their column. The bias's is added to d_bias."""
    logits, biases = raw(z), raw(bias)
    pairs = torch.from_numpy(wanted.words), torch.from_numpy(wanted.rows)
    found = z[pairs].float() + bias.detach()[pairs[0]]
    top, part = np.empty((2, wanted.count), np.float32)
    total = np.empty(wanted.count)
    _split(partial(kernels.exponentials, logits, biases, top, part, total), wanted.count)
    loss = wanted.weights @ (np.log(total) + top) - wanted.times @ found.double().numpy()
    hits = wanted.times / wanted.weights[wanted.rows] * total[wanted.rows]
    z[pairs] = (z[pairs] - torch.from_numpy(hits)).to(z.dtype)
    share = (wanted.weights / (total * total_words)).astype(np.float32)
    _split(partial(kernels.add_weighted_rows, logits, share, d_bias.numpy()), len(z))
    return float(loss), torch.from_numpy(share)


def _split(work: Callable[[int, int], None], count: int) -> None:
    """`work` on the ranges of `count` that each of PyTorch's threads gets."""
    threads = min(torch.get_num_threads(), count)
    cuts = [count * number // threads for number in range(threads + 1)]
    others = [_pool().submit(work, *cut) for cut in pairwise(cuts[1:])]
    work(*cuts[:2])
    for other in others:
        other.result()


@cache
def _pool() -> ThreadPoolExecutor:
    def begin() -> None:
        torch.set_flush_denormal(True)  # of a thread, as TorchTraining does for its own

    return ThreadPoolExecutor(thread_name_prefix="vocabulary", initializer=begin)

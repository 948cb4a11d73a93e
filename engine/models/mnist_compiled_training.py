"""Whether compiled loops can train a network of PyTorch's, and how they begin.

They train it in its own memory: the parameters stay PyTorch's, and so do the optimizer and its moments. What
validates, draws or saves the network needs to know nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.optim import Adam

from engine.models import compiled_loops

FILTERS, SIZE = 5, 5
MOST_IMAGES = 2000
"""in a batch: every image takes 100 kB of memory"""
MODULE, ONCE = "engine.models.mnist_kernels", "once, about 10 s"

Update = Callable[[Tensor], float]
"""of the images with the given indices; returns their mean loss"""


@dataclass(frozen=True, slots=True)
class CompiledTraining:
    """`name` says all that the bits of a result depend on; `begin` takes over a network as it is now."""

    name: str
    begin: Callable[[nn.Sequential, Adam, Tensor, Tensor, int], Update]


def offer(net: nn.Sequential, side: int, batch: int, cache: Path,
          report: Callable[[str], object]) -> CompiledTraining | None:  # fmt: skip
    """None where PyTorch has to do it itself."""
    if not fits(net, side, batch):
        return None
    try:
        return compiled(cache, report)
    except (ImportError, OSError, RuntimeError) as error:
        report(f"PyTorch trains by itself, two to three times slower: Numba cannot be used: {error}.")
        return None


def fits(net: nn.Sequential, side: int, batch: int) -> bool:
    """Up to two 5x5 convolutions that are pooled to even sides, then dense layers, on a CPU. Dropout drops
    half of what goes into the first of them."""
    convs = [layer for layer in net if isinstance(layer, nn.Conv2d)]
    return (
        len(convs) <= 2
        and any(isinstance(layer, nn.Linear) for layer in net)
        and batch <= MOST_IMAGES
        and side % 2 ** len(convs) == 0
        and all(conv.out_channels == FILTERS and conv.kernel_size == (SIZE, SIZE) for conv in convs)
        and all(layer.p == 0.5 for layer in net if isinstance(layer, nn.Dropout))
        and all(weight.device.type == "cpu" for weight in net.parameters())
    )


def compiled(cache: Path, report: Callable[[str], object]) -> CompiledTraining:
    """The loops compiled for this processor, or read from the cache where that was done before."""
    name = compiled_loops.prepare(
        MODULE, "mnist", cache, f"small networks for this processor: {ONCE}", report
    )
    from engine.models.mnist_kernels import Learner

    def begin(net: nn.Sequential, optimizer: Adam, pixels: Tensor, labels: Tensor, seed: int) -> Update:
        return with_one_thread(Learner(net, optimizer, pixels, labels, seed))

    return CompiledTraining(name, begin)


def with_one_thread(update: Update) -> Update:
    """PyTorch's matrix products get one thread: with more their bits differ. Validation keeps all threads."""

    def with_one(chosen: Tensor) -> float:
        if (threads := torch.get_num_threads()) == 1:
            return update(chosen)
        torch.set_num_threads(1)
        try:
            return update(chosen)
        finally:
            torch.set_num_threads(threads)

    return with_one

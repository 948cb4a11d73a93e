"""Whether compiled loops can train a network of PyTorch's, and how they begin.

They train it in its own memory: the parameters stay PyTorch's, and so do the optimizer and its moments. What
validates, draws or saves the network needs to know nothing of it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Adam

FILTERS, SIZE = 5, 5
MOST_IMAGES = 2000
"""in a batch: every image takes 100 kB of room to work in"""
SECONDS = 10
COMPILE = "from engine.models.compiled_training import compile_loops; compile_loops()"

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
    except (ImportError, OSError, RuntimeError, subprocess.CalledProcessError) as error:
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
    import llvmlite.binding
    import numba

    config: Any = numba.config
    version = fingerprint()
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache / "numba") / f"mnist-{version}"
    if not folder.is_dir():
        report(f"Compiling the loops of small networks for this processor: once, about {SECONDS} s.")
        # In a process of its own: code that was compiled here would give other bits than the same code
        # read from the cache by the process that resumes the run.
        environ = os.environ | {"NUMBA_CACHE_DIR": str(folder)}
        subprocess.run([sys.executable, "-P", "-c", COMPILE], env=environ, check=True)
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        from engine.models.mnist_kernels import Learner
    finally:
        config.CACHE_DIR = before
    processor = config.CPU_NAME or llvmlite.binding.get_host_cpu_name()

    def begin(net: nn.Sequential, optimizer: Adam, pixels: Tensor, labels: Tensor, seed: int) -> Update:
        return with_one_thread(Learner(net, optimizer, pixels, labels, seed))

    return CompiledTraining(f"compiled {version}, numba {numba.__version__}, {processor}", begin)


def compile_loops() -> None:
    """Compile all loops into NUMBA_CACHE_DIR: two updates of a network that has every kind of layer."""
    from engine.models.mnist_kernels import Learner

    net = nn.Sequential(
        nn.Conv2d(1, FILTERS, SIZE, padding=2), nn.MaxPool2d(2), nn.ReLU(),
        nn.Conv2d(FILTERS, FILTERS, SIZE, padding=2), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(),
        nn.Dropout(0.5), nn.Linear(FILTERS * 4, 8), nn.ReLU(), nn.Linear(8, 10),
    )  # fmt: skip
    images, labels = torch.zeros(16, 1, 8, 8), torch.zeros(16, dtype=torch.int64)
    learner = Learner(net, Adam(net.parameters()), images, labels, seed=1)
    for _ in range(2):
        learner(torch.arange(16))


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


def fingerprint() -> str:
    """Of the source that is compiled."""
    return hashlib.sha256(Path(__file__).with_name("mnist_kernels.py").read_bytes()).hexdigest()[:8]

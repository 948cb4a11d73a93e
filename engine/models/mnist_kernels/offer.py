"""Whether the compiled loops can train a network of PyTorch's, and how they begin.

They train it in its own memory: the parameters stay PyTorch's, and so do the optimizer and its moments. What
validates, draws or saves the network needs to know nothing of it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Adam

if TYPE_CHECKING:
    from engine.models.mnist_kernels.layers import Parameter

LANES, FILTERS, SIZE = 16, 5, 5
MOST_IMAGES = 2000
"""in a batch: every image takes 60 kB of room to work in"""
SECONDS = 10


@dataclass(frozen=True, slots=True)
class CompiledTraining:
    """`name` says all that the bits of a result depend on; `begin` takes over a network as it is now."""

    name: str
    begin: Callable[[nn.Sequential, Adam, Tensor, Tensor, int], Learner]


def offer(net: nn.Sequential, side: int, batch: int, threads: int, cache: Path,
          report: Callable[[str], object]) -> CompiledTraining | None:  # fmt: skip
    """None where PyTorch has to do it itself. Compiles when that has not been done on this processor."""
    if not fits(net, side, batch):
        return None
    try:
        name = _compiled(cache, report)
    except (ImportError, OSError, RuntimeError) as error:
        report(f"PyTorch trains by itself, two to three times slower: Numba cannot be used: {error}.")
        return None

    def begin(net: nn.Sequential, optimizer: Adam, pixels: Tensor, labels: Tensor, seed: int) -> Learner:
        return Learner(net, optimizer, pixels, labels, batch, threads, seed)

    return CompiledTraining(name, begin)


def fits(net: nn.Sequential, side: int, batch: int) -> bool:
    """Up to two 5x5 convolutions that are pooled to even sides, up to three dense layers, on a CPU. Dropout
    drops half of what goes into the first of them."""
    convs, denses = _layers(net, nn.Conv2d), _layers(net, nn.Linear)
    return (
        len(convs) <= 2
        and 1 <= len(denses) <= 3
        and batch <= MOST_IMAGES
        and side % 2 ** len(convs) == 0
        and all(conv.out_channels == FILTERS and conv.kernel_size == (SIZE, SIZE) for conv in convs)
        and all(dense.in_features >= LANES for dense in denses)
        and all(layer.p == 0.5 for layer in _layers(net, nn.Dropout))
        and all(weight.device.type == "cpu" for weight in net.parameters())
    )


def _compiled(cache: Path, report: Callable[[str], object]) -> str:
    """Compiled code lies under a name of its sources: Numba compares only the file that is called first."""
    import llvmlite.binding
    import numba

    version = fingerprint()
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or cache / "numba") / f"swift-{version}"
    if not folder.is_dir():
        report(f"Compiling the loops of small networks for this processor: once, about {SECONDS} s.")
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(folder)
    try:
        from engine.models.mnist_kernels.trainer import warm
    finally:
        config.CACHE_DIR = before
    warm()
    return f"compiled {version}, numba {numba.__version__}, {llvmlite.binding.get_host_cpu_name()}"


def fingerprint() -> str:
    """Of the sources that are compiled."""
    whole = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()[:8]


class Learner:
    """Called with the numbers of images, it does an update and returns their mean loss. What dropout keeps
    follows from `seed` and the update's number."""

    def __init__(self, net: nn.Sequential, optimizer: Adam, pixels: Tensor, labels: Tensor, batch: int,
                 threads: int, seed: int) -> None:  # fmt: skip
        from engine.models.mnist_kernels.trainer import KernelTrainer

        self._group = optimizer.param_groups[0]
        self._counts = _counts(optimizer)
        self._trainer = KernelTrainer(
            [_pair(layer, optimizer) for layer in _layers(net, nn.Conv2d)],
            [_pair(layer, optimizer) for layer in _layers(net, nn.Linear)],
            pixels.reshape(len(pixels), -1).numpy(), labels.numpy(), batch, threads,
            seed if any(isinstance(layer, nn.Dropout) for layer in net) else None,
        )  # fmt: skip

    def __call__(self, chosen: Tensor) -> float:
        numbers = chosen.numpy()
        self._counts += 1
        return self._trainer.step(numbers, int(self._counts[0]), self._group["lr"])


def _layers(net: nn.Sequential, kind: type[Any]) -> list[Any]:
    return [layer for layer in net if isinstance(layer, kind)]


def _counts(optimizer: Adam) -> NDArray[np.float32]:
    """Updates done, for each parameter: PyTorch counts them apart. Seen by the optimizer too."""
    weights = optimizer.param_groups[0]["params"]
    counts = np.array([float(optimizer.state[one].get("step", 0)) for one in weights], np.float32)
    for n, weight in enumerate(weights):
        optimizer.state[weight]["step"] = torch.from_numpy(counts[n : n + 1]).view(())
    return counts


def _pair(layer: Any, optimizer: Adam) -> tuple[Parameter, Parameter]:
    return _shared(layer.weight, optimizer), _shared(layer.bias, optimizer)


def _shared(weight: nn.Parameter, optimizer: Adam) -> Parameter:
    """Move a parameter and its moments into aligned memory that compiled code and PyTorch both see."""
    from engine.models.mnist_kernels.layers import Parameter

    state = optimizer.state[weight]
    weight.data, value = _moved(weight.data)
    state["exp_avg"], mean = _moved(state.get("exp_avg", torch.zeros_like(weight)))
    state["exp_avg_sq"], square = _moved(state.get("exp_avg_sq", torch.zeros_like(weight)))
    return Parameter(value, mean, square)


def _moved(tensor: Tensor) -> tuple[Tensor, Any]:
    from engine.models.mnist_kernels.layers import zeros

    flat = zeros(tensor.numel())
    flat[:] = np.asarray(tensor.detach().contiguous()).reshape(-1)
    return torch.from_numpy(flat).view(tensor.shape), flat

"""Updates of a small network on a GPU, captured as a CUDA graph.

At batch 50 an update is sixty operations of a few microseconds, and starting each from Python takes longer
than it runs. A captured graph of STEPS updates is started with one call. The numbers are those of plain
PyTorch.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engine.models.cuda_graph import Body, Capture, cuda_graph

STEPS = 20
"""updates of one call: enough that the calls cost little, few enough that a pause comes at once"""
Inputs = Sequence[Any]
"""of one update: tensors on the device, NumPy arrays, numbers"""


def steps_of(device: str) -> int:
    """Updates of one call: on a GPU STEPS, so that Python does not hold it up."""
    return STEPS if device == "cuda" else 1


def set_rate(optimizer: Optimizer, rate: float | Tensor) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


class CapturedUpdates:
    """`update` does one update with the inputs it is given, as tensors, and returns its loss as a tensor.

    What changes from update to update has to be among the inputs, such as the learning rate, which `update`
    gives to `set_rate`. A graph is captured at the first full call of each size, with the weights and the
    optimizer's state as they are then: this is to be made before, called after a checkpoint is restored.
    """

    def __init__(
        self, update: Callable[..., Tensor], modules: Sequence[nn.Module], optimizer: Optimizer,
        report: Callable[[str], object] = print, capture: Capture = cuda_graph,
    ) -> None:  # fmt: skip
        self._update, self._modules, self._optimizer = update, modules, optimizer
        self._report, self._capture, self._is_told = report, capture, False
        self._device = next(modules[0].parameters()).device
        self._graphs: dict[tuple[Any, ...], UpdateGraph] = {}

    def __call__(self, updates: Sequence[Inputs]) -> list[float]:
        """One update with each of the inputs, STEPS at most; returns their losses. The learning rate of the
        optimizer's groups stays the number that it was, as checkpoints have it."""
        before = [group["lr"] for group in self._optimizer.param_groups]
        losses = self._losses(updates)
        for group, rate in zip(self._optimizer.param_groups, before, strict=True):
            group["lr"] = rate
        return losses.tolist()

    def _losses(self, updates: Sequence[Inputs]) -> Tensor:
        sizes = [_sizes(one) for one in updates]
        is_whole = len(updates) == STEPS and len(set(sizes)) == 1
        if is_whole and sizes[0] not in self._graphs:
            self._graphs[sizes[0]] = self._captured(updates)
        if is_whole:
            return self._graphs[sizes[0]].all(updates)
        return torch.stack(
            [self._one(one, self._graphs.get(size)) for one, size in zip(updates, sizes, strict=True)]
        )

    def _one(self, inputs: Inputs, graph: UpdateGraph | None) -> Tensor:
        if graph is not None:
            return graph.one(inputs)
        return self._update(*(_tensor(one, self._device) for one in inputs)).detach()

    def _captured(self, updates: Sequence[Inputs]) -> UpdateGraph:
        """Without a graph, where it cannot be captured, the operations themselves."""
        graph = UpdateGraph(self._update, [_tensor(one, self._device) for one in updates[0]])
        try:
            with unchanged(self._modules, self._optimizer), capturable(self._optimizer, self._device):
                graph.capture(self._capture)
        except RuntimeError as error:
            if not self._is_told:
                first = next(iter(str(error).splitlines()), "")
                self._report(
                    f"Updates are started one by one, more slowly: no CUDA graph could be made: {first}"
                )
            self._is_told = True
        return graph


class UpdateGraph:
    """The memory from which the captured updates of one size read, and into which they write."""

    def __init__(self, update: Callable[..., Tensor], first: Sequence[Tensor]) -> None:
        self._update = update
        self._inputs = [torch.stack([one] * STEPS) for one in first]
        self._losses = torch.zeros(STEPS, device=first[0].device)
        self._many: Body = lambda: self._train(STEPS)
        self._single: Body = lambda: self._train(1)

    def capture(self, capture: Callable[[Body, Body], Body]) -> None:
        many, single = (lambda: self._train(STEPS)), (lambda: self._train(1))
        self._many, self._single = capture(many, single), capture(single, single)

    def all(self, updates: Sequence[Inputs]) -> Tensor:
        for buffer, column in zip(self._inputs, zip(*updates, strict=True), strict=True):
            _put(buffer, column)
        self._many()
        return self._losses

    def one(self, inputs: Inputs) -> Tensor:
        for buffer, value in zip(self._inputs, inputs, strict=True):
            buffer[0].copy_(_tensor(value, buffer.device))
        self._single()
        return self._losses[0].clone()

    def _train(self, count: int) -> None:
        for number in range(count):
            loss = self._update(*(buffer[number] for buffer in self._inputs))
            self._losses[number].copy_(loss.detach())


def _sizes(inputs: Inputs) -> tuple[Any, ...]:
    return tuple(tuple(getattr(one, "shape", ())) for one in inputs)


def _tensor(value: Any, device: torch.device) -> Tensor:
    """On the device; a number in float32, as the fused optimizers read it."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value).to(device)
    return torch.tensor(value, dtype=torch.float32, device=device)


def _put(buffer: Tensor, column: Sequence[Any]) -> None:
    """One copy to the device for all values of the column."""
    if isinstance(column[0], Tensor):
        torch.stack(tuple(column), out=buffer)
    elif isinstance(column[0], np.ndarray):
        buffer.copy_(torch.from_numpy(np.stack(column)))
    else:
        buffer.copy_(torch.tensor(column, dtype=torch.float32))


@contextlib.contextmanager
def capturable(optimizer: Optimizer, device: torch.device) -> Iterator[None]:
    """The flag without which an optimizer refuses to be captured; checkpoints have it as it was."""
    # PyTorch warns of the calls before the capture, which it asks for.
    warnings.filterwarnings("ignore", message="This instance was constructed with capturable=True")
    before = [group.get("capturable") for group in optimizer.param_groups]
    for group in optimizer.param_groups:
        if "capturable" in group:
            group["capturable"] = device.type == "cuda"
    try:
        yield
    finally:
        for group, was in zip(optimizer.param_groups, before, strict=True):
            if was is not None:
                group["capturable"] = was


@contextlib.contextmanager
def unchanged(modules: Sequence[nn.Module], optimizer: Optimizer) -> Iterator[None]:
    """Afterwards weights, moments and random generators are as before, in the same memory; moments that
    were not there are zero."""
    on_gpu = next(modules[0].parameters()).device.type == "cuda"
    states = [module.state_dict(keep_vars=True) for module in modules]
    weights = [(tensor, tensor.detach().clone()) for state in states for tensor in state.values()]
    slots = {tensor: tensor.clone() for tensor in _slots(optimizer)}
    generator = torch.cuda.get_rng_state() if on_gpu else torch.get_rng_state()
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, before in weights:
                tensor.copy_(before)
            for slot in _slots(optimizer):
                slot.copy_(slots[slot]) if slot in slots else slot.zero_()
        (torch.cuda.set_rng_state if on_gpu else torch.set_rng_state)(generator)
        optimizer.zero_grad()


def _slots(optimizer: Optimizer) -> list[Tensor]:
    return [value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value)]

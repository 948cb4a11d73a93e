"""Updates of a small network on a GPU, captured as a CUDA graph.

At batch 50 an update is sixty operations of a few microseconds, and starting each from Python takes longer
than it runs. A captured graph of STEPS updates is started with one call. The numbers are those of plain
PyTorch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Adam

from engine.models.cuda_graph import Body, Capture, cuda_graph

STEPS = 20
"""updates of one call: enough that the calls cost little, few enough that a pause comes at once"""


class CapturedUpdates:
    """`update` does one update with the indices (B,) of a batch and returns its loss as a tensor.

    It is captured at the first call, with the weights and the optimizer's state as they are then: to be made
    before, called after a checkpoint is restored. The learning rate may change between calls.
    """

    def __init__(
        self, update: Callable[[Tensor], Tensor], net: nn.Module, optimizer: Adam, batch: int,
        report: Callable[[str], object] = print, capture: Capture = cuda_graph,
    ) -> None:  # fmt: skip
        self._update, self._net, self._optimizer, self._capture = update, net, optimizer, capture
        self._report = report
        device = next(net.parameters()).device
        self._chosen = torch.zeros(STEPS, batch, dtype=torch.int64, device=device)
        self._losses = torch.zeros(STEPS, device=device)
        self._lr = torch.zeros((), device=device)
        self._replays: tuple[Body, Body] | None = None  # of STEPS updates, and of one

    def __call__(self, batches: Sequence[Tensor]) -> list[float]:
        """One update with each batch of indices, STEPS at most; returns their losses.

        A batch of another size is trained without the graph.
        """
        if self._replays is None:
            self._replays = self._captured(batches[0])
        self._lr.fill_(self._optimizer.param_groups[0]["lr"])
        every, single = self._replays
        if len(batches) == STEPS and all(len(one) == self._chosen.shape[1] for one in batches):
            torch.stack(tuple(batches), out=self._chosen)
            every()
            return self._losses.tolist()
        return torch.stack([self._one(chosen, single) for chosen in batches]).tolist()

    def _one(self, chosen: Tensor, single: Body) -> Tensor:
        if len(chosen) != self._chosen.shape[1]:
            return self._update(chosen).detach()
        self._chosen[0].copy_(chosen)
        single()
        return self._losses[0].clone()

    def _captured(self, chosen: Tensor) -> tuple[Body, Body]:
        """Without a graph, where it cannot be captured, the operations themselves."""
        self._chosen[:] = chosen[0]  # any image
        many, single = (lambda: self._train(STEPS)), (lambda: self._train(1))
        try:
            with unchanged(self._net, self._optimizer), self._rate_on_device():
                return self._capture(many, single), self._capture(single)
        except RuntimeError as error:
            first = next(iter(str(error).splitlines()), "")
            self._report(f"Updates are started one by one, more slowly: no CUDA graph could be made: {first}")
            return many, single

    def _train(self, count: int) -> None:
        for number in range(count):
            self._losses[number].copy_(self._update(self._chosen[number]).detach())

    @contextlib.contextmanager
    def _rate_on_device(self) -> Iterator[None]:
        """The graph reads the learning rate from memory that may change; checkpoints have a plain number."""
        before = [(group["lr"], group["capturable"]) for group in self._optimizer.param_groups]
        self._lr.fill_(before[0][0])
        on_gpu = self._lr.device.type == "cuda"
        for group in self._optimizer.param_groups:
            group["lr"], group["capturable"] = self._lr, on_gpu
        try:
            yield
        finally:
            for group, (rate, capturable) in zip(self._optimizer.param_groups, before, strict=True):
                group["lr"], group["capturable"] = rate, capturable


@contextlib.contextmanager
def unchanged(net: nn.Module, optimizer: Adam) -> Iterator[None]:
    """Afterwards weights, moments and random generators are as before, in the same memory; moments that
    were not there are zero."""
    on_gpu = next(net.parameters()).device.type == "cuda"
    weights = [(tensor, tensor.detach().clone()) for tensor in net.state_dict(keep_vars=True).values()]
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


def _slots(optimizer: Adam) -> list[Tensor]:
    return [value for state in optimizer.state.values() for value in state.values() if torch.is_tensor(value)]

"""What a CUDA graph must not have, checked without a GPU, on the operations of each call on the CPU."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.models.cuda_graph import WARM_UPS, Body

WAITS = {"_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select", "_unique2", "unique_dim"}
"""operations that wait for the GPU, or whose size depends on its numbers"""
FROM_HOST = {"lift_fresh", "pin_memory", "_pin_memory"}
"""operations that bring numbers of Python to the GPU: a graph would have those of its capture for ever"""


class CaptureRules(TorchDispatchMode):
    """Raises for operations that a capture refuses; `read` is the memory that was there before."""

    def __init__(self) -> None:
        super().__init__()
        self.read: set[int] = set()
        self._made: dict[int, Tensor] = {}
        """kept, so that no other tensor gets its address"""

    def __torch_dispatch__(
        self, operation: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = operation.overloadpacket.__name__
        given = [one for one in tree_leaves((args, kwargs or {})) if isinstance(one, Tensor)]
        if name in WAITS | FROM_HOST:
            raise RuntimeError(f"{name}: operation not permitted when stream is capturing")
        if name.startswith("index") and any(one.dtype is torch.bool for one in given[1:]):
            raise RuntimeError(f"{name} by a mask: operation not permitted when stream is capturing")
        self.read |= {address for one in given if (address := _address(one)) not in self._made}
        found = operation(*args, **(kwargs or {}))
        for one in tree_leaves(found):
            if isinstance(one, Tensor) and _address(one) not in self.read:
                self._made[_address(one)] = one
        return found


def _address(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def checked_graph(body: Body, warm_up: Body | None = None, pool: Any = None) -> Body:
    """As `engine.models.cuda_graph.called`; each call is checked, and has to read the memory of the first, as
    a graph would."""
    for _ in range(WARM_UPS):
        (warm_up or body)()
    at_capture = _memory_read(body)

    def replay() -> None:
        read = _memory_read(body)
        assert read == at_capture, f"{len(read ^ at_capture)} tensors are not where they were at the capture"

    return replay


def _memory_read(body: Body) -> set[int]:
    with CaptureRules() as rules:
        body()
    return rules.read

"""CUDA graphs: operations of PyTorch that are captured once, and then started with one call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

WARM_UPS = 3
"""calls before a capture: the libraries choose their algorithms and take their memory"""
Body = Callable[[], None]
Capture = Callable[..., Body]
"""as `cuda_graph`; tests have one that needs no GPU"""


def cuda_graph(body: Body, warm_up: Body | None = None, pool: Any = None) -> Body:
    """Returns what replays the operations of `body` on the same memory.

    `body` is called once for it, after WARM_UPS calls of `warm_up`, by default `body` itself, on a stream of
    their own, as PyTorch asks. `pool`: memory shared with graphs of which only one runs at a time and that
    leave nothing in it for another. Raises RuntimeError.
    """
    ahead: Any = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    ahead.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(ahead):
        for _ in range(WARM_UPS):
            (warm_up or body)()
    torch.cuda.current_stream().wait_stream(ahead)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        body()
    replay: Body = graph.replay
    return replay


def called(body: Body, warm_up: Body | None = None, pool: Any = None) -> Body:
    """As `cuda_graph`, without a graph: the calls that come before a capture, then the operations
    themselves."""
    for _ in range(WARM_UPS):
        (warm_up or body)()
    return body


def capture_on(device: str) -> Capture:
    """`cuda_graph` on a GPU; elsewhere the same operations, called one by one."""
    return cuda_graph if device == "cuda" else called

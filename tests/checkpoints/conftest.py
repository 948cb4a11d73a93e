"""Settings of PyTorch are restored after each test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture
def torch_as_before() -> Iterator[None]:
    """Restore switches and threads of PyTorch; only the one interop thread is kept."""
    import torch

    threads, exact = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    cudnn = torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic
    workspace = os.environ.get("CUBLAS_WORKSPACE_CONFIG")
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(exact)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = cudnn
    if workspace is None:
        os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)

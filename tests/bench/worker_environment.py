"""The environment of a worker, for trainers that a bench starts in processes of their own."""

from __future__ import annotations

import os

from engine.keeper.worker_process import DETERMINISM, MEMORY, PASSIVE, PLAIN, TENSORFLOW, THREADS


def worker_environment(threads: int) -> dict[str, str]:
    """That of this process with a worker's, `threads` threads and no GPU."""
    worker = {**DETERMINISM, **PASSIVE, **MEMORY, **PLAIN, **TENSORFLOW}
    return {**os.environ, **worker, **dict.fromkeys(THREADS, str(threads)), "CUDA_VISIBLE_DEVICES": ""}

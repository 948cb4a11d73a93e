"""TensorBoard's fast loader, rustboard, as a peer of imports."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.bench.bench_index import _seconds


def processor_seconds(folder: Path) -> float | None:
    """That it needs to load `folder` once; None where it is not installed."""
    try:
        import tensorboard_data_server
    except ImportError:
        return None
    binary = tensorboard_data_server.server_binary()
    if binary is None:
        return None
    command = [binary, "--logdir", str(folder), "--reload", "once", "--port", "0", "--die-after-stdin", "-v"]
    loader = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert loader.stderr is not None and loader.stdin is not None
    loaded = any("Finished load cycle" in line for line in loader.stderr)
    spent = _seconds(loader.pid) if loaded else None
    loader.stdin.close()
    loader.stderr.close()
    loader.wait()
    return spent

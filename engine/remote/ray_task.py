"""The Ray task on a node: forwards commands from the mailbox to the node process, and its output back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import ray

from engine.engine_path import python_path

PIECE = 1 << 20
POLL_SECONDS = 5.0


class Mailbox:
    """An actor without resources on the machine of the gateway: queues of commands, one per run."""

    def __init__(self) -> None:
        import asyncio

        self._make_queue = asyncio.Queue
        self._queues: dict[str, Any] = {}

    async def put(self, key: str, data: bytes) -> None:
        self._queue(key).put_nowait(data)

    async def get(self, key: str) -> bytes:
        """The next command; empty if none arrives within `POLL_SECONDS`."""
        import asyncio

        try:
            async with asyncio.timeout(POLL_SECONDS):
                return bytes(await self._queue(key).get())
        except TimeoutError:
            return b""

    async def drop(self, key: str) -> None:
        self._queues.pop(key, None)

    def _queue(self, key: str) -> Any:
        return self._queues.setdefault(key, self._make_queue())


def run_node(key: str, mailbox: Any, bundle: Sequence[Any]) -> Iterator[bytes]:
    """Start the node process and yield its output. `bundle` are references to its first input."""
    node = subprocess.Popen(
        [sys.executable, "-P", "-m", "engine.remote.node", _device()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": python_path(os.environ)},
    )
    assert node.stdin is not None and node.stdout is not None
    for reference in bundle:
        node.stdin.write(ray.get(reference))
    node.stdin.flush()
    threading.Thread(target=_forward_commands, args=(key, mailbox, node.stdin), daemon=True).start()
    while data := os.read(node.stdout.fileno(), PIECE):
        yield data
    node.wait()


def _forward_commands(key: str, mailbox: Any, stdin: Any) -> None:
    """Until the mailbox or the node is gone; then stdin of the node is closed."""
    try:
        while True:
            data = ray.get(mailbox.get.remote(key))
            stdin.write(data)
            stdin.flush()
    except (ray.exceptions.RayError, OSError, ValueError):
        stdin.close()


def _device() -> str:
    """The GPUs that Ray assigned to this task, or cpu."""
    return ",".join(str(gpu) for gpu in ray.get_gpu_ids()) or "cpu"

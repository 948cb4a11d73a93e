"""What Ray runs on the node: two pumps between the mailbox, the process of the node, and the stream back."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import ray

from engine.import_path import python_path

PIECE = 1 << 20
POLL_SECONDS = 5.0


class Mailbox:
    """Words for those who train elsewhere. An actor without a share of anything, on the node of the room."""

    def __init__(self) -> None:
        import asyncio

        self._make = asyncio.Queue
        self._boxes: dict[str, Any] = {}

    async def put(self, key: str, data: bytes) -> None:
        self._box(key).put_nowait(data)

    async def take(self, key: str) -> bytes:
        """Nothing, when nothing came for a while."""
        import asyncio

        try:
            async with asyncio.timeout(POLL_SECONDS):
                return bytes(await self._box(key).get())
        except TimeoutError:
            return b""

    async def drop(self, key: str) -> None:
        self._boxes.pop(key, None)

    def _box(self, key: str) -> Any:
        return self._boxes.setdefault(key, self._make())


def attend(key: str, mailbox: Any, bundle: Sequence[Any]) -> Iterator[bytes]:
    """The bytes that the node says. `bundle` are references to what it is told first."""
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
    threading.Thread(target=_pass_words, args=(key, mailbox, node.stdin), daemon=True).start()
    while data := os.read(node.stdout.fileno(), PIECE):
        yield data
    node.wait()


def _pass_words(key: str, mailbox: Any, stdin: Any) -> None:
    """Until nobody sends or nobody reads any more; then the node sees the end of its stdin."""
    try:
        while True:
            data = ray.get(mailbox.take.remote(key))
            stdin.write(data)
            stdin.flush()
    except (ray.exceptions.RayError, OSError, ValueError):
        stdin.close()


def _device() -> str:
    """As Ray has it: the GPUs that this task may see."""
    return ",".join(str(gpu) for gpu in ray.get_gpu_ids()) or "cpu"

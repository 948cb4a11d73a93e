"""One line for work that takes longer than one would think."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
SOON = 0.3
"""seconds without an answer after which it is said what one waits for"""


async def say_if_slow(work: Awaitable[T], say: Callable[[], object]) -> T:
    """The result of the work; `say` is called once where it is not there SOON."""
    task = asyncio.ensure_future(work)
    try:
        if not (await asyncio.wait({task}, timeout=SOON))[0]:
            say()
        return await task
    except asyncio.CancelledError:
        task.cancel()
        raise

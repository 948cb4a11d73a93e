"""Workers of Textual whose coroutine is made when they start."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.worker import Worker


def start_worker(
    node: DOMNode,
    work: Callable[..., Coroutine[Any, Any, None]],
    *given: object,
    group: str,
    exclusive: bool = False,
) -> Worker[None]:
    """Run `work(*given)` in a worker of `node`; its error is a message to the node.

    A worker that is cancelled before it starts, as when its node is removed, has made no coroutine.
    """
    made = partial(work, *given)
    worker: Worker[None] = node.run_worker(made, group=group, exclusive=exclusive, exit_on_error=False)
    return worker

"""Whether a cluster of Ray answers, and lets in who has our token, before Ray is told to join it.

Left to itself Ray tries for half a minute and more; its head says no at once when it is asked directly.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from engine.errors import EngineError

PROBE_SECONDS = 10.0


def check(address: str) -> None:
    """Whether anybody listens there; needs no Ray. Raises EngineError."""
    host, colon, port = address.rpartition(":")
    if address == "auto":
        return
    if "://" in address or not colon or not port.isdecimal():
        raise EngineError(
            f"The address of a Ray cluster: expected host:port or auto, got {address[:80]!r}.",
            "For instance: --ray-address 10.0.0.5:6379",
        )
    try:
        socket.create_connection((host, int(port)), PROBE_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise EngineError(
            f"No Ray cluster answers at {address} within {PROBE_SECONDS:g} s ({error}).",
            "Start its head with: ray start --head --port=6379",
        ) from error


def greet(address: str) -> None:
    """One question to its head. Raises EngineError when nothing comes, else what Ray raises.

    Its client waits far longer than it is told to: it is left behind in a thread.
    """
    from ray import _raylet

    client: Any = getattr(_raylet, "GcsClient", None)  # no public one: without it Ray is just told to join
    raised: list[Exception] = []

    def ask() -> None:
        try:
            client(address=address)
        except Exception as error:  # of whatever kind Ray raises: it is raised where it can be said
            raised.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    if client is not None:
        asking.start()
        asking.join(PROBE_SECONDS)
    if asking.is_alive():
        text = f"Something listens at {address}, but no Ray cluster answers within {PROBE_SECONDS:g} s."
        raise EngineError(text, "The address is that of the head: ray start --head --port=6379")
    for error in raised:
        raise error

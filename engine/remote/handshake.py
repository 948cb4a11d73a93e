"""Checks that a Ray cluster answers and accepts the token before `ray.init` is called.

`ray.init` retries for half a minute and more; a direct connection to the head fails at once.
"""

from __future__ import annotations

import socket
import threading
from typing import Any

from engine.errors import EngineError

PROBE_SECONDS = 10.0


def check_address(address: str) -> None:
    """Raises EngineError if nothing listens at `address`; does not need Ray."""
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


def probe(address: str) -> None:
    """Connect to the head. Raises EngineError without an answer in time, else what Ray raises.

    Ray's client may wait longer than any timeout given to it, so it runs in a daemon thread.
    """
    from ray import _raylet

    client: Any = getattr(_raylet, "GcsClient", None)  # no public one: without it nothing is checked
    raised: list[Exception] = []

    def connect() -> None:
        try:
            client(address=address)
        except Exception as error:  # Ray raises many kinds: raised again in the calling thread
            raised.append(error)

    thread = threading.Thread(target=connect, daemon=True)
    if client is not None:
        thread.start()
        thread.join(PROBE_SECONDS)
    if thread.is_alive():
        text = f"Something listens at {address}, but no Ray cluster answers within {PROBE_SECONDS:g} s."
        raise EngineError(text, "The address is that of the head: ray start --head --port=6379")
    for error in raised:
        raise error

"""Where a run trains, as it is typed: this machine, or a cluster of Ray with or without an address."""

from __future__ import annotations

from engine.params import Param
from engine.protocol import EXECUTORS

FIELDS = (
    Param("executor", str, "local", "executor: this machine, or a Ray cluster", EXECUTORS),
    Param(
        "ray_address", str, "", "Ray cluster: host:port or auto; empty: $DLTUI_RAY_ADDRESS, else a local Ray"
    ),
)


def text_of(executor: str, address: str) -> str:
    """As a spec says it."""
    return f"ray@{address.strip()}" if executor == "ray" and address.strip() else executor


def typed_of(text: str) -> dict[str, str]:
    """What one would type into the fields to get that."""
    kind, _, address = text.partition("@")
    return {"executor": kind, "ray_address": address}

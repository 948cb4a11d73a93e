"""The executor of a run in forms: this machine, or a Ray cluster with or without an address."""

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
    """The executor as it is written in a spec: local, ray or ray@ADDRESS."""
    return f"ray@{address.strip()}" if executor == "ray" and address.strip() else executor


def typed_of(text: str) -> dict[str, str]:
    """The texts of FIELDS for the executor of a spec."""
    kind, _, address = text.partition("@")
    return {"executor": kind, "ray_address": address}

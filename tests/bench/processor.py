"""The processor that a bench runs on, by name and vector instructions: every bench prints it first."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path

VECTORS = {"avx512f": "AVX-512", "avx2": "AVX2", "asimd": "NEON"}
LIMITS = (
    "ATEN_CPU_CAPABILITY", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "ONEDNN_MAX_CPU_ISA",
    "MKL_ENABLE_INSTRUCTIONS",
)  # fmt: skip


def print_processor() -> None:
    info = Path("/proc/cpuinfo")
    print(described(info.read_text() if info.exists() else "", os.environ), flush=True)


def described(cpuinfo: str, environ: Mapping[str, str]) -> str:
    """One line: the name, the widest vector instructions, and the settings that may forbid them."""
    lines = [line.partition(":") for line in cpuinfo.splitlines()]
    facts = {name.strip(): value.strip() for name, _, value in lines}
    flags = facts.get("flags", facts.get("Features", "")).split()
    vectors = next((name for flag, name in VECTORS.items() if flag in flags), "vector instructions unknown")
    limits = [f"{name}={_short(value)}" for name, value in limits_of(environ).items()]
    limited = f", limited by {' '.join(limits)}" if limits else ""
    return f"Processor: {facts.get('model name') or platform.machine()}, {vectors}{limited}"


def limits_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings that forbid vector instructions, for an engine that a bench starts."""
    return {name: environ[name] for name in LIMITS if environ.get(name)}


def _short(value: str) -> str:
    return value if len(value) <= 20 else value[:17] + "..."

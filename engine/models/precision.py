"""Precision of matrix products: bfloat16 where the machine has instructions for it, else float32.

Weights, optimizer and evaluation are float32 either way.
"""

from __future__ import annotations

from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
INSTRUCTIONS = {"amx_bf16", "avx512_bf16"}


def resolve_precision(requested: str, device: str, cpu_facts: Path = CPU_FACTS) -> str:
    """fp32 or bf16 for `auto`, any other value unchanged. Every supported GPU has bfloat16."""
    if requested != "auto":
        return requested
    return "bf16" if device == "cuda" or _has_instructions(cpu_facts) else "fp32"


def _has_instructions(cpu_facts: Path) -> bool:
    try:
        text = cpu_facts.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return bool(INSTRUCTIONS & set(flags.split()))

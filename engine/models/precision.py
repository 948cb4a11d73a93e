"""In which numbers to multiply: bfloat16 where the machine has instructions for it, else float32.

Weights, optimizer and evaluation are float32 either way.
"""

from __future__ import annotations

from pathlib import Path

CPU_FACTS = Path("/proc/cpuinfo")
INSTRUCTIONS = {"amx_bf16", "avx512_bf16"}


def settled(asked: str, device: str, cpu_facts: Path = CPU_FACTS) -> str:
    """`auto` as fp32 or bf16; anything else as it is. A GPU that can train at all has bfloat16."""
    if asked != "auto":
        return asked
    return "bf16" if device == "cuda" or _has_instructions(cpu_facts) else "fp32"


def _has_instructions(cpu_facts: Path) -> bool:
    try:
        text = cpu_facts.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return bool(INSTRUCTIONS & set(flags.split()))

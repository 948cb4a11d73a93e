"""Every bench says on which processor it ran, and with which vector instructions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.processor import described

CPUINFO = "model name\t: AMD EPYC 7763\nflags\t\t: sse2 fma {}\n\nmodel name\t: AMD EPYC 7763\n"


@pytest.mark.parametrize(
    ("flags", "vectors"),
    [("avx2", "AVX2"), ("avx2 avx512f", "AVX-512"), ("", "vector instructions unknown")],
)
def test_the_name_and_the_widest_vector_instructions(flags: str, vectors: str) -> None:
    assert described(CPUINFO.format(flags), {}) == f"Processor: AMD EPYC 7763, {vectors}"


def test_what_limits_them_is_named() -> None:
    line = described(CPUINFO.format("avx2 avx512f"), {"ONEDNN_MAX_CPU_ISA": "AVX2"})
    assert line.endswith("AVX-512, limited by ONEDNN_MAX_CPU_ISA=AVX2")


def test_every_bench_prints_it() -> None:
    benches = sorted((Path(__file__).parent / "bench").glob("bench_*.py"))
    assert benches
    assert [one.name for one in benches if "    print_processor()" not in one.read_text()] == []

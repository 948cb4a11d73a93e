from __future__ import annotations

from pathlib import Path

import pytest

from engine.machine_protocol import Severity
from engine.service.health.doctor import check_machine


@pytest.mark.parametrize(("free_kb", "severity"), [(8_000_000, Severity.OK), (900_000, Severity.WARNING)])
def test_little_memory_is_a_warning(tmp_path: Path, free_kb: int, severity: Severity) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(
        f"MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:   {free_kb} kB\nHugePages_Total: 0\n"
    )
    assert check_machine(meminfo)[0].severity is severity

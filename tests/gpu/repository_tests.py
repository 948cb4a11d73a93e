"""Tests of the repository: those that need no GPU to be right (a pretended driver), and cases for a GPU."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.end_to_end.home import ROOT
from tests.gpu.result import GpuResult, GpuSetting, Results

ON_GPU = ("tests/engine/models/test_captured_updates.py", "tests/checkpoints/test_torch_io.py")
PRETENDED = (
    "tests/engine/service/placement/test_gpus.py",
    "tests/engine/service/health/test_gpu_frameworks.py",
    "tests/engine/service/health/test_gpu_driver.py",
)


def results(setting: GpuSetting) -> Results:
    yield from passed("pretended", PRETENDED)


def tests_on_gpu(setting: GpuSetting) -> Results:
    """Tests that have a case for a GPU."""
    yield from passed("tests", ON_GPU)


def passed(part: str, paths: tuple[str, ...]) -> Results:
    for path in paths:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", path],
            cwd=ROOT, capture_output=True, text=True,
        )  # fmt: skip
        said = re.findall(r"^.*\b(?:passed|failed|error)\b.*$", done.stdout, re.M)
        last = said[-1].strip("= ") if said else (done.stdout + done.stderr).strip()[-120:]
        yield GpuResult(part, path.partition("engine/")[2], last, "passed", "", done.returncode == 0)

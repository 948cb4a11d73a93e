"""Tests of the repository that have a case for a GPU, or a pretended driver."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

from tests.end_to_end.home import ROOT
from tests.gpu.result import GpuResult, GpuSetting, Results, dropped, not_done

PRETENDED = (
    "tests/engine/service/health/test_gpu_driver.py",
    "tests/engine/service/health/test_gpu_frameworks.py",
    "tests/engine/service/placement/test_gpus.py",
    "tests/engine/service/placement/test_gpu_use_meter.py",
)
ON_GPU = (
    "tests/engine/models/test_captured_updates.py",
    "tests/engine/models/xor/batch/test_device_kernel.py",
    "tests/engine/models/language_training/test_torch_gpu_training.py",
    "tests/engine/models/xor/batch/test_device_trainer.py",
    "tests/checkpoints/test_torch_io.py",
)


NEEDED = ("pytest", "hypothesis", "xdist")
"""modules; tests of the service need pytest_asyncio as well"""


def results(setting: GpuSetting) -> Results:
    for path in ON_GPU + PRETENDED if setting.on_gpu else PRETENDED:
        needed = (*NEEDED, "pytest_asyncio") if path in PRETENDED else NEEDED
        absent = [name for name in needed if importlib.util.find_spec(name) is None]
        if absent:
            yield not_done("tests", path, f"needs {', '.join(absent)}")
        elif setting.has_seconds(4):
            yield passed(path)
        else:
            yield dropped("tests", path)


def passed(path: str) -> GpuResult:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-W", "ignore", path],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    said = re.findall(r"^.*\b(?:passed|failed|error)\b.*$", done.stdout, re.M)
    last = said[-1].strip("= ") if said else (done.stdout + done.stderr).strip()[-120:]
    return GpuResult("tests", path.removeprefix("tests/"), last, "passed", "", done.returncode == 0)

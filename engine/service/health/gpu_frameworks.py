"""Checks whether torch and TensorFlow, whose versions are read from files, can use the GPUs.

Importing the frameworks would take 500 MB.
"""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from engine import files
from engine.machine_protocol import Finding, Severity
from engine.service.health.gpu_driver import Driver

OLDEST_DRIVER = {11: 450, 12: 525, 13: 580}
"""CUDA major version -> oldest driver (NVIDIA, CUDA Compatibility, minor version table)"""
TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow"}


def check(driver: Driver | None, *, deep: bool = False) -> list[Finding]:
    """`deep` counts the GPUs that the frameworks see, each in a process of its own."""
    builds = {"torch": torch_build(), "tensorflow": tensorflow_build()}
    findings = []
    for name, build in builds.items():
        seen = count_visible_gpus(name) if deep and build and driver else None
        findings.append(framework_finding(name, build, driver, seen))
    return findings


def framework_finding(
    name: str, build: Build | None, driver: Driver | None, seen: int | None = None
) -> Finding:
    """Whether the framework can use the GPUs; `seen` is how many it sees, None where not counted."""
    title = TITLES[name]
    if build is None:
        severity = Severity.WARNING if name == "torch" else Severity.NOTE
        return Finding(
            name, severity, f"{title} is not installed.", f"Its experiments need it: pip install {name}"
        )
    text = f"{title} {build.version} is built for {f'CUDA {build.cuda}' if build.cuda else 'the CPU alone'}"
    if driver is None or not driver.usable:
        return Finding(name, Severity.OK, f"{text}.")
    if not build.cuda:
        plain = build.version.partition("+")[0]
        remedy = f"Install a build with CUDA: pip install --force-reinstall {name}=={plain}"
        return Finding(name, Severity.WARNING, f"{text}: it cannot see the GPU.", remedy)
    need = OLDEST_DRIVER.get(int(build.cuda.partition(".")[0]), 0)
    if driver.major < need:
        return Finding(
            name,
            Severity.WARNING,
            f"{text}, which needs driver {need}; this one is {driver.version}: it cannot see the GPU.",
            f"Update the NVIDIA driver, or install a {title} built for an older CUDA.",
        )
    if seen == 0:
        remedy = "Check that its CUDA packages are installed, and CUDA_VISIBLE_DEVICES."
        return Finding(
            name, Severity.WARNING, f"{text} and the driver is new enough, yet it sees no GPU.", remedy
        )
    verdict = "the driver can run it" if seen is None else f"it sees {seen} GPU{'' if seen == 1 else 's'}"
    return Finding(name, Severity.OK, f"{text}: {verdict}.")


# --- versions of the frameworks ---------------------------------------------------------------------------


IMPORT_SECONDS = 60.0
_TORCH_VERSION = re.compile(r"^__version__\s*(?::[^=]*)?=\s*'([^']+)'", re.M)
_TORCH_CUDA = re.compile(r"^cuda\s*(?::[^=]*)?=\s*'([\d.]+)'", re.M)
_TENSORFLOW_CUDA = re.compile(r"['\"]cuda_version['\"]\s*[,:]\s*['\"]([\d.]+)['\"]")
_COUNT_GPUS = {
    "torch": "import torch; print(torch.cuda.device_count())",
    "tensorflow": "import tensorflow as t; print(len(t.config.list_physical_devices('GPU')))",
}


@dataclass(frozen=True, slots=True)
class Build:
    """An installed framework."""

    name: str
    version: str
    cuda: str
    """CUDA version it was built for; empty: CPU only"""


def torch_build() -> Build | None:
    """None where torch is not installed."""
    folder = _folder("torch")
    return None if folder is None else read_torch(files.text_of(folder / "version.py"))


def tensorflow_build() -> Build | None:
    folder = _folder("tensorflow")
    if folder is None:
        return None
    text = files.text_of(folder / "python/platform/build_info.py")
    return read_tensorflow(text, _version_beside(folder))


def read_torch(text: str) -> Build:
    """Parse torch/version.py."""
    version, cuda = _TORCH_VERSION.search(text), _TORCH_CUDA.search(text)
    return Build("torch", version[1] if version else "", cuda[1] if cuda else "")


def read_tensorflow(text: str, version: str) -> Build:
    """Parse tensorflow/python/platform/build_info.py."""
    cuda = _TENSORFLOW_CUDA.search(text)
    return Build("tensorflow", version, cuda[1] if cuda else "")


def count_visible_gpus(name: str) -> int | None:
    """Number of GPUs that the framework sees, from a child process; None where that fails or times out."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _COUNT_GPUS[name]],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=True,
        )  # fmt: skip
        return int(done.stdout.split()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _folder(name: str) -> Path | None:
    found = importlib.util.find_spec(name)
    places = found.submodule_search_locations if found else None
    return Path(next(iter(places))) if places else None


def _version_beside(folder: Path) -> str:
    """The version in the name of the dist-info folder: tensorflow-2.21.0 or tensorflow_cpu-2.21.0."""
    for path in folder.parent.glob("tensorflow*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").partition("-")
        if name in ("tensorflow", "tensorflow_cpu"):
            return version
    return ""

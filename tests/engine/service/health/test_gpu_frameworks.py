from __future__ import annotations

import pytest

from engine.machine_protocol import Severity
from engine.service.health.gpu_driver import DoctorGpu, Driver
from engine.service.health.gpu_frameworks import (
    Build,
    framework_finding,
    read_tensorflow,
    read_torch,
)

OLD = Driver("535.183.01", (DoctorGpu(0, "NVIDIA A100"),))
NEW = Driver("580.65.06", (DoctorGpu(0, "NVIDIA H200"), DoctorGpu(1, "NVIDIA H200")))
TORCH = Build("torch", "2.13.0+cu130", "13.0")
TENSORFLOW = Build("tensorflow", "2.21.0", "12.5.1")


def test_without_a_driver_no_build_is_wrong() -> None:
    assert framework_finding("torch", TORCH, None).severity is Severity.OK


@pytest.mark.parametrize(
    ("build", "driver", "severity"),
    [
        (TORCH, NEW, Severity.OK),
        (TORCH, OLD, Severity.WARNING),
        (TENSORFLOW, OLD, Severity.OK),
        (TENSORFLOW, Driver("470.1", (DoctorGpu(0, "x"),)), Severity.WARNING),
        (Build("torch", "2.13.0+cpu", ""), NEW, Severity.WARNING),
    ],
)
def test_a_build_needs_a_driver_that_is_new_enough(build: Build, driver: Driver, severity: Severity) -> None:
    found = framework_finding(build.name, build, driver)
    assert found.severity is severity
    assert bool(found.remedy) == (severity is Severity.WARNING)


def test_the_count_of_the_framework_overrides_the_driver_check() -> None:
    assert "sees 2 GPUs" in framework_finding("torch", TORCH, NEW, 2).text
    assert framework_finding("torch", TORCH, NEW, 0).severity is Severity.WARNING


def test_a_missing_torch_is_worse_than_a_missing_tensorflow() -> None:
    assert framework_finding("torch", None, NEW).severity is Severity.WARNING
    assert framework_finding("tensorflow", None, NEW).severity is Severity.NOTE


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("__version__ = '2.13.0+cpu'\ncuda: Optional[str] = None\n", Build("torch", "2.13.0+cpu", "")),
        ("__version__ = '2.13.0+cu130'\ncuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n", TORCH),
        ("__version__ = '1.13.1'\ncuda = '11.7'\n", Build("torch", "1.13.1", "11.7")),
        ("", Build("torch", "", "")),
    ],
)
def test_the_cuda_of_torch_is_read_from_its_text(text: str, build: Build) -> None:
    assert read_torch(text) == build


def test_the_cuda_of_tensorflow_is_read_from_its_text() -> None:
    text = "build_info = collections.OrderedDict([('cuda_version', '12.5.1'), ('is_cuda_build', True)])"
    assert read_tensorflow(text, "2.21.0") == TENSORFLOW
    assert read_tensorflow("OrderedDict([('is_cuda_build', False)])", "2.21.0").cuda == ""

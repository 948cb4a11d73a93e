from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.machine_protocol import Finding, Severity
from engine.service.health import gpu_driver
from tests.fakes.nvml import GIB, LOST, NO_DRIVER, NO_PERMISSION, PretendedGpu, PretendedNvml


def told(
    monkeypatch: pytest.MonkeyPatch, *gpus: PretendedGpu, error: str = "", order: str = ""
) -> list[Finding]:
    nvml = PretendedNvml(gpus, driver="580.65.06")
    nvml.error = error
    nvml.install(monkeypatch)
    return gpu_driver.check(gpu_driver.read_driver(), tuple(filter(None, order.split(","))))


def ended_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_gpus_without_a_fault_are_named_with_the_driver_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = told(monkeypatch, PretendedGpu(), PretendedGpu("NVIDIA A100"))
    assert finding.text == "NVIDIA H200, NVIDIA A100; NVIDIA driver 580.65.06."
    assert finding.severity is Severity.OK


def test_a_machine_without_a_driver_trains_on_the_cpu_and_that_is_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (finding,) = told(monkeypatch, error=NO_DRIVER)
    assert finding.severity is Severity.NOTE and finding.text.startswith("No NVIDIA GPU: training runs on")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (NO_PERMISSION, "/dev/nvidia"),
        ("Driver/library version mismatch", "restart the machine"),
        ("Unknown Error", "nvidia-smi"),
    ],
)
def test_a_driver_that_refuses_says_why_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, error: str, remedy: str
) -> None:
    (finding,) = told(monkeypatch, PretendedGpu(), error=error)
    assert finding.severity is Severity.WARNING and error in finding.text and remedy in finding.remedy


def test_a_gpu_whose_driver_is_not_there_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place, (vendor, kind) in {"0": ("0x8086", "0x030000"), "1": ("0x10de", "0x030200")}.items():
        (tmp_path / place).mkdir()
        (tmp_path / place / "vendor").write_text(f"{vendor}\n")
        (tmp_path / place / "class").write_text(f"{kind}\n")
    monkeypatch.setattr(gpu_driver, "PCI", tmp_path)
    (finding,) = gpu_driver.check(None)
    assert finding.severity is Severity.WARNING and "modprobe nvidia" in finding.remedy
    assert finding.text == "There is an NVIDIA GPU, but no driver that answers: training runs on the CPU."
    (tmp_path / "1" / "class").write_text("0x040300\n")  # the sound device of a GPU is none
    assert gpu_driver.check(None)[0].severity is Severity.NOTE


def test_a_driver_without_a_gpu_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = told(monkeypatch)
    assert finding.severity is Severity.WARNING and "shows no GPU" in finding.text


def test_a_gpu_that_is_lost_is_named_and_the_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    sound, lost = told(monkeypatch, PretendedGpu(error=LOST), PretendedGpu("NVIDIA A100"))
    assert sound.text.startswith("NVIDIA A100;")
    assert lost.text == "GPU 0 does not answer (GPU is lost): no run is placed on it."


def test_instances_and_memory_errors_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    _, instances, errors = told(monkeypatch, PretendedGpu(is_mig=True), PretendedGpu(ecc_errors=3))
    assert "GPU 0 is cut into instances (MIG)" in instances.text
    assert "GPU 1 has had 3 uncorrected memory errors" in errors.text and errors.severity is Severity.WARNING


def test_a_gpu_that_has_no_error_counter_has_no_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = PretendedGpu(refused={"nvmlDeviceGetTotalEccErrors": "Not Supported"})
    assert len(told(monkeypatch, gpu)) == 1


def test_memory_of_a_process_that_is_gone_is_told_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = ended_pid()
    gpu = PretendedGpu(used=9 * GIB, processes={os.getpid(): GIB, pid: 8 * GIB})
    _, held = told(monkeypatch, gpu)
    assert f"8.0 GiB are held by process {pid}, which is gone" in held.text and "fuser" in held.remedy


def test_memory_that_no_process_holds_is_told_above_what_a_driver_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(told(monkeypatch, PretendedGpu(used=GIB))) == 1
    _, held = told(monkeypatch, PretendedGpu(used=20 * GIB))
    assert "20.0 GiB are in use, and the driver names no process" in held.text
    assert len(told(monkeypatch, PretendedGpu(used=20 * GIB, processes={os.getpid(): 20 * GIB}))) == 1


def test_a_gpu_that_dltui_gpus_names_wrongly_is_told_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(told(monkeypatch, PretendedGpu(), order="0")) == 1
    assert len(told(monkeypatch, PretendedGpu(), order="GPU-0")) == 1
    _, wrong = told(monkeypatch, PretendedGpu(), order="0,7")
    assert wrong.text == "DLTUI_GPUS names 7; this machine has 0 (GPU-0)."

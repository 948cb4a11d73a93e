from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.service.health.gpu_frameworks import Build
from tests.end_to_end.home import ROOT
from tests.fakes.nvml import NO_DRIVER, NO_PERMISSION, PretendedGpu, PretendedNvml
from tests.gpu import __main__ as script_module
from tests.gpu import machine, pretended, repository_tests
from tests.gpu.__main__ import PARTS
from tests.gpu.result import GpuResult, GpuSetting, append, ratio, seconds, table


def script(out: Path, *words: str, status: int) -> tuple[str, list[GpuResult]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.gpu", "--out", str(out), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=1500,
    )  # fmt: skip
    assert done.returncode == status, done.stderr
    return done.stdout, [GpuResult(**json.loads(line)) for line in out.read_text().splitlines()]


def test_a_bound_is_met_at_its_value_and_not_beyond() -> None:
    assert ratio("lm", "words", 200, 100, "words/s", 2, 4).is_met
    assert not ratio("lm", "words", 199, 100, "words/s", 2, 4).is_met
    assert seconds("service", "pause", 2.0, 2).is_met and not seconds("service", "pause", 2.01, 2).is_met


def test_every_result_is_a_line_on_disk_and_a_row_of_the_table(tmp_path: Path) -> None:
    results = [
        GpuResult("xor", "networks", "9 million/s", "1", "2", is_met) for is_met in (True, False, None)
    ]
    for result in results:
        append(tmp_path / "out", result)
    written = [GpuResult(**json.loads(line)) for line in (tmp_path / "out").read_text().splitlines()]
    assert written == results
    assert [row.split()[0] for row in table(results)[1:]] == ["ok", "NO", "-"]


class SlowParts:
    """Parts that take all the time that they are given and have to be killed, on a clock of their own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.given: dict[str, float] = {}
        monkeypatch.setattr(script_module.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(script_module, "run_part", self.run)

    def run(self, name: str, chosen: object, limit: float) -> Iterator[GpuResult]:
        self.given[name] = limit
        self.now += limit + script_module.KILL
        yield GpuResult(name, "the rest of this part", "not done")


def test_parts_that_all_have_to_be_killed_end_within_five_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowParts(monkeypatch)
    chosen = argparse.Namespace(device="cuda", seconds=300, only=None, out=tmp_path / "out")
    results = script_module.measure(chosen, is_tried=False)
    assert slow.now - 1000 <= 300
    assert [result.part for result in results] == list(PARTS), "each has a line, also those without time"
    assert list(slow.given)[:7] == list(PARTS)[:7], "the most valuable ones ran"
    assert all(limit <= PARTS[name][1] for name, limit in slow.given.items())


def test_a_part_that_does_not_end_when_told_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_module, "KILL", 0.5)
    monkeypatch.setattr(sys, "executable", str(stubborn := tmp_path / "python"))
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\necho begun >&2\nwhile true; do sleep 0.1; done\n")
    stubborn.chmod(0o755)
    chosen = argparse.Namespace(device="cpu", data=None, out=tmp_path / "out")
    (late,) = script_module.run_part("machine", chosen, 1)
    assert late.found == "not done" and late.note.startswith("over 1 s: begun")


def test_a_python_without_pytorch_or_with_an_old_one_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(build: Build | None) -> str:
        monkeypatch.setattr(script_module.gpu_frameworks, "torch_build", lambda: build)
        return script_module.problem_with_torch()

    assert "has no PyTorch. Try: pip install torch" in said(None)
    assert said(Build("torch", "2.9.1+cu128", "12.8")).startswith("PyTorch 2.9.1+cu128 is too old")
    assert said(Build("torch", "2.11.0+cu130", "13.0")) == said(Build("torch", "3.0.0", "13.0")) == ""


@pytest.mark.parametrize(
    ("build", "driver", "words"),
    [
        (
            Build("torch", "2.13.0+cpu", ""),
            "580.65.06",
            "the CPU alone: it cannot see the GPU. Install a build",
        ),
        (Build("torch", "2.13.0+cu130", "13.0"), "535.183.01", "needs driver 580; this one is 535.183.01"),
        (Build("torch", "2.13.0+cu130", "13.0"), "580.65.06", "yet it sees no GPU. Check that its CUDA"),
    ],
)
def test_why_pytorch_sees_no_gpu_is_told_in_one_line(
    build: Build, driver: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = PretendedNvml([PretendedGpu()], driver=driver)
    nvml.install(monkeypatch)
    monkeypatch.setattr(script_module.gpu_frameworks, "torch_build", lambda: build)
    (line,) = script_module.why_no_gpu()
    assert words in line
    nvml.error = NO_PERMISSION
    (line,) = script_module.why_no_gpu()
    assert "/dev/nvidia" in line
    nvml.error = NO_DRIVER
    (line,) = script_module.why_no_gpu()
    assert "NVIDIA GPU" in line and "training runs on the CPU" in line


@pytest.mark.parametrize("program", ["", "exit 9", "echo NVIDIA H200, 580.65.06"])
def test_nvidia_smi_may_be_absent_or_fail(
    tmp_path: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if program:
        (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{program}\n")
        (tmp_path / "nvidia-smi").chmod(0o755)
    assert machine.of_nvidia_smi() == (["NVIDIA H200", "580.65.06"] if "echo" in program else [])


def test_tree_and_data_stay_under_60_mb() -> None:
    assert machine.size_of(ROOT) + 14e6 < 60e6


ABSENT = ("textual", "tensorflow", "keras", "plotext", "tensorboardX", "optuna", "fsrs", "segno")
WITHOUT = f"""
import socket, sys
from importlib.machinery import PathFinder


class Without:
    find_distributions = PathFinder.find_distributions
    invalidate_caches = PathFinder.invalidate_caches

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.partition(".")[0] in {ABSENT!r} else PathFinder.find_spec(name, path, target)


def connect(self, address, connect=socket.socket.connect):
    if self.family != socket.AF_UNIX:
        raise OSError("there is no network")
    return connect(self, address)


sys.meta_path[sys.meta_path.index(PathFinder)] = Without
socket.socket.connect = connect
"""


@pytest.mark.long
def test_every_part_needs_neither_tensorflow_nor_textual_nor_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DLTUI_DATA", "")
    parts = [word for name in PARTS if name != "tests" for word in ("--only", name)]
    _, results = script(tmp_path / "out", "--device", "cpu", "--seconds", "400", *parts, status=0)
    wrong = [one for one in results if "exit" in one.note or one.is_met is False]
    assert not wrong and {one.part for one in results} == set(PARTS) - {"tests"}


def test_a_part_says_what_it_drops_when_its_seconds_are_used(tmp_path: Path) -> None:
    late = GpuSetting("cpu", None, tmp_path, until=0.0)
    found = list(repository_tests.results(late))
    assert found and all(one.found == "not done" and "dropped" in one.note for one in found)


def test_with_a_pretended_driver_every_row_is_right(tmp_path: Path) -> None:
    found = list(pretended.results(GpuSetting("cpu", None, tmp_path)))
    assert len(found) > 15 and [one for one in found if not one.is_met] == []


@pytest.mark.long
def test_without_a_gpu_the_pretended_driver_is_tried_and_the_rest_is_named(tmp_path: Path) -> None:
    _, results = script(tmp_path / "out", "--only", "pretended", "--only", "lm", "--only", "mnist", status=0)
    found = {result.part: result for result in results}
    if found["lm"].note != "needs a GPU":
        pytest.skip("this machine has a GPU")
    assert found["pretended"].is_met and found["mnist"].found == "not done"


def test_a_part_that_takes_too_long_is_ended_and_said(tmp_path: Path) -> None:
    said, (late,) = script(
        tmp_path / "out", "--only", "machine", "--device", "cpu", "--seconds", "0.1", status=0
    )
    assert late.found == "not done" and "no time was left" in said

"""The kernel as PyTorch compiles and starts it, with a pretended NVRTC in place of the library."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.cuda import _utils
from torch.utils import cpp_extension

from engine.models.xor.batch.arrays import NetGroup
from engine.models.xor.batch.device_kernel import POINTERS, THREADS, compiled_for_gpu, source_of

GROUP = NetGroup(2, True, "tanh", "bce", "adam", True)


class PretendedNvrtc:
    """Every function answers with success."""

    def __init__(self) -> None:
        self.source, self.options = "", list[str]()

    def nvrtcCreateProgram(self, program: Any, source: bytes, *given: Any) -> int:
        self.source = source.decode()
        return 0

    def nvrtcCompileProgram(self, program: Any, count: int, options: Any) -> int:
        self.options = [options[at].decode() for at in range(count)]
        return 0

    def __getattr__(self, name: str) -> Callable[..., int]:
        return lambda *given: 0


@pytest.fixture
def nvrtc(monkeypatch: pytest.MonkeyPatch) -> PretendedNvrtc:
    made = PretendedNvrtc()
    h200 = SimpleNamespace(major=9, minor=0)
    monkeypatch.setattr(_utils, "_get_gpu_rtc_library", lambda: made)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: h200)
    return made


def test_the_kernel_is_compiled_where_there_is_no_toolkit_of_cuda(
    nvrtc: PretendedNvrtc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cpp_extension, "CUDA_HOME", None)
    monkeypatch.setattr(_utils, "_cuda_load_module", lambda code, names: dict.fromkeys(names, print))
    compiled_for_gpu(GROUP)
    assert nvrtc.source == source_of(GROUP) and "#include" not in nvrtc.source
    assert "--gpu-architecture=sm_90" in nvrtc.options
    assert cpp_extension.CUDA_HOME is None, "as before"


def test_a_launch_gives_what_the_kernel_declares_and_pytorch_takes(
    nvrtc: PretendedNvrtc, monkeypatch: pytest.MonkeyPatch
) -> None:
    launches: list[dict[str, Any]] = []
    takes = inspect.signature(_utils._CudaKernel.__call__)

    def kernel(**given: Any) -> None:
        launches.append(takes.bind(None, **given).arguments)

    monkeypatch.setattr(_utils, "_cuda_load_module", lambda code, names: dict.fromkeys(names, kernel))
    fields = {name: torch.zeros(1) for name in POINTERS}
    mean, root = torch.zeros(1), torch.zeros(1)
    compiled_for_gpu(GROUP)(fields, mean, root, 3, 5, 1_000_000)
    (launch,) = launches
    assert launch["grid"] == (-(-1_000_000 // THREADS), 1, 1) and launch["block"] == (THREADS, 1, 1)
    declared = source_of(GROUP).partition("train(")[2].partition(")")[0].split(",")
    assert len(launch["args"]) == len(declared)
    for name, given, parameter in zip(
        (*POINTERS, "mean", "root", "done", "epochs", "width"), launch["args"], declared, strict=True
    ):
        assert parameter.split()[-1] == f"{'*' if torch.is_tensor(given) else ''}{name}"
        assert torch.is_tensor(given) or type(given) is int

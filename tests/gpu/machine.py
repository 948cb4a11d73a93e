"""What machine this is, what is missing on it, and what doctor says of it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
import tomllib
from pathlib import Path

from tests.end_to_end.home import ROOT
from tests.gpu.result import GpuResult, GpuSetting, Results, check, home_of, not_done


def results(setting: GpuSetting) -> Results:
    import torch

    cuda = f"CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU alone"
    yield GpuResult(
        "machine", "versions", f"Python {platform.python_version()}, PyTorch {torch.__version__}, {cuda}"
    )
    if setting.on_gpu:
        facts = torch.cuda.get_device_properties(0)
        found = f"{facts.name}, {facts.total_memory / 2**30:.0f} GiB, {facts.multi_processor_count} units"
        yield GpuResult("machine", "GPU", f"{torch.cuda.device_count()} x {found}")
        yield bfloat16_lstm()
    size = size_of(ROOT) + sum(size_of(setting.data / name) for name in ("mnist", "text") if setting.data)
    yield check("machine", "tree and data, at most 60 MB", size <= 60e6, f"{size / 1e6:.0f} MB")
    absent = [name for name in needed() if not is_there(name)]
    yield GpuResult("machine", "packages that are missing", ", ".join(absent) or "none")


def bfloat16_lstm() -> GpuResult:
    """`lm` trains its LSTM in float32 where cuDNN's knows no bfloat16."""
    import torch

    net = torch.nn.LSTM(8, 8).to("cuda", torch.bfloat16)
    try:
        net(torch.zeros(2, 1, 8, device="cuda", dtype=torch.bfloat16))[0].sum().backward()
        found = "yes"
    except RuntimeError as error:
        found = f"no: {next(iter(str(error).splitlines()), '')}"
    version = torch.backends.cudnn.version()
    return GpuResult("machine", "LSTM in bfloat16", found, note=f"cuDNN {version}; it is there since 91300")


def size_of(folder: Path) -> int:
    """Bytes of its files, without what is hidden or made by Python."""
    total = 0
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__pycache__"))]
        total += sum((Path(place) / name).lstat().st_size for name in names)
    return total


def needed() -> list[str]:
    """Names of the packages of pyproject.toml."""
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [line.split(";")[0].strip("0123456789.,<>=~ ") for line in facts["project"]["dependencies"]]


def is_there(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def doctor(setting: GpuSetting) -> Results:
    """Its findings about the GPU, and whether they name it."""
    home = home_of(setting)
    try:
        found = json.loads(home.dltui("doctor", "--json", status=None))
    finally:
        home.dltui("engine", "stop", status=None)
        home.close()
    said = " ".join(one["text"] for one in found if one["topic"] == "gpu")
    if not setting.on_gpu:
        is_said = "No NVIDIA GPU" in said or "no driver that answers" in said
        yield check("doctor", "without a GPU it says so", is_said, said)
        yield not_done("doctor", "the GPU and its driver", "needs a GPU")
        return
    what = "names the GPU and the driver of nvidia-smi"
    smi = of_nvidia_smi()
    if smi:
        yield check("doctor", what, all(part in said for part in smi), said)
    else:
        yield not_done("doctor", what, f"nvidia-smi is not here or does not answer; it says: {said}")
    for one in found:
        if one["topic"] == "torch":
            yield GpuResult("doctor", "PyTorch", one["text"], note=one.get("remedy", ""))


def of_nvidia_smi() -> list[str]:
    """Name and driver version of the first GPU; nothing without that program."""
    asked = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [part.strip() for line in done.stdout.splitlines()[:1] for part in line.split(",")]

"""What machine this is, what is missing on it, and what doctor says of it."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import subprocess
import tomllib

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
    findings = {one["topic"]: one for one in found}
    said = findings["gpu"]["text"]
    if not setting.on_gpu:
        yield check("doctor", "without a GPU it says so", "No NVIDIA GPU" in said, said)
        yield not_done("doctor", "the GPU and its driver", "needs a GPU")
        return
    smi = subprocess.run(
        ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"],
        capture_output=True, text=True, timeout=20,
    ).stdout.strip()  # fmt: skip
    name, _, version = (part.strip() for part in smi.splitlines()[0].partition(","))
    yield check(
        "doctor", "names the GPU and the driver of nvidia-smi", name in said and version in said, said
    )
    yield GpuResult("doctor", "PyTorch", findings["torch"]["text"], note=findings["torch"].get("remedy", ""))

"""The environment of a command: that of the shell, and what the run adds to it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRACK_FOLDER = Path(__file__).resolve().parent.parent / "track"
"""the folder of dltui_track.py, alone in it"""
TRACK_SOCKET = "track.sock"
"""in the run folder"""
WITHHELD = "DLTUI_WITHHELD"
"""variable of the keeper that holds the values that are in no file, as JSON"""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def environment(
    command: Mapping[str, Any], withheld: Mapping[str, str], device: str, facts: Mapping[str, str]
) -> dict[str, str]:
    """`command` as in spec.json; `device` is cpu or the UUID of a GPU; `facts` are variables of the run."""
    given: dict[str, str] = {**command["environ"], **withheld}
    path = [given["PYTHONPATH"]] if given.get("PYTHONPATH") else []
    threads = command.get("threads")
    limits = dict.fromkeys(THREADS, str(threads)) if threads else {}
    terminal = {"TERM": "xterm-256color"} if command.get("pty") else {}
    return {
        **limits,
        **terminal,
        "PYTHONUNBUFFERED": "1",
        **given,
        "PWD": str(command["folder"]),
        "PYTHONPATH": os.pathsep.join([*path, str(TRACK_FOLDER)]),
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": "" if device == "cpu" else device,
        **facts,
    }


def device_name(device: str, drivers: Path = Path("/proc/driver/nvidia/gpus")) -> str:
    """cpu, or the name of the GPU with that UUID; the UUID where the driver does not tell."""
    if device == "cpu":
        return device
    for path in drivers.glob("*/information"):
        try:
            facts = dict(line.partition(":")[::2] for line in path.read_text().splitlines())
        except OSError:
            continue
        if facts.get("GPU UUID", "").strip() == device:
            return facts.get("Model", device).strip()
    return device

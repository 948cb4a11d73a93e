"""Small checkpoints whose content is a function of their step."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from checkpoints import folder
from checkpoints.folder import Saved, Verified

RUN = "20250102-0304-xor-ab12"


def files_of(step: int, size: int = 40) -> dict[str, bytes]:
    """Three files that no other step has."""
    names = ("model.safetensors", "train.safetensors", "state.json")
    return {name: hashlib.shake_256(f"{step} {name}".encode()).digest(size) for name in names}


def save(path: Path, step: int, **options: Any) -> Saved:
    """Save the sample of a step."""
    defaults: dict[str, Any] = {"reserve": 0, "env": {"threads": 1, "deterministic": True, "torch": "2"}}
    options = defaults | options
    files = options.pop("files", files_of(step))
    return folder.write(path, step, files, run_id=RUN, weights_sha256=f"{step:064x}", **options)


def is_sample(verified: Verified) -> bool:
    """Whether every byte is the one that was saved for that step."""
    return verified.files.items() <= files_of(verified.manifest.step).items()


def intact_steps(path: Path) -> list[int]:
    """The steps that verify, and are what was saved."""
    steps = [row.step for row in folder.verify(path) if isinstance(row, folder.CheckpointInfo)]
    assert all(is_sample(folder.read(path / folder.name_of(step))) for step in steps)
    return steps


def leftovers(path: Path) -> list[str]:
    """What is neither a checkpoint nor ours to keep."""
    return sorted(one.name for one in path.iterdir() if folder.step_of(one.name) is None)

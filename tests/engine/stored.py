"""Runs and sweeps of version 1, as they were written then."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from checkpoints.errors import MismatchedCheckpoint
from engine.store import RunFolder
from tests.engine.experiments.small_text import captions
from tests.engine.worker.attempts import train

STORED = Path(__file__).parents[1] / "stored"
EXPECTED: dict[str, Any] = json.loads((STORED / "expected.json").read_text())
"""by the name of the run: its id, and the step, weights and metrics of its end when nothing interrupted it"""
TPE, LANES = "20261129-223642-xor-sweep-562e", "20261129-223700-xor-sweep-65b7"


def run_of(home: Path, name: str) -> RunFolder:
    """That run in a home."""
    folder = RunFolder(home / "runs" / EXPECTED[name]["run"])
    shutil.copytree(STORED / "runs" / folder.id, folder.path)
    text = home / "text"
    text.mkdir(exist_ok=True)
    captions(text, 60)
    for path in folder.path.iterdir():
        if path.suffix in (".json", ".jsonl"):
            words = path.read_text().replace("@TEXT@", str(text)).replace("@HOME@", str(home))
            path.write_text(words)
    return folder


def sweep_of(home: Path, sweep_id: str) -> Path:
    """The folder of that sweep in a home."""
    folder = home / "sweeps" / sweep_id
    shutil.copytree(STORED / "sweeps" / sweep_id, folder)
    return folder


def resumed(folder: RunFolder) -> str:
    """Trained to its end; strict, or fast where another machine or package cannot give the same bits."""
    for mode in ("strict", "fast"):
        try:
            train(folder, number=2, mode=mode)
            return mode
        except MismatchedCheckpoint:
            assert mode == "strict"
    raise AssertionError

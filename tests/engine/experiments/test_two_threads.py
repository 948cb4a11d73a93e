"""Language model with two threads, paused twice: the bits are those of a run that was never interrupted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.experiments.small_text import captions
from tests.engine.worker.attempts import environment
from tests.timeouts import LONG

TWO = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "2"
)


@pytest.mark.long
@pytest.mark.parametrize("framework", ["torch", "tensorflow"])
def test_paused_with_two_threads_it_ends_as_if_it_never_was(tmp_path: Path, framework: str) -> None:
    corpus = captions(tmp_path, 80)  # 64 to learn from: two batches
    said = subprocess.run(
        [sys.executable, "-m", "tests.engine.experiments.two_threads", str(tmp_path), framework, corpus],
        env=environment(**TWO, CUDA_VISIBLE_DEVICES="", DLTUI_DATA=str(tmp_path)),
        capture_output=True, text=True, timeout=LONG, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    threads, whole, parts = json.loads(said.stdout.splitlines()[-1])
    assert threads == 2
    assert whole[0] == 4
    assert parts == whole

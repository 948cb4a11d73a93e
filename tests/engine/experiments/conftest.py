"""No network, and the real images only where DLTUI_DATA names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REAL = os.environ.get("DLTUI_DATA")


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "1000")


@pytest.fixture
def real_data() -> Path:
    if not REAL or not (Path(REAL) / "mnist").is_dir():
        pytest.skip("DLTUI_DATA names no folder with MNIST")
    return Path(REAL)

"""Fakes are in the catalog, nothing comes from the network, checkpoints come when they are asked for."""

from __future__ import annotations

import pytest

from tests.engine.worker.lab import FAKES


@pytest.fixture(autouse=True)
def small_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", FAKES)
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "1000")

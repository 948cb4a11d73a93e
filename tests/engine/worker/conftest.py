"""Fake experiments are in the catalog, there is no network, and checkpoints are saved only on request."""

from __future__ import annotations

import pytest

from tests.engine.worker.attempts import FAKES


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", FAKES)
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "1000")

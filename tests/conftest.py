"""What every test stands on: a home of its own, and no process left behind."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.places import Places
from tests.end_to_end.home import Home

# Compiled once for all homes, and for the next time too: each test has a home of its own.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"dltui-numba-{os.getuid()}"))

# How long an example takes says how busy the machine is. The small size asks the same questions each time:
# new ones are found by `make slow`, not by whoever lands a change.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize="DLTUI_CHAOS" not in os.environ,
)  # fmt: skip
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def nobodys_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that forgets its home does not work in that of whoever runs it."""
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "nobody"))


@pytest.fixture(autouse=True)
def whole_floats() -> Iterator[None]:
    """A language model in training lets the smallest floats pass for 0, which is a setting of the process."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """An empty home under a temporary folder, named in DLTUI_HOME."""
    root = tmp_path / "home"
    root.mkdir(mode=0o700)
    monkeypatch.setenv("DLTUI_HOME", str(root))
    yield Places(root)


@pytest.fixture
def home(places: Places) -> Iterator[Home]:
    """A home with a real engine."""
    made = Home(places)
    yield made
    made.close()

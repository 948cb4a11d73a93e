"""Fixtures of all tests: a temporary home for each, whose processes are killed at the end."""

from __future__ import annotations

import gc
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from engine.places import Places
from tests.end_to_end.home import Home

# One cache of compiled code for all temporary homes, kept for the next run of the tests.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"dltui-numba-{os.getuid()}"))

# Compiled modules are kept also where the environment says otherwise: each of hundreds of processes would
# compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# What tests import is never garbage: it is not searched while it is imported, nor later.
gc.disable()

# The duration of an example depends on the load of the machine: no deadline. The small size draws the same
# examples each time; `make slow` draws new ones.
settings.register_profile(
    "suite", deadline=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize="DLTUI_CHAOS" not in os.environ,
)  # fmt: skip
settings.load_profile("suite")


NUMBERS = itertools.count(1)

# The files whose tests take longest together, in minutes on two cores.
LONGEST = (
    "end_to_end/test_starters.py",
    "tui/cli/test_every_verb.py",
    "end_to_end/test_ray.py",
    "end_to_end/test_sweeps.py",
    "end_to_end/test_app_faults.py",
    "end_to_end/test_commands.py",
    "end_to_end/test_kills.py",
    "engine/experiments/test_mnist_recipe_kill.py",
    "engine/experiments/test_lm_kill.py",
    "engine/experiments/test_two_threads.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those with other tests marked `long`: xdist hands them out in this order.
    A long one that begins last keeps one worker busy and the others waiting."""
    ranks = {f"tests/{name}": rank for rank, name in enumerate(LONGEST)}
    for item in items:
        if item.get_closest_marker("long") or item.get_closest_marker("slow"):
            ranks.setdefault(_file_of(item), len(LONGEST))
    items.sort(key=lambda item: ranks.get(_file_of(item), len(LONGEST) + 1))


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.split("::", 1)[0]


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20)  # a mounted app is tens of thousands of objects that live as long


@pytest.fixture(scope="session")
def default_homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def default_home(default_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that sets no home does not use that of the person who runs it. The folder does not exist."""
    monkeypatch.setenv("DLTUI_HOME", str(default_homes / str(next(NUMBERS))))


@pytest.fixture(autouse=True)
def denormal_floats() -> Iterator[None]:
    """The training of a language model flushes denormal floats to 0 for the whole process: reset that."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)


@pytest.fixture(autouse=True)
def registered_experiments() -> Iterator[None]:
    """The catalog keeps files of the user's for the whole process: no test has those of another."""
    yield
    catalog = sys.modules.get("engine.catalog")
    if catalog is not None:
        catalog.register(())


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """An empty home under a temporary folder, named in DLTUI_HOME."""
    root = tmp_path / "home"
    root.mkdir(mode=0o700)
    monkeypatch.setenv("DLTUI_HOME", str(root))
    yield Places(root)


@pytest.fixture
def home(places: Places) -> Iterator[Home]:
    """A home with a real engine, used through commands."""
    made = Home(places)
    yield made
    made.close()

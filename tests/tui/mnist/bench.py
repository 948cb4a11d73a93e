"""The MNIST tab with runs of given weights and a session in the test's own process."""

from __future__ import annotations

import pytest

from engine import store
from engine.places import Places
from engine.protocol import RunSummary
from engine.store import RunFolder
from tests.engine.session.digit_runs import convolutions, plant, templates, write_events
from tests.fakes.app_pilot import AppPilot
from tests.fakes.engine import done, make_run
from tui.mnist.tab import MnistTab

SIZES = [(80, 24), (120, 40), (200, 60)]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.fixture
def folder(places: Places) -> RunFolder:
    """A logistic regression of high accuracy; its first checkpoint is of random weights."""
    made = plant(
        places.root, {20: convolutions(seed=1), 40: templates()}, model="logistic", iterations=13_000
    )
    write_events(made, (20, 0.5), (40, 0.9), test=0.88)
    return made


def summary(folder: RunFolder, **facts: object) -> RunSummary:
    """The run as the engine summarises it."""
    spec = store.read_spec(folder)
    step = max(int(path.name.removeprefix("step-")) for path in folder.checkpoints.iterdir())
    usual = {
        "state": done(),
        "checkpoint_step": step,
        "step": step,
        "metrics": {"val_accuracy": 0.9},
        "name": "planted",
    }
    return make_run(
        1, id=folder.id, experiment="mnist", params=spec.params,
        **{**usual, **facts},  # type: ignore[arg-type]
    )  # fmt: skip


def view(opened: AppPilot) -> MnistTab:
    return opened.app.query_one(MnistTab)


async def settled(opened: AppPilot) -> None:
    """Waits until all requests are answered."""
    await opened.until(lambda: not any(one.group.startswith("mnist") for one in opened.app.workers))

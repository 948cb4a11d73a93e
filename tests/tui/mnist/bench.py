"""The MNIST tab over planted runs, with a session in the test's own process and no network."""

from __future__ import annotations

import pytest

from engine import store
from engine.places import Places
from engine.protocol import RunSummary
from engine.store import RunFolder
from tests.engine.session.digit_runs import convolutions, plant, tell, templates
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
    """A logistic regression that reads well; its first checkpoint reads badly."""
    made = plant(
        places.root, {20: convolutions(seed=1), 40: templates()}, model="logistic", iterations=13_000
    )
    tell(made, (20, 0.5), (40, 0.9), test=0.88)
    return made


def summary(folder: RunFolder, **facts: object) -> RunSummary:
    """The run as a service would tell of it."""
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
    """Until nothing that was asked is unanswered."""
    await opened.until(lambda: not any(one.group.startswith("mnist") for one in opened.app.workers))

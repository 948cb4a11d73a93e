"""The XOR tab over real run folders, trained in the process of the test and served by a fake engine."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from engine import events, store
from engine.places import Places
from engine.protocol import RunSummary
from engine.store import RunFolder
from tests.engine.worker.attempts import new_run, train
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tui.xor.recipes import XorRecipe
from tui.xor.view import XorView


def trained(places: Places, experiment: str, seed: int = 1, **given: object) -> RunFolder:
    folder = new_run(places.root, experiment, seed=seed, **given)
    train(folder)
    return folder


def add_run(engine: FakeEngine, folder: RunFolder, name: str = "", created: float = 1_000.0) -> RunSummary:
    """Add a run with its whole history to the fake engine."""
    spec = store.read_spec(folder)
    run = make_run(
        id=spec.id, experiment=spec.experiment, name=name, params=dict(spec.params), seed=spec.seed,
        state=done(), created=created, step=10,
    )  # fmt: skip
    engine.events_of[run.id] = list(events.replay(folder.events))
    engine.change(run)
    return run


def made_up_run(recipe: XorRecipe, number: int, steps: int = 3) -> tuple[RunSummary, list[events.Event]]:
    """A run of a recipe that was not trained: its loss halves, its first weight grows by one each step."""
    run = make_run(number, name=recipe.name, params=recipe.params, state=done())
    history = []
    for step in range(1, steps + 1):
        series = {"loss": [[step], [0.5**step]]}
        history.append(events.Event(2 * step - 1, 1_000.0 + step, "metrics", {"series": series}))
        history.append(
            events.Event(2 * step, 1_000.0 + step, "sketch", {"step": step, "parts": parts(recipe, step)})
        )
    return run, history


def parts(recipe: XorRecipe, step: int) -> dict[str, object]:
    seen = recipe.hidden + (2 if recipe.bypass else 0)
    return {
        "hidden_weight": [[float(step), 1.0]] * recipe.hidden,
        "hidden_bias": [-1.5] * recipe.hidden,
        "output_weight": [1.0] * seen,
        "output_bias": -0.5,
    }


@contextlib.asynccontextmanager
async def xor_tab(
    places: Places, engine: FakeEngine, view: str, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[AppPilot]:
    """The tab in front, that view open by its key."""
    async with open_app(places, engine, size) as opened:
        await opened.press("2", view)
        await opened.until(lambda: isinstance(opened.app.focused, XorView) and opened.app.focused.in_front)
        yield opened

"""The form of a sweep, by keys alone: everything `dltui sweep` takes can be entered in it."""

from __future__ import annotations

from typing import Any

import pytest

from engine.catalog import find
from engine.places import Places
from engine.sweep_protocol import SweepSummary
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine
from tui.dialogs.form_dialog import FormScreen
from tui.sweeps.draft import SweepDraft
from tui.sweeps.form_screen import sweep_screen
from tui.ui.form import Form

SIZES = [(80, 24), (200, 60)]


def form(opened: AppPilot) -> Form:
    return opened.app.screen.query_one(Form)


def in_sight(opened: AppPilot) -> set[str]:
    return set(form(opened).visible_names)


async def to_form(opened: AppPilot) -> None:
    await opened.press("3")
    await opened.press("n")
    await opened.shows("sweep an experiment")
    await opened.press("enter")
    await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
    await opened.shows("No parameter varies yet.", "hidden: hidden units")


async def to_more(opened: AppPilot) -> None:
    await opened.press("shift+tab")
    await opened.until(lambda: form(opened).field is None)
    await opened.press("space")
    await opened.until(lambda: "metric" in in_sight(opened))


async def write(opened: AppPilot, name: str, text: str) -> None:
    """Into that field, wherever the keys are."""
    for _ in range(40):
        field = form(opened).field
        if field is not None and field.name == name:
            break
        await opened.press("down")
    else:
        raise AssertionError(f"no key leads to {name}")
    await opened.press("ctrl+u")
    await opened.type(text)


@pytest.mark.parametrize("size", SIZES)
async def test_rarely_changed_settings_are_collapsed(places: Places, size: tuple[int, int]) -> None:
    async with open_app(places, FakeEngine(), size) as opened:
        await to_form(opened)
        assert not in_sight(opened) & {"metric", "goal", "gpu_share", "executor", "ray_address", "eta"}
        await opened.press("shift+tab")
        await opened.shows("more", "metric, goal, gpu_share, executor")
        await opened.press("space")
        await opened.shows("less", "gpu_share", "share of one GPU per trial", "executor")
        await opened.press("down", "down", "down", "down", "right")
        await opened.shows("ray_address")
        assert "ray_address" in in_sight(opened)


async def test_the_form_takes_the_height_that_the_texts_below_it_leave(places: Places) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await to_form(opened)
        box = opened.app.screen.query_one(".dialog")
        assert box.outer_size.height == 24 * 96 // 100
        await write(opened, "lr", "0.1,0.01")
        await opened.shows("2 trials")
        assert box.outer_size.height == 24 * 96 // 100
        await write(opened, "lr", "x")
        await opened.shows("1 field is wrong")
        assert box.outer_size.height >= 24 * 96 // 100 - 1


async def test_every_option_of_the_shell_has_a_field(places: Places) -> None:
    engine = FakeEngine()
    async with open_app(places, engine, (120, 40)) as opened:
        await to_form(opened)
        await write(opened, "lr", "0.001..0.1 log")
        await write(opened, "sampler", "")
        await opened.press("right", "right")  # tpe
        await write(opened, "prune", "")
        await opened.press("left")  # asha
        await write(opened, "eta", "2")
        await write(opened, "rungs", "3")
        await opened.shows("30 trials; each checked for pruning at 0.12, 0.25, 0.5 of its steps")
        assert "startup" not in in_sight(opened)
        await write(opened, "hidden", "2")
        await to_more(opened)
        await write(opened, "sampler_seed", "7")
        await write(opened, "metric", "accuracy")
        await opened.shows("goal: expected min or max of accuracy")
        await opened.press("down", "left")
        await write(opened, "gpu_share", "0.5")
        await opened.press("down", "right", "down")
        await opened.type("10.0.0.5:6379")
        await opened.shows("30 trials")
        await opened.press("enter")
        await opened.until(lambda: bool(engine.sweeps.requests))
        asked: dict[str, Any] = engine.sweeps.requests[0][1]
        expected = {
            "sampler": "tpe", "seed": 7, "metric": "accuracy", "goal": "max", "gpu_share": 0.5,
            "executor": "ray@10.0.0.5:6379", "prune": {"kind": "asha", "eta": 2, "rungs": 3, "startup": 4},
        }  # fmt: skip
        assert {name: asked[name] for name in expected} == expected


async def test_what_is_out_of_sight_and_means_nothing_is_no_mistake(places: Places) -> None:
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await to_form(opened)
        await write(opened, "lr", "0.1,0.01")
        await write(opened, "prune", "")
        await opened.press("right")  # median
        await write(opened, "startup", "0")
        await opened.shows("expected a whole number of 1 or more")
        await write(opened, "prune", "")
        await opened.press("left")
        await opened.shows("2 trials")


async def test_a_mistake_cannot_be_folded_away(places: Places) -> None:
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await to_form(opened)
        await to_more(opened)
        await write(opened, "gpu_share", "2")
        await opened.press("up", "up", "up", "space")
        await opened.shows("gpu_share=2")
        assert "gpu_share" in in_sight(opened) and "metric" not in in_sight(opened)


def test_the_values_of_every_axis_are_shown_in_the_form() -> None:
    async def never(draft: SweepDraft) -> SweepSummary:
        raise AssertionError

    typed = {"lr": "0,1", "patience": "never,5", "validation": "notebook"}
    words = sweep_screen(find("xor"), typed, never, lambda given: None)._outcome.text
    assert words.splitlines() == [
        "4 trials", "lr: 2 values, 0 and 1", "patience: 2 values, never and 5",
    ]  # fmt: skip
    errors = sweep_screen(find("xor"), {"lr": "0,01"}, never, lambda given: None).form.applicable_errors
    assert "0.01 with a decimal point" in errors["lr"]

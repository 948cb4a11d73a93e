"""Keys that arrive all at once, as over a slow connection."""

from __future__ import annotations

import pytest
from textual import events

from engine.places import Places
from tests.fakes.app_pilot import TIMEOUT, AppPilot, open_app
from tests.fakes.engine import FakeEngine, make_run
from tui.terminal import key_order

NAMES = {"\r": "enter", "\x1b": "escape", " ": "space", "/": "slash"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that serves others too, a dialog may take longer than a person would wait."""
    monkeypatch.setattr(key_order, "TIMEOUT", TIMEOUT)


def at_once(opened: AppPilot, typed: str) -> None:
    for character in typed:
        opened.app.post_message(events.Key(NAMES.get(character, character), character))


async def test_letters_typed_after_the_slash_are_the_filter(places: Places) -> None:
    engine = FakeEngine(make_run(1, name="desk"), make_run(2, name="lamp"))
    async with open_app(places, engine) as opened:
        at_once(opened, "/desk")
        await opened.until(lambda: "lamp" not in opened.text)
        assert not engine.requests and len(opened.app.screen_stack) == 1


async def test_an_experiment_is_launched_by_three_keys_at_once(places: Places) -> None:
    engine = FakeEngine(make_run(1))
    async with open_app(places, engine) as opened:
        at_once(opened, "n\r\r")
        await opened.until(lambda: engine.requests and engine.requests[0][:2] == ("submit", "xor"))


async def test_the_key_after_a_closed_dialog_goes_to_the_tab(places: Places) -> None:
    run = make_run(1)
    engine = FakeEngine(run, make_run(2))
    async with open_app(places, engine) as opened:
        at_once(opened, "s\x1b ")
        await opened.until(lambda: opened.app.runs.shown.marks == [run.id])
        assert not engine.requests

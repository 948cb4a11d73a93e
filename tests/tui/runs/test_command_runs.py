"""Runs of commands in the Runs tab."""

from __future__ import annotations

from engine.exec.shell_command import ShellCommand
from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tui.dialogs.form_dialog import FormScreen

COMMAND = ShellCommand(("python", "train.py", "--lr", "{lr}"), "/work", kinds={"lr": "float"})


async def test_a_command_is_run_again_with_its_placeholders_as_fields(places: Places) -> None:
    run = make_run(
        1, experiment="exec", params={"lr": 0.1, "batch": 32}, command=COMMAND, name="train", seed=3
    )
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.shows("lr=0.1")
        await opened.press("R")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.until(lambda: engine.requests)
        _, experiment, params, seed, *_ = engine.requests[0]
        assert (experiment, params, seed, engine.likes) == ("exec", {"lr": 0.1}, 3, [run.id])


async def test_a_command_begins_with_no_checkpoint_of_another_run(places: Places) -> None:
    run = make_run(1, experiment="exec", params={"lr": 0.1}, command=COMMAND, name="train", checkpoint_step=5)
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("B")
        await opened.until(lambda: opened.notices)
        assert opened.notices == ["train runs a command, which begins by itself."]
        assert not engine.requests

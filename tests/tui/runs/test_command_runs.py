"""Runs of commands in the Runs tab."""

from __future__ import annotations

from dataclasses import replace

from engine.exec.shell_command import ShellCommand
from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, failed, make_run
from tui.data import run_actions
from tui.dialogs.form_dialog import FormScreen

COMMAND = ShellCommand(("python", "train.py", "--lr", "{lr}"), "/project", kinds={"lr": "float"})


async def test_a_command_is_run_again_with_its_placeholders_as_fields(places: Places) -> None:
    run = make_run(
        1, experiment="exec", params={"lr": 0.1, "batch": 32}, command=COMMAND, name="train", seed=3
    )
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.shows("lr=0.1")
        await opened.press("R")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("python train.py --lr '{lr}'", "in /project")
        assert "parent" not in opened.text and "executor" not in opened.text
        await opened.press("ctrl+u")
        await opened.type("adam")
        await opened.press("enter")
        await opened.until(lambda: engine.requests)
        _, experiment, params, seed, *_ = engine.requests[0]
        assert (experiment, params, seed, engine.likes) == ("exec", {"lr": "adam"}, 3, [run.id])


async def test_a_command_begins_with_no_checkpoint_of_another_run(places: Places) -> None:
    run = make_run(1, experiment="exec", params={"lr": 0.1}, command=COMMAND, name="train", checkpoint_step=5)
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("B")
        await opened.until(lambda: opened.notices)
        assert opened.notices == ["train runs a command, which begins by itself."]
        assert not engine.requests


async def test_a_failed_command_is_resumed_by_the_key_that_pauses(places: Places) -> None:
    run = make_run(1, experiment="exec", command=COMMAND, name="train", state=failed(), attempt=1)
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.shows("resume")
        await opened.press("p")
        await opened.until(lambda: engine.requests)
        assert engine.requests == [("resume", run.id)]


async def test_the_line_that_repeats_a_command_is_copied(places: Places) -> None:
    told = replace(COMMAND, output_metrics=(r"loss=(\S+)",), texts={"lr": ("0.10",)}, steps=9)
    run = make_run(1, experiment="exec", params={"lr": 0.1, "batch": 32}, command=told, name="t", seed=3)
    assert run_actions.command_line(run) == (
        "cd /project && dltui exec --set lr=0.10 --metric 'loss=(\\S+)' --steps 9 --seed 3 --name t -- "
        "python train.py --lr '{lr}'"
    )


async def test_a_command_is_swept_over_its_placeholders_from_its_run(places: Places) -> None:
    run = make_run(1, experiment="exec", params={"lr": 1, "batch": 32}, command=COMMAND, name="train",
                   metrics={"acc": 0.5})  # fmt: skip
    engine = FakeEngine(run)
    async with open_app(places, engine) as opened:
        await opened.press("S")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("sweep a command", "python train.py --lr '{lr}'", "No parameter varies yet.")
        await opened.press("ctrl+u")
        await opened.type("0.10,0.5")
        await opened.shows("2 trials", "lr: 2 values, 0.1 and 0.5")
        await opened.press("enter")
        await opened.until(lambda: engine.sweeps.requests)
        facts = engine.sweeps.requests[0][1]
        assert (facts["experiment"], facts["axes"], facts["params"]) == ("exec", ["lr=0.10,0.5"], {})
        assert (facts["like"], facts["metric"], facts["goal"]) == (run.id, "acc", "max")
        assert facts["command"]["kinds"] == {"lr": "float"}
        assert facts["command"]["texts"] == {"lr": ["0.10", "0.5"]}


async def test_a_command_without_a_placeholder_is_not_swept(places: Places) -> None:
    run = make_run(1, experiment="exec", command=ShellCommand(("true",), "/project"), name="train")
    async with open_app(places, FakeEngine(run)) as opened:
        await opened.press("S")
        await opened.until(lambda: opened.notices)
        assert opened.notices[0].startswith("The command has no placeholder")


async def test_an_experiment_is_swept_with_the_parameters_of_a_run(places: Places) -> None:
    engine = FakeEngine(make_run(1, experiment="xor", params={"hidden": 5}))
    async with open_app(places, engine) as opened:
        await opened.press("S")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("ctrl+u")
        await opened.type("5..7")
        await opened.shows("3 trials")

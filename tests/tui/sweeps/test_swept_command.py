"""The sweep of a command from a filled form."""

from __future__ import annotations

import pytest

from engine import params
from engine.errors import ParamError
from engine.exec.shell_command import ShellCommand
from tui.sweeps.draft import SweepDraft, command_draft_of
from tui.sweeps.sweep_settings import MORE, SETTINGS
from tui.sweeps.swept_command import OUTPUT, STEPS, SweptCommand

COMMAND = ShellCommand(
    ("train", "{lr}", "{data}", "{name}", "{seed}"), "/project", environ_names=("PATH",), withheld=("A_KEY",),
    output_metrics=("loss=(.*)", r"acc: (?P<acc>\S+);"), kinds={"lr": "int"}, steps=100,
)  # fmt: skip
SWEPT = SweptCommand(COMMAND, "run-1")


def drafted(**typed: str) -> SweepDraft:
    texts = {param.name: params.format_value(param, param.default) for param in (*SETTINGS, *MORE)}
    texts |= SWEPT.typed_settings() | {"{lr}": "0.10,1", "{data}": "../data", "{name}": "a b"}
    return command_draft_of(SWEPT, {**texts, **typed})


def test_a_path_is_one_value_and_a_placeholder_may_have_the_name_of_a_setting() -> None:
    draft = drafted(name="mine")
    assert draft.axes == ("lr=0.10,1",)
    assert dict(draft.params) == {"data": "../data", "name": "a b"}
    assert draft.settings["name"] == "mine" and draft.planned == 2
    assert draft.axis_values == ("lr: 2 values, 0.1 and 1",)


def test_it_has_the_shell_of_its_run_and_values_as_they_were_typed() -> None:
    made = drafted().submitted
    assert made is not None and made.like == "run-1"
    assert made.command.texts["lr"] == ("0.10", "1") and made.command.kinds["lr"] == "float"
    assert (made.command.environ_names, made.command.withheld) == ((), ("A_KEY",))
    assert (made.command.output_metrics, made.command.steps) == (COMMAND.output_metrics, 100)


def test_patterns_and_steps_can_be_changed() -> None:
    made = drafted(output=r"loss=(\S+) ; val_loss=(\S+)", steps="auto").submitted
    assert made is not None
    assert (made.command.output_metrics, made.command.steps) == ((r"loss=(\S+)", r"val_loss=(\S+)"), None)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"{lr}": "0.1"}, "No parameter varies yet."),
        ({"{lr}": ""}, "{lr}: expected a value"),
        ({"{lr}": "0.1..1"}, "a grid needs values, got a range"),
        ({"{lr}": "1..x"}, "lr: "),
        ({"output": "loss"}, "names no metric"),
        ({"steps": "0"}, "steps: expected"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(typed: dict[str, str], words: str) -> None:
    with pytest.raises(ParamError) as caught:
        drafted(**typed)
    assert words in str(caught.value)


def test_the_fields_of_steps_and_patterns_have_a_help_of_one_line() -> None:
    assert all(param.help and "\n" not in param.help for param in (STEPS, OUTPUT))

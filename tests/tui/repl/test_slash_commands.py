"""Slash commands are parsed, completed and refused."""

from __future__ import annotations

import pytest

from engine.errors import ParamError
from tui.repl.slash_commands import COMMANDS, completions, parse


def test_a_line_without_a_slash_is_generated_from() -> None:
    command, text = parse("i love ")
    assert (command.name, text) == ("generate", "i love")


def test_a_command_may_be_shortened_to_a_unique_prefix() -> None:
    assert parse("/sc a cat")[0].name == "score"
    with pytest.raises(ParamError, match="There is no /s"):
        parse("/s a cat")


@pytest.mark.parametrize(("typed", "near"), [("/tempreature 2", "/temperature"), ("/scor3 x", "/score")])
def test_the_error_for_an_unknown_command_names_the_nearest(typed: str, near: str) -> None:
    with pytest.raises(ParamError) as caught:
        parse(typed)
    assert near in str(caught.value)


def test_the_error_for_an_unknown_command_has_no_control_characters() -> None:
    with pytest.raises(ParamError) as caught:
        parse("/\x1b[31mred")
    assert "\x1b" not in str(caught.value)


def test_completions_end_where_the_argument_begins() -> None:
    assert len(completions("/")) == len(COMMANDS)
    assert [command.name for command in completions("/top")] == ["topk", "topp"]
    assert not completions("/score ") and not completions("score")

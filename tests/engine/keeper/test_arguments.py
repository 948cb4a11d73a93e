from __future__ import annotations

from pathlib import Path

import pytest

from engine.keeper.arguments import MAIN, Arguments, command, parse
from engine.keeper.stop_sequence import GracePeriods


def test_a_command_is_parsed_to_what_it_was_made_of() -> None:
    line = command(
        Path("/runs/a"), 3, python="/usr/bin/python3", device="GPU-1", grace_periods=GracePeriods(2.5, 1)
    )
    assert line[:4] == ["/usr/bin/python3", "-I", "-S", str(MAIN)]
    assert parse(line[4:], {}) == Arguments(
        Path("/runs/a"), 3, "/usr/bin/python3", "GPU-1", GracePeriods(2.5, 1)
    )


def test_grace_periods_come_from_the_environment_where_the_option_is_absent() -> None:
    line = command(Path("/runs/a"), 1, python="p")[4:]
    assert parse(line, {"DLTUI_GRACE": "4,2"}).grace_periods == GracePeriods(4, 2)
    assert parse(line, {}).grace_periods == GracePeriods(30, 15)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["/runs/a"],
        ["/runs/a", "x", "--python", "p"],
        ["/runs/a", "0", "--python", "p"],
        ["/runs/a", "1"],
        ["/runs/a", "1", "--python"],
        ["/runs/a", "1", "--python", "p", "--colour", "red"],
        ["/runs/a", "1", "--python", "p", "--grace", "1"],
        ["/runs/a", "1", "--python", "p", "--grace", "nan,1"],
        ["/runs/a", "1", "--python", "p", "--grace", "-1,1"],
    ],
)
def test_invalid_arguments_are_refused(argv: list[str]) -> None:
    with pytest.raises(ValueError):
        parse(argv, {})

"""Numbers of the shell are read as those of --set: a leading zero is refused with the remedy."""

from __future__ import annotations

import pytest

from engine.errors import ParamError
from tui.cli.commands import app
from tui.cli.guard import run_command


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["run", "xor", "--seed", "01"], "seed"),
        (["sweep", "xor", "--seed", "01"], "seed"),
        (["sweep", "trials", "s", "--limit", "01"], "limit"),
        (["ls", "--limit", "01"], "limit"),
        (["predict", "i", "-k", "01"], "k"),
        (["plot", "@last", "--width", "01"], "width"),
    ],
)
def test_a_leading_zero_is_refused(words: list[str], name: str) -> None:
    with pytest.raises(ParamError, match=rf"^{name}: expected a .*number.*, got '01'\.") as error:
        app(words)
    assert error.value.remedy == "Write 1."


def test_the_exit_status_is_that_of_a_wrong_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(lambda: app(["ls", "--limit", "0"])) == 2
    assert "limit: expected a whole number of 1 or more, got '0'." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["generate", "i", "--temperature", "01"], "temperature"),
        (["sweep", "xor", "--axis", "lr=0.1,1", "--gpu-share", "01"], "gpu-share"),
    ],
)
def test_a_leading_zero_of_a_decimal_option_is_refused(words: list[str], name: str) -> None:
    with pytest.raises(ParamError, match=rf"^{name}: expected a number, got '01'\.") as error:
        app(words)
    assert error.value.remedy == "Write 1, or 0.01 with a decimal point."

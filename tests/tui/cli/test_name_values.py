"""The words `name=value` of a command line, of which the seed is one."""

from __future__ import annotations

import pytest

from engine.errors import ParamError
from tui.cli.name_values import parse_settings, seed_text
from tui.cli.run import settings_and_seed
from tui.cli.sweep import settings_and_seeds


def test_the_seed_may_be_set_as_a_parameter_is() -> None:
    assert settings_and_seed(["lr=0.1", "seed=7"], 1) == ({"lr": "0.1"}, 7)
    assert settings_and_seed(["seed=7"], 7) == ({}, 7)
    assert settings_and_seed(["lr=0.1"], 5) == ({"lr": "0.1"}, 5)


def test_a_seed_that_is_set_is_the_only_one_of_a_sweep() -> None:
    assert settings_and_seeds(["seed=7"], "1") == ({}, [7])
    assert settings_and_seeds(["lr=0.1"], "3") == ({"lr": "0.1"}, 3)
    assert settings_and_seeds([], "1,5") == ({}, [1, 5])


@pytest.mark.parametrize("settings", [["seed=x"], ["seed=-1"], ["seed="], ["seed=1.5"]])
def test_a_seed_that_is_none_is_refused(settings: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for parse, given in ((settings_and_seed, 1), (settings_and_seeds, "1")):
        with pytest.raises(SystemExit):
            parse(settings, given)  # type: ignore[operator]
        assert "seed: expected a whole number" in capsys.readouterr().err


def test_two_seeds_are_refused_naming_both() -> None:
    with pytest.raises(ParamError, match="seed: given twice, as 3 and as 4"):
        seed_text(parse_settings(["seed=3"]), "--seed", "4")

"""Texts of a command line as values: the words `name=value`, and options that are parsed as by --set."""

from __future__ import annotations

from engine.errors import ParamError
from engine.params import Param, Value, parse_value
from tui.cli.engine_call import exit_on_error


def split_setting(text: str, option: str = "") -> tuple[str, str]:
    """Name and value of `name=value`, the value as it was typed. Raises ParamError that names the option."""
    name, equals, value = text.partition("=")
    if not equals:
        expected = f"{option} takes name=value" if option else "Expected name=value"
        raise ParamError(f"{expected}, got {text[:80]!r}.", f"For instance: {f'{option} lr=0.01'.strip()}")
    return name.strip(), value


def parse_settings(texts: list[str]) -> dict[str, str]:
    """The values of `--set`, by name. Raises ParamError."""
    return dict(split_setting(text, "--set") for text in texts)


def seed_text(settings: dict[str, str], option: str, given: str) -> str:
    """The seed that `--set seed=N` names, which is taken out of `settings`; else `given`, that of the option.

    Raises ParamError where both are given and differ.
    """
    named = settings.pop("seed", given).strip()
    if given not in ("1", named):
        raise ParamError(f"seed: given twice, as {named[:40]} and as {given[:40]}.", f"Leave out {option}.")
    return named


def read_option(param: Param, text: str) -> Value:
    """The value of an option; an invalid one is printed in one line and exits."""
    with exit_on_error():
        return parse_value(param, text)

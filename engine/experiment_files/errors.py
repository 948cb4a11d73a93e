"""Why an experiment that is a file cannot be used."""

from __future__ import annotations

from engine.errors import InputError


class UnusableExperiment(InputError):
    """One line: the file, the line where there is one, and what is wrong."""


def at_line(path: object, line: int | None, text: str) -> UnusableExperiment:
    where = f"{path}, line {line}" if line else str(path)
    return UnusableExperiment(f"{where}: {text}")

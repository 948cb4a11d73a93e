"""The experiment that a command names: one of the catalog, one that was added, or a file."""

from __future__ import annotations

from engine import catalog, places
from engine.catalog import Experiment
from tui.cli.engine_call import exit_on_error


def find_experiment(named: str, python: str = "") -> Experiment:
    """Raises DltuiError; a suite is the experiment that it varies."""
    suite = catalog.suite(named)
    if suite is not None:
        return catalog.find(suite.experiment)
    if catalog.is_built_in(named) and not python:
        return catalog.find(named)
    from engine.experiment_files import prepare  # most commands name none

    found = prepare.find(places.home(), named, python)
    return catalog.find(named) if found is None else catalog.from_file(found.experiment)


def find_or_fail(named: str, python: str = "") -> Experiment:
    """An error is printed in one line and exits."""
    with exit_on_error():
        return find_experiment(named, python)

"""`dltui experiments`: the catalog, with parameters and defaults."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from engine.catalog import SUITES, Experiment, find, suite
from engine.catalog import experiments as catalogued
from engine.params import Param, declared, format_value
from engine.protocol import Json
from tui.cli.engine_call import print_json, print_stdout
from tui.cli.shell_completion import complete_experiment
from tui.cli.table import wrapped


def experiments(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="one experiment or suite", autocompletion=complete_experiment),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="as JSON")] = False,
) -> None:
    """Print the catalog: experiments, parameters, defaults."""
    found = (find(name),) if name and not suite(name) else () if name else catalogued()
    suites = [one for one in SUITES if not name or one.name == name or one.experiment == name]
    if json:
        print_json([_as_json(experiment) for experiment in found])
        return
    for experiment in found:
        _say(experiment)
    for one in suites:
        print_stdout(f"{one.name}  (a sweep of {one.experiment}: {' '.join(one.axes)})  {one.title}")
        print_stdout(f"    dltui sweep {one.name}")


def _say(experiment: Experiment) -> None:
    for line in wrapped([(experiment.name, f"({experiment.framework})", experiment.title)]):
        print_stdout(line)
    for line in wrapped([("", experiment.claim)], indent=2):
        print_stdout(line)
    for line in wrapped([_row(param) for param in declared(experiment.params)], indent=4):
        print_stdout(line)
    print_stdout("")


def _row(param: Param) -> tuple[str, str]:
    live = "; can be changed during training" if param.live else ""
    return f"{param.name}={format_value(param, param.default)}", f"{param.help}{live}; {param.expected}"


def _as_json(experiment: Experiment) -> Json:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "claim": experiment.claim,
        "framework": experiment.framework,
        "params": [{**asdict(p), "kind": p.kind.__name__} for p in declared(experiment.params)],
    }

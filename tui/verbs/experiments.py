"""`dltui experiments`: the catalog, with parameters and defaults."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from engine.catalog import SUITES, Experiment
from engine.catalog import experiments as catalogued
from engine.params import Param, declared, said
from engine.protocol import Json
from tui.verbs.ask import say, say_json
from tui.verbs.words import columns


def experiments(json: Annotated[bool, typer.Option("--json", help="as JSON")] = False) -> None:
    """Print the catalog, with parameters and defaults."""
    if json:
        say_json([_as_json(experiment) for experiment in catalogued()])
        return
    for experiment in catalogued():
        say(f"{experiment.name}  ({experiment.framework})  {experiment.title}")
        say(f"    {experiment.claim}")
        for line in columns([_row(param) for param in declared(experiment.params)]):
            say(f"    {line}")
        say("")
    for suite in SUITES:
        say(f"{suite.name}  (a sweep of {suite.experiment}: {' '.join(suite.axes)})  {suite.title}")
        say(f"    dltui sweep {suite.name}")


def _row(param: Param) -> tuple[str, str, str]:
    live = "; can be changed while it trains" if param.live else ""
    return f"{param.name}={said(param, param.default)}", param.help + live, param.expected


def _as_json(experiment: Experiment) -> Json:
    return {
        "name": experiment.name,
        "title": experiment.title,
        "claim": experiment.claim,
        "framework": experiment.framework,
        "params": [{**asdict(p), "kind": p.kind.__name__} for p in declared(experiment.params)],
    }

"""The catalog: finds experiments, built-in or of files, and the values of their parameters as shown.

Importing it imports no framework.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from engine import axes, spec_versions
from engine.built_in_experiments import EXPERIMENTS as EXPERIMENTS
from engine.built_in_experiments import SUITES as SUITES
from engine.built_in_experiments import XOR_ACTIVATIONS as XOR_ACTIVATIONS
from engine.errors import ParamError, UnknownExperiment
from engine.exec import placeholders, shell_command
from engine.exec.shell_command import ShellCommand
from engine.experiment import Experiment as Experiment
from engine.experiment import Suite
from engine.experiment_files.description import KINDS, FileExperiment, ParamDescription, param_of
from engine.params import (
    Param,
    Value,
    build,
    declared,
    field_of,
    format_value,
)


def suite(name: str) -> Suite | None:
    return next((one for one in SUITES if one.name == name), None)


def suite_of(experiment: str, axes: Sequence[str]) -> Suite | None:
    """The suite of `experiment` whose axes have exactly these names; None where there is none."""
    for one in SUITES:
        if one.experiment == experiment and {axis.partition("=")[0] for axis in one.axes} == set(axes):
            return one
    return None


def experiments() -> tuple[Experiment, ...]:
    """Those of `built_in`, and files of the user's that were registered."""
    return (*built_in(), *_registered.values())


def built_in() -> tuple[Experiment, ...]:
    """`EXPERIMENTS`, and the tuple that DLTUI_EXTRA_CATALOG names as `module:NAME`."""
    named = os.environ.get("DLTUI_EXTRA_CATALOG")
    if not named:
        return EXPERIMENTS
    module, _, name = named.partition(":")
    extra: tuple[Experiment, ...] = getattr(importlib.import_module(module), name)
    return EXPERIMENTS + extra


def find(name: str) -> Experiment:
    """The experiment of that name, or of that old name. Raises UnknownExperiment."""
    current = spec_versions.current_experiment(name)
    for experiment in experiments():
        if experiment.name == current:
            return experiment
    known = ", ".join(experiment.name for experiment in experiments())
    raise UnknownExperiment(f"There is no experiment {name[:80]!r}.", f"The catalog has: {known}.")


def is_built_in(name: str) -> bool:
    """Whether an experiment or a suite of dltui has that name, or had it once."""
    current = spec_versions.current_experiment(name)
    return suite(name) is not None or any(one.name == current for one in built_in())


# --- experiments that are files ---------------------------------------------------------------------------

_registered: dict[str, Experiment] = {}


def register(found: Iterable[FileExperiment]) -> None:
    """Make these the files of the catalog in this process."""
    _registered.clear()
    _registered.update({one.name: from_file(one) for one in found})


@functools.lru_cache(1024)
def from_file(described: FileExperiment) -> Experiment:
    """The experiment that a file declares; nothing of the file is executed."""
    fields = [(one.name, KINDS[one.kind], field_of(param_of(one))) for one in described.params]
    return Experiment(
        name=described.name,
        title=described.title or described.name,
        claim=described.claim,
        framework=described.framework,
        params=dataclasses.make_dataclass("FileParams", fields, frozen=True, slots=True),
        train="",
        best=described.best,
        goal=described.goal,
        threads=described.threads,
        reads_data=described.reads_data,
        metrics=described.metrics,
        file=described,
    )


def from_command(command: ShellCommand) -> Experiment:
    """A command as an experiment, whose parameters are its placeholders."""
    named = [name for name in placeholders.names(command.argv) if name != axes.SEED.name]
    kinds = tuple((name, command.kinds.get(name, "text")) for name in named)
    return _command_experiment(kinds, command.threads or 0)


@functools.lru_cache(1024)
def _command_experiment(kinds: tuple[tuple[str, str], ...], threads: int) -> Experiment:
    usual: dict[str, Value] = {"int": 0, "float": 0.0, "text": ""}
    described = [ParamDescription(name, kind, usual[kind], "placeholder") for name, kind in kinds]
    fields = [(one.name, KINDS[one.kind], field_of(param_of(one))) for one in described]
    return Experiment(
        name=shell_command.EXPERIMENT,
        title="a command",
        claim="",
        framework="",
        params=dataclasses.make_dataclass("CommandParams", fields, frozen=True, slots=True),
        train="",
        best="loss",
        threads=threads,
    )


class OfExperiment(Protocol):
    """The spec of a run or of a sweep."""

    @property
    def experiment(self) -> str: ...
    @property
    def file(self) -> FileExperiment | None: ...
    @property
    def command(self) -> ShellCommand | None: ...


def of(spec: OfExperiment) -> Experiment:
    """The experiment of a run or of a sweep, which outlives its file. Raises UnknownExperiment."""
    if spec.command is not None:
        return from_command(spec.command)
    return find(spec.experiment) if spec.file is None else from_file(spec.file)


def known(spec: OfExperiment) -> Experiment | None:
    """As `of`; None for an experiment that is not in the catalog."""
    try:
        return of(spec)
    except UnknownExperiment:
        return None


SMALLEST = ("loss", "perplexity", "error", "mse")
LARGEST = ("accuracy", "precision", "recall", "f1", "success")
"""parts of metric names that decide whether less or more is better, where no experiment does"""


def goal_by_name(metric: str) -> str:
    """min or max; empty where the name does not tell."""
    if any(word in metric for word in LARGEST):
        return "max"
    return "min" if any(word in metric for word in SMALLEST) else ""


# --- values -----------------------------------------------------------------------------------------------


def effective(experiment: Experiment | None, values: Mapping[str, object]) -> dict[str, Value]:
    """Values that a recipe fills in for parameters that are None.

    Empty for an unknown experiment, and for values that `check` refuses.
    """
    if experiment is None:
        return {}
    try:
        made = build(experiment.params, values)
    except ParamError:
        return {}
    settle = getattr(made, "effective", dict)
    return {name: value for name, value in settle().items() if getattr(made, name) is None}


def display_values(experiment: Experiment | None, values: Mapping[str, Value]) -> dict[str, Value]:
    """`values` with each None replaced by its parameter's word: auto, never, off, all."""
    kinds = _params_by_name(experiment)
    return {
        name: value if value is not None else kinds[name].word if name in kinds else none_word(name)
        for name, value in values.items()
    }


def display_resolved_values(experiment: Experiment | None, values: Mapping[str, Value]) -> dict[str, Value]:
    """As `display_values`, with the effective value behind the word: `auto (0.01)`."""
    kinds, found = _params_by_name(experiment), effective(experiment, values)
    return {
        name: f"{word} ({format_value(kinds[name], found[name])})" if name in found else word
        for name, word in display_values(experiment, values).items()
    }


def none_word(name: str) -> str:
    """The word for None of a parameter of that name in any experiment; empty where there is none."""
    kinds = (param for one in experiments() for param in declared(one.params))
    return next((param.word for param in kinds if param.name == name and param.word), "")


def _params_by_name(experiment: Experiment | None) -> dict[str, Param]:
    return {} if experiment is None else {param.name: param for param in declared(experiment.params)}

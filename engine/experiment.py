"""What an experiment is, and a sweep of one that is started by name: as data, without its training loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.experiment_files.description import FileExperiment
from engine.params import ParamSet, Value, declared


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    title: str
    claim: str
    """the result it reaches, and the time it takes"""
    framework: str
    params: type[ParamSet]
    train: str
    """`module:function`, imported only by the worker"""
    best: str
    """the metric by which the best step is chosen"""
    goal: str = "min"
    """min or max of `best`"""
    threads: int = 1
    """CPU threads it trains with; 0 means all cores"""
    reads_data: bool = False
    """whether its training data depend on the folder of data sets"""
    metrics: tuple[str, ...] = ()
    """names of the metrics that it may log; empty: not declared"""
    file: FileExperiment | None = None
    """where it is a file of the user's"""

    def framework_of(self, values: Mapping[str, object]) -> str:
        """That in which the parameters train, where they say so, else the experiment's."""
        if hasattr(self.params, "trained_in"):
            names = {param.name for param in declared(self.params)}
            made: Any = self.params
            return str(made(**{name: value for name, value in values.items() if name in names}).trained_in)
        return str(values.get("framework", self.framework))


@dataclass(frozen=True, slots=True)
class Suite:
    """A sweep that is declared in the catalog and started by name."""

    name: str
    title: str
    experiment: str
    axes: tuple[str, ...]
    """in the syntax of `engine.axes`"""
    params: Mapping[str, Value] = field(default_factory=dict)
    run_name: Callable[[Mapping[str, Value]], str] | None = None
    """the name of a trial from its parameters"""

"""The catalog: every experiment with its parameters, as data. Listing it imports no framework."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass

from engine.errors import ParamError, UnknownExperiment
from engine.params import ParamSet, choice, flag, number


@dataclass(frozen=True, slots=True)
class Experiment:
    name: str
    title: str
    claim: str
    """what it reaches, in what time"""
    framework: str
    params: type[ParamSet]
    train: str
    """module:function, imported by the worker alone"""
    best: str
    """the metric that says which moment was best"""
    goal: str = "min"
    """min or max of `best`"""
    threads: int = 1
    """CPU threads it trains with; 0 means all cores"""


@dataclass(frozen=True, slots=True)
class XorParams:
    hidden: int = number(2, "hidden units", least=0, most=64)
    bypass: bool = flag(False, "feed the two inputs to the output unit as well")
    activation: str = choice("btu", "of the units", ("btu", "sigmoid", "tanh", "relu"))
    temperature: float = number(0.5, "of the binary threshold unit: 1 / (1 + exp(-z / T))", above=0, most=100)
    loss: str = choice("bce", "binary cross-entropy or mean squared error", ("bce", "mse"))
    optimizer: str = choice("adam", "how a gradient becomes a step", ("sgd", "momentum", "adam"))
    lr: float = number(0.01, "learning rate", above=0, most=100, log=True, live=True)
    epochs: int = number(1000, "passes over the four rows", least=1, most=10_000_000, log=True)
    initial: str = choice("linear", "initial weights", ("linear", "xavier"))
    validation: str = choice("none", "the 4 rows, or the notebook's 8 points", ("none", "notebook"))
    patience: int = number(0, "epochs without a better validation loss before stopping; 0: never", least=0)
    min_delta: float = number(1e-4, "what counts as a better validation loss", least=0)
    target: float = number(0.2, "validation loss that must be reached before stopping", above=0)

    def check(self) -> None:
        if self.hidden == 0 and not self.bypass:
            raise ParamError(
                "hidden: expected 1 or more while bypass is off, got 0: nothing would reach the output.",
                "Set hidden=1 or bypass=yes.",
            )
        if self.patience and self.validation == "none":
            raise ParamError("patience: early stopping needs validation points.", "Set validation=notebook.")


@dataclass(frozen=True, slots=True)
class MnistParams:
    model: str = choice(
        "double_conv",
        "network",
        ("logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout"),
    )
    lr: float = number(0.001, "learning rate of Adam", above=0, most=10, log=True, live=True)
    batch: int = number(50, "images per step", least=1, most=10_000, log=True)
    epochs: int = number(20, "passes over the training images", least=1, most=10_000)
    iterations: int = number(0, "steps at most; 0: as many as the epochs hold", least=0)
    target: float = number(0.99, "validation accuracy that ends the run; 0: never", least=0, most=1)
    every: int = number(0, "steps between validations; 0: once an epoch", least=0)


EXPERIMENTS: tuple[Experiment, ...] = (
    Experiment(
        name="xor",
        title="XOR: a plane folds",
        claim="Two hidden units reach a loss below 0.1 in 1,000 epochs, about a second.",
        framework="torch",
        params=XorParams,
        train="engine.experiments.xor:train",
        best="loss",
    ),
    Experiment(
        name="mnist",
        title="MNIST: from logistic regression to convolutions",
        claim="double_conv: 97.6 % validation accuracy after one epoch, 98.7 to 99 % within 20.",
        framework="torch",
        params=MnistParams,
        train="engine.experiments.mnist:train",
        best="val_accuracy",
        goal="max",
    ),
)


def experiments() -> tuple[Experiment, ...]:
    """Ours, and those of a module that DLTUI_EXTRA_CATALOG names as `module:NAME`."""
    named = os.environ.get("DLTUI_EXTRA_CATALOG")
    if not named:
        return EXPERIMENTS
    module, _, name = named.partition(":")
    extra: tuple[Experiment, ...] = getattr(importlib.import_module(module), name)
    return EXPERIMENTS + extra


def find(name: str) -> Experiment:
    """The experiment of that name. Raises UnknownExperiment."""
    for experiment in experiments():
        if experiment.name == name:
            return experiment
    known = ", ".join(experiment.name for experiment in experiments())
    raise UnknownExperiment(f"There is no experiment {name[:80]!r}.", f"The catalog has: {known}.")

"""Runs that the MNIST tab starts without a form: the notebook's five networks, and the two recipes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.protocol import RunSummary
from tui.mnist.run_list import EXPERIMENT

CONVOLUTIONS = ("single_conv", "double_conv", "double_conv_dropout")
ITERATIONS = 13_000
BY_RECIPE = "mnist_recipe"


@dataclass(frozen=True, slots=True)
class NetworkRecipe:
    """A run of mnist or mnist_recipe; `parameters` is how many weights it has for 28x28 pixels."""

    model: str
    batch: int
    parameters: int
    more: Mapping[str, object] = field(default_factory=dict)
    seed: int = 1

    @property
    def title(self) -> str:
        return self.model

    @property
    def experiment(self) -> str:
        return BY_RECIPE if "recipe" in self.more else EXPERIMENT

    @property
    def params(self) -> dict[str, object]:
        """Parameters of the experiment; a recipe sets model and batch itself."""
        if self.experiment == BY_RECIPE:
            return dict(self.more)
        return {"model": self.model, "batch": self.batch, **self.more}

    @property
    def name(self) -> str:
        return f"{self.title} b{self.batch}" if "recipe" not in self.more else self.title

    def made(self, run: RunSummary) -> bool:
        """Whether the run is one of this recipe, with any number of iterations, and no trial of a sweep."""
        given = run.spec.params
        if run.spec.experiment != self.experiment or run.spec.sweep:
            return False
        if self.experiment == BY_RECIPE:
            return given.get("recipe") == self.more["recipe"]
        return (given.get("model"), given.get("batch")) == (self.model, self.batch)


_LONG = {"iterations": ITERATIONS, "target": None}

NOTEBOOK = (
    NetworkRecipe("logistic", 50, 7_850, _LONG),
    NetworkRecipe("mlp", 50, 199_210, _LONG),
    *(
        NetworkRecipe(model, batch, parameters)
        for model, parameters in zip(CONVOLUTIONS, (1_014_924, 262_914, 262_914), strict=True)
        for batch in (50, 100)
    ),
)


RECIPES = (
    NetworkRecipe("fast", 96, 108_922, {"recipe": "fast"}),
    NetworkRecipe("accurate", 128, 141_930, {"recipe": "accurate"}),
)


def recipes() -> tuple[NetworkRecipe, ...]:
    """The notebook's networks, then the two recipes."""
    return (*NOTEBOOK, *RECIPES)

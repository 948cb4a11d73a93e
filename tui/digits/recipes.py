"""The runs of mnist that the tab can start by itself: the notebook's five networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine import catalog, params
from engine.protocol import RunSummary
from tui.digits.runs import EXPERIMENT

CONVOLUTIONS = ("single_conv", "double_conv", "double_conv_dropout")
ITERATIONS = 13_000


@dataclass(frozen=True, slots=True)
class Recipe:
    """A run of mnist; `parameters` is how many it has on 28x28 pixels."""

    model: str
    batch: int
    parameters: int
    more: Mapping[str, object] = field(default_factory=dict)

    @property
    def title(self) -> str:
        extra = f" {self.more['recipe']}" if "recipe" in self.more else ""
        return self.model + extra

    @property
    def params(self) -> dict[str, object]:
        return {"model": self.model, "batch": self.batch, **self.more}

    @property
    def name(self) -> str:
        return f"{self.title} b{self.batch}" if "recipe" not in self.more else self.title

    def made(self, run: RunSummary) -> bool:
        """Whether that run is one of it, however long it trained."""
        given = run.spec.params
        if run.spec.experiment != EXPERIMENT or given.get("model") != self.model:
            return False
        plain = ("", "notebook", "none")
        recipe = self.more.get("recipe")
        if recipe is not None:
            return given.get("recipe") == recipe
        return given.get("batch") == self.batch and given.get("recipe", "") in plain


_LONG = {"iterations": ITERATIONS, "target": 0.0}

NOTEBOOK = (
    Recipe("logistic", 50, 7_850, _LONG),
    Recipe("mlp", 50, 199_210, _LONG),
    *(
        Recipe(model, batch, parameters)
        for model, parameters in zip(CONVOLUTIONS, (1_014_924, 262_914, 262_914), strict=True)
        for batch in (50, 100)
    ),
)


def recipes() -> tuple[Recipe, ...]:
    """The notebook's, and those that the experiment itself names."""
    declared = params.declared(catalog.find(EXPERIMENT).params)
    choices = next((param.choices for param in declared if param.name == "recipe"), ()) or ()
    named = [name for name in ("fast", "accurate") if name in choices]
    return (*NOTEBOOK, *(Recipe("double_conv", 50, 0, {"recipe": name}) for name in named))

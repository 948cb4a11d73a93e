"""Values that recipes give to parameters that are None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageRecipe:
    """Values of the recipes of lm."""

    lr: float
    dropout: float
    tied: bool
    schedule: str
    clip: float | str
    """largest gradient norm, or off"""
    warm_up: int = 0
    """steps in which the learning rate rises"""
    decay: float = 0.0
    """share of all matrices that each step takes away, times its learning rate"""


def language_recipe(recipe: str, layers: int, model: str) -> LanguageRecipe:
    """`tuned`: found by measurement; any other: the values of the course's notebook. It has no transformer:
    there nothing is dropped and the rate is constant."""
    if model == "transformer":
        if recipe == "tuned":
            return LanguageRecipe(
                lr=0.0015, dropout=0.3, tied=True, schedule="cosine", clip=1.0, warm_up=400, decay=0.5
            )
        return LanguageRecipe(lr=0.0005, dropout=0.0, tied=True, schedule="constant", clip="off")
    if recipe == "tuned":
        return LanguageRecipe(lr=0.01, dropout=0.5, tied=True, schedule="cosine", clip=1.0)
    return LanguageRecipe(
        lr=0.01 if layers == 1 else 0.001, dropout=0.0, tied=False, schedule="constant", clip="off"
    )


@dataclass(frozen=True, slots=True)
class ImageRecipe:
    """Values of the recipes of mnist_recipe."""

    epochs: int
    lr: float
    """peak of the schedule"""


MNIST: Mapping[str, ImageRecipe] = {
    "fast": ImageRecipe(epochs=1, lr=0.01),
    "accurate": ImageRecipe(epochs=12, lr=0.004),
}

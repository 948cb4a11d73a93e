"""What a recipe fills in where a parameter is left open, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageRecipe:
    """Of lm."""

    lr: float
    dropout: float
    tied: bool
    schedule: str
    clip: float | str
    """a norm, or off"""


def language_recipe(recipe: str, layers: int) -> LanguageRecipe:
    """That of the notebook, or what was found to be better."""
    if recipe == "tuned":
        return LanguageRecipe(lr=0.01, dropout=0.5, tied=True, schedule="cosine", clip=1.0)
    return LanguageRecipe(
        lr=0.01 if layers == 1 else 0.001, dropout=0.0, tied=False, schedule="constant", clip="off"
    )


@dataclass(frozen=True, slots=True)
class ImageRecipe:
    """Of mnist_recipe."""

    epochs: int
    lr: float
    """at its peak"""


MNIST: Mapping[str, ImageRecipe] = {
    "fast": ImageRecipe(epochs=1, lr=0.01),
    "accurate": ImageRecipe(epochs=12, lr=0.004),
}

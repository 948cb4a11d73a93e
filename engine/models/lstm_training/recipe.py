"""Hyperparameters of an LSTM training, with the recipe's values for parameters left open."""

from __future__ import annotations

from dataclasses import dataclass

from engine import recipes
from engine.catalog import LmParams


@dataclass(frozen=True, slots=True)
class LstmRecipe:
    lr: float
    dropout: float
    tied: bool
    schedule: str
    clip: float
    """0: none"""

    def summary(self) -> str:
        """One line for the run's notes."""
        dropped = f"{100 * self.dropout:g} % dropped" if self.dropout else "nothing dropped"
        clipped = f", gradients clipped at {self.clip:g}" if self.clip else ""
        tied = "tied weights" if self.tied else "weights apart"
        return f"lr {self.lr:g} {self.schedule}, {dropped}, {tied}{clipped}"


def resolve(params: LmParams) -> LstmRecipe:
    """Explicit parameters take precedence over those of the recipe."""
    proposed = recipes.language_recipe(params.recipe, params.layers)
    clip = proposed.clip if params.clip is None else params.clip
    return LstmRecipe(
        lr=proposed.lr if params.lr is None else params.lr,
        dropout=proposed.dropout if params.dropout is None else params.dropout,
        tied=proposed.tied if params.tied == "recipe" else params.tied == "yes",
        schedule=proposed.schedule if params.schedule == "recipe" else params.schedule,
        clip=0.0 if clip == "off" else float(clip),
    )

"""What a run trains with, once the recipe has filled in what its parameters leave open."""

from __future__ import annotations

from dataclasses import dataclass

from engine.catalog import LmParams


@dataclass(frozen=True, slots=True)
class Recipe:
    lr: float
    dropout: float
    tied: bool
    schedule: str
    clip: float

    def words(self) -> str:
        """For the user to read."""
        dropped = f"{100 * self.dropout:g} % dropped" if self.dropout else "nothing dropped"
        clipped = f", gradients clipped at {self.clip:g}" if self.clip else ""
        tied = "tied weights" if self.tied else "weights apart"
        return f"lr {self.lr:g} {self.schedule}, {dropped}, {tied}{clipped}"


def resolved(params: LmParams) -> Recipe:
    """Explicit values win; the rest is the notebook's, or what was found to be better."""
    proposed = _tuned(params.layers) if params.recipe == "tuned" else _notebook(params.layers)
    return Recipe(
        lr=params.lr or proposed.lr,
        dropout=proposed.dropout if params.dropout < 0 else params.dropout,
        tied=proposed.tied if params.tied == "recipe" else params.tied == "yes",
        schedule=proposed.schedule if params.schedule == "recipe" else params.schedule,
        clip=proposed.clip if params.clip < 0 else params.clip,
    )


def _notebook(layers: int) -> Recipe:
    return Recipe(lr=0.01 if layers == 1 else 0.001, dropout=0.0, tied=False, schedule="constant", clip=0.0)


def _tuned(layers: int) -> Recipe:
    return Recipe(lr=0.01, dropout=0.5, tied=True, schedule="cosine", clip=1.0)

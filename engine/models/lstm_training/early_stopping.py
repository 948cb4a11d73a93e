"""Early stopping on a validation value; its state is saved in checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


class EarlyStopping:
    """`epochs` without a better value end the training; None never does."""

    def __init__(self, epochs: int | None) -> None:
        self.epochs = epochs
        self.best, self.best_step, self.worse = math.inf, 0, 0

    def update(self, value: float, step: int) -> bool:
        """Record a value; returns whether it is the best so far."""
        if value < self.best:
            self.best, self.best_step, self.worse = value, step, 0
            return True
        self.worse += 1
        return False

    @property
    def is_over(self) -> bool:
        return self.epochs is not None and self.epochs <= self.worse

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best, "best_step": self.best_step, "worse": self.worse}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.best, self.best_step, self.worse = state["best"], state["best_step"], state["worse"]

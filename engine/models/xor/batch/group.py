"""A group: networks of one architecture, loss and optimizer, which are trained in the same arrays."""

from __future__ import annotations

from dataclasses import dataclass

ACTIVATIONS = ("btu", "sigmoid", "tanh", "relu")
LOSSES = ("bce", "mse")
OPTIMIZERS = ("sgd", "momentum", "adam")


@dataclass(frozen=True, slots=True, order=True)
class NetGroup:
    hidden: int
    bypass: bool
    activation: str
    loss: str
    optimizer: str
    validates: bool
    """whether the loss over the eight validation points is taken after every epoch"""

    @property
    def size(self) -> int:
        """Weights of one network; rows: first input, second input, bias, (bypass), output, output bias."""
        return 4 * self.hidden + (2 if self.bypass else 0) + 1

    @property
    def bypass_row(self) -> int:
        return 3 * self.hidden

    @property
    def output_row(self) -> int:
        return 3 * self.hidden + (2 if self.bypass else 0)

    @property
    def slots(self) -> int:
        """Arrays that the optimizer keeps for each weight."""
        return OPTIMIZERS.index(self.optimizer)

    @property
    def points(self) -> int:
        return 8 if self.validates else 4

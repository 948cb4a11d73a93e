"""The runs that the XOR tab can start by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engine.protocol import RunSummary


@dataclass(frozen=True, slots=True)
class XorRecipe:
    """A run of `xor`; whatever is not said here is the experiment's default."""

    name: str
    hidden: int
    bypass: bool
    seed: int = 1
    more: Mapping[str, object] = field(default_factory=dict)

    experiment: ClassVar[str] = "xor"

    @property
    def params(self) -> dict[str, object]:
        return {"hidden": self.hidden, "bypass": self.bypass, **self.more}

    def made(self, run: RunSummary) -> bool:
        """Whether that run followed it, whatever its seed."""
        given = run.spec.params
        return run.spec.experiment == "xor" and all(
            given.get(name) == value for name, value in self.params.items()
        )


def shape(hidden: int, bypass: bool) -> str:
    """How the network is called: 2 units, 1 unit + bypass, no hidden unit."""
    if not hidden:
        return "no hidden unit"
    units = f"{hidden} unit" if hidden == 1 else f"{hidden} units"
    return f"{units} + bypass" if bypass else units


_NOTEBOOK = {
    "activation": "btu", "temperature": 0.5, "loss": "bce", "optimizer": "adam", "lr": 0.01, "epochs": 1000,
    "initial": "linear",
}  # fmt: skip
_LADDER = _NOTEBOOK | {"lr": 0.1, "epochs": 2000}

NOTEBOOK = (
    XorRecipe("1 unit with bypass", 1, True, more=_NOTEBOOK),
    XorRecipe("2 units", 2, False, more=_NOTEBOOK),
    XorRecipe("4 units", 4, False, more=_NOTEBOOK),
)
"""the notebook's three trained networks"""

LADDER = (
    XorRecipe("no hidden unit lr 0.1", 0, True, more=_LADDER),
    XorRecipe("1 unit lr 0.1", 1, False, more=_LADDER),
    XorRecipe("1 unit with bypass lr 0.1", 1, True, more=_LADDER),
    XorRecipe("2 units lr 0.1", 2, False, more=_LADDER),
)
"""each comes within 0.001 nats of the least loss its shape can have"""

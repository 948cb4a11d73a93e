"""The runs that the XOR tab starts with one key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engine.protocol import RunSummary


@dataclass(frozen=True, slots=True)
class XorRecipe:
    """A run of `xor`; parameters that are not given have the experiment's defaults."""

    name: str
    hidden: int
    bypass: bool
    seed: int = 1
    more: Mapping[str, object] = field(default_factory=dict)

    experiment: ClassVar[str] = "xor"

    @property
    def params(self) -> dict[str, object]:
        return {"hidden": self.hidden, "bypass": self.bypass, **self.more}

    def matches(self, run: RunSummary) -> bool:
        """Whether a run has these parameters, whatever its seed."""
        given = run.spec.params
        return run.spec.experiment == "xor" and all(
            given.get(name) == value for name, value in self.params.items()
        )


def shape(hidden: int, bypass: bool) -> str:
    """The name of an architecture: 2 units, 1 unit + bypass, no hidden unit."""
    if not hidden:
        return "no hidden unit"
    units = f"{hidden} unit" if hidden == 1 else f"{hidden} units"
    return f"{units} + bypass" if bypass else units


_NOTEBOOK_PARAMS = {
    "activation": "btu", "temperature": 0.5, "loss": "bce", "optimizer": "adam", "lr": 0.01, "epochs": 1000,
    "initial": "linear",
}  # fmt: skip
_ARCHITECTURE_PARAMS = _NOTEBOOK_PARAMS | {"lr": 0.1, "epochs": 2000}

NOTEBOOK = (
    XorRecipe("1 unit with bypass", 1, True, more=_NOTEBOOK_PARAMS),
    XorRecipe("2 units", 2, False, more=_NOTEBOOK_PARAMS),
    XorRecipe("4 units", 4, False, more=_NOTEBOOK_PARAMS),
)
"""the three networks of the course's notebook"""

ARCHITECTURES = (
    XorRecipe("no hidden unit lr 0.1", 0, True, more=_ARCHITECTURE_PARAMS),
    XorRecipe("1 unit lr 0.1", 1, False, more=_ARCHITECTURE_PARAMS),
    XorRecipe("1 unit with bypass lr 0.1", 1, True, more=_ARCHITECTURE_PARAMS),
    XorRecipe("2 units lr 0.1", 2, False, more=_ARCHITECTURE_PARAMS),
)
"""each comes within 0.001 nats of the smallest loss that its architecture can have"""

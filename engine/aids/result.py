"""What an aid computes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

OF = ("your run", "example")
"""what an aid that can look into a run shows; without a run of the learner's it is the built-in example"""


@dataclass(frozen=True, slots=True)
class Aid:
    """`values` are named numbers, finite or infinite; one that does not exist for these parameters is absent.

    `data` is what its drawing shows, plain JSON: one of the shapes of `engine.aids.drawings`.
    """

    values: dict[str, float]
    data: dict[str, Any] = field(default_factory=dict)


def finite(data: Any) -> Any:
    """Data of a drawing as JSON has it: None for what is no finite number."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, dict):
        return {name: finite(value) for name, value in data.items()}
    return [finite(one) for one in data] if isinstance(data, list | tuple) else data

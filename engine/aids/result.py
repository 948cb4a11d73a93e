"""What an aid computes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Aid:
    """`values` are named numbers, finite or infinite; one that does not exist for these parameters is absent.

    `data` is what its drawing shows, plain JSON: one of the shapes of `engine.aids.drawings`.
    """

    values: dict[str, float]
    data: dict[str, Any] = field(default_factory=dict)

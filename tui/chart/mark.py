"""A mark on the x axis: a checkpoint, a pause or a change of a parameter at a step of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["checkpoint", "pause", "set"]

SIGNS: dict[Kind, str] = {"checkpoint": "◆", "pause": "‖", "set": "▲"}
ASCII_SIGNS: dict[Kind, str] = {"checkpoint": "#", "pause": "=", "set": "^"}


@dataclass(frozen=True, slots=True)
class ChartMark:
    """`text` describes it, such as "lr 0.1 → 0.01"; empty where the sign is enough."""

    step: float
    kind: Kind
    text: str = ""

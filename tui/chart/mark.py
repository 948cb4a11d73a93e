"""Something that happened to a run at a step: a checkpoint, a pause, a change of a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["checkpoint", "pause", "set"]

SIGNS: dict[Kind, str] = {"checkpoint": "◆", "pause": "‖", "set": "▲"}
ASCII_SIGNS: dict[Kind, str] = {"checkpoint": "#", "pause": "=", "set": "^"}


@dataclass(frozen=True, slots=True)
class ChartMark:
    """`text` says what happened, such as "lr 0.1 → 0.01"."""

    step: float
    kind: Kind
    text: str = ""

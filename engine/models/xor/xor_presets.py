"""Preset XOR networks: four with weights set by hand, five puzzles, and the least loss of each
architecture."""

from __future__ import annotations

from dataclasses import dataclass

from engine.models.xor.xor_net import FLOORS


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    note: str
    hidden_weight: tuple[tuple[float, float], ...]
    hidden_bias: tuple[float, ...]
    output_weight: tuple[float, ...]
    """with bypass those of the inputs first"""
    output_bias: float
    bypass: bool = False
    targets: tuple[int, int, int, int] = (0, 1, 1, 0)
    temperature: float = 0.001
    activation: str = "btu"


@dataclass(frozen=True, slots=True)
class LeastLoss:
    hidden: int
    bypass: bool
    note: str

    @property
    def floor(self) -> float:
        """nats"""
        return FLOORS[self.hidden, self.bypass]


BY_HAND = (
    Preset(
        "1 unit + bypass", "The unit is AND; it takes two away from the sum of the inputs where both are 1.",
        ((1, 1),), (-1.5,), (1, 1, -2), -0.5, bypass=True,
    ),
    Preset(
        "2 units", "Each unit finds one of the two rows that are 1; the output is their OR.",
        ((-1, 1), (1, -1)), (-0.5, -0.5), (1, 1), -0.5,
    ),
    Preset(
        "4 units", "One unit for each row; the output adds the units of the rows that are 1.",
        ((-1, -1), (-1, 1), (1, -1), (1, 1)), (0.5, -0.5, -0.5, -1.5), (0, 1, 1, 0), -0.5,
    ),
    Preset(
        "1 SiLU unit",
        "It falls before it rises: the two rows that are 1 lie near its lowest value, -0.278, the others on "
        "either side.",
        ((-1, -1),), (-0.5,), (-100,), -23, activation="silu",
    ),
)  # fmt: skip

PUZZLES = (
    Preset("AND", "Hint: one line is enough, without a hidden unit.", (), (), (0, 0), 0, True, (0, 0, 0, 1)),
    Preset("OR", "Hint: the line of AND, moved towards (0, 0).", (), (), (0, 0), 0, True, (0, 1, 1, 1)),
    Preset("NAND", "Hint: the line of AND with all signs reversed.", (), (), (0, 0), 0, True, (1, 1, 1, 0)),
    Preset("XNOR", "Hint: two lines.", ((0, 0), (0, 0)), (0, 0), (0, 0), 0, False, (1, 0, 0, 1)),
    Preset("XOR", "Hint: the unit as AND, and bypass.", ((0, 0),), (0,), (0, 0, 0), 0, True, (0, 1, 1, 0)),
)  # fmt: skip

LADDER = (
    LeastLoss(0, True, "One line cannot separate the classes: 0.5 for every row is the best output."),
    LeastLoss(1, False, "One line separates one row from the other three, whose best output is 2/3."),
    LeastLoss(1, True, "One line, and the inputs beside it: all four rows can be right."),
    LeastLoss(2, False, "Two lines: all four rows can be right."),
)

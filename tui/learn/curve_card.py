"""A curve that is predicted: eight points moved by keys, or typed; drawn beside what happened."""

from __future__ import annotations

from collections.abc import Sequence

from engine.session_protocol.learn_items import AskedItem
from tui.drawings.drawn_points import PointChart, PointCurve
from tui.learn.card_rows import CardState, signs
from tui.ui.numbers import short

STEPS = 20
"""of a key, from one end of the axis to the other"""
COARSE = 5
"""steps of a coarse key"""
LARGEST = 1e12
"""a point beyond it is not drawn"""


def begun(asked: AskedItem) -> list[float]:
    """All points in the middle of the axis."""
    low, high = ends_of(asked)
    return [(low + high) / 2] * len(asked.at) if asked.form == "curve" else []


def ends_of(asked: AskedItem) -> tuple[float, float]:
    low, high = asked.scale or (0.0, 1.0)
    return float(low), float(high)


def move_point(card: CardState, steps: float) -> None:
    """Up for steps above zero; it stays on the axis."""
    low, high = ends_of(card.asked)
    moved = card.points[card.cursor] + steps * (high - low) / STEPS
    card.points[card.cursor] = float(f"{max(low, min(high, moved)):.6g}")


def points_text(points: Sequence[float]) -> str:
    return " ".join(short(value) for value in points)


def take_typed(card: CardState, text: str) -> None:
    """Move the points to the numbers that are typed so far; the engine judges what is none."""
    for place, word in enumerate(text.split()[: len(card.points)]):
        try:
            value = float(word.replace(",", ".").replace("−", "-"))
        except ValueError:
            continue
        if abs(value) < LARGEST:
            card.points[place] = value


def drawn_chart(card: CardState) -> PointChart:
    """What was drawn so far."""
    low, high = ends_of(card.asked)
    you = PointCurve("you", signs()[0], "accent", card.points)
    return PointChart(card.asked.at, card.asked.over, low, high, (you,), card.cursor)


def seen_chart(asked: AskedItem, said: Sequence[float], happened: Sequence[float]) -> PointChart:
    low, high = ends_of(asked)
    you, real = signs()
    curves = (PointCurve("happened", real, "strong", happened), PointCurve("you", you, "accent", said))
    return PointChart(asked.at, asked.over, low, high, curves)

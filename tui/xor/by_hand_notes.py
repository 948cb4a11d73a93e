"""What is said beside a network that is set by hand: how far it is, and what one sees."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import Json
from tui.drawings.hand_net import HandNet
from tui.drawings.heat import ASCII_SHADES, SHADES, Look
from tui.drawings.plane_picture import ASCII_DOTS, SMALL_DOTS
from tui.terminal.glyphs import glyphs
from tui.ui.notes import paragraph
from tui.ui.span import Row, Span, row_width
from tui.xor.truth_table import loss_words

TRUTHS: dict[tuple[int, ...], str] = {
    (0, 1, 1, 0): "XOR", (0, 0, 0, 1): "AND", (0, 1, 1, 1): "OR", (1, 1, 1, 0): "NAND", (1, 0, 0, 1): "XNOR",
}  # fmt: skip
WORDS = (
    "A hidden unit is 1 where w1 x1 + w2 x2 + b > 0: on one side of its line in the plane.",
    "The output y is 1 where the weighted sum of the hidden units and its bias is above 0; with bypass x1 "
    "and x2 are inputs of y as well.",
    "T is the temperature of every unit, 1 / (1 + exp(-z / T)): at 1 a smooth slope that can be trained, at "
    "0.001 a step.",
)


@dataclass(frozen=True, slots=True)
class ByHandState:
    """`note` belongs to what `name` was loaded as: with `is_changed` it is said of that alone."""

    name: str
    note: str
    is_changed: bool
    net: HandNet
    look: Json | None
    drawn: Look = "colour"


def aim_of(net: HandNet) -> str:
    return TRUTHS.get(net.targets, "".join(map(str, net.targets)))


def title_of(standing: ByHandState) -> str:
    units = standing.net.units
    shape = "no hidden unit" if not units else f"{units} hidden unit{'s' if units > 1 else ''}"
    return f"{aim_of(standing.net)} · {shape}{' + bypass' if standing.net.bypass else ''}".replace(
        "·", glyphs().dot
    )


def notes_of(standing: ByHandState, width: int) -> list[Row]:
    look = standing.look
    near = look is not None and any(
        not point["is_row"] and point["target"] is not None for point in look["points"]
    )
    rows = [_verdict(standing, width), *legend(standing.drawn, near)]
    if standing.is_changed:
        return [*rows, (Span(f"changed from: {standing.name}", "muted"),)]
    return [*rows, *paragraph(f"{standing.name}: {standing.note}", width, "text")] if standing.note else rows


def lesson_of(width: int) -> list[Row]:
    """What one sees."""
    return [row for words in WORDS for row in (*paragraph(words, width), ())]


def _verdict(standing: ByHandState, width: int) -> Row:
    look = standing.look
    if look is None:
        return (Span("...", "muted"),)
    aim, right = aim_of(standing.net), look["right"]
    if right == 4:
        sign = "*" if glyphs().ascii_only else "✓"
        words = f", BCE {loss_words(look['losses']['bce'])}"
        return (Span(f"{sign} {aim} solved", "good"), Span(words, "text"))
    undecided = f", {look['undecided']} at 0.5" if look["undecided"] else ""
    row = (Span(f"{right} of 4 rows right{undecided}", "strong"),)
    more = (*row, Span(f"   target: {aim}", "muted"))
    return more if row_width(more) <= width else row


def legend(look: Look, points: bool = False) -> list[Row]:
    """What the colours, shades and lines mean; with `points` the dots too."""
    ramps: dict[Look, Row] = {
        "colour": (Span("0 ██", "done"), Span("▒▒", "line"), Span("██ 1", "accent")),
        "shade": (Span("0 ", "done"), Span(SHADES, "text"), Span(" 1", "accent")),
        "ascii": (Span("0 ", "done"), Span(ASCII_SHADES, "text"), Span(" 1", "accent")),
    }
    stroke = "--" if look == "ascii" else "⣀⠤"
    units = (Span(stroke, "hue-0"), Span(" unit", "muted"))
    row = (*ramps[look], Span(" output  ", "muted"), *units)
    dots = ASCII_DOTS if look == "ascii" else SMALL_DOTS
    return (
        [row, (Span(f"{dots[0]} {dots[1]}", "strong"), Span(" validation points 0, 1", "muted"))]
        if points
        else [row]
    )

"""The texts of the view `by hand`: whether the task is solved, the legend, an explanation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.session_protocol.xor import XorLook
from tui.drawings.editable_net import HandNet
from tui.drawings.heat import ASCII_SHADES, SHADES, ColourMode
from tui.drawings.plane_cells import ASCII_DOTS, SMALL_DOTS
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, row_width
from tui.ui.text_rows import paragraph
from tui.xor.truth_table import loss_words

TRUTHS: dict[tuple[int, ...], str] = {
    (0, 1, 1, 0): "XOR", (0, 0, 0, 1): "AND", (0, 1, 1, 1): "OR", (1, 1, 1, 0): "NAND", (1, 0, 0, 1): "XNOR",
}  # fmt: skip
OUTPUT = (
    "The output y is above one half where the weighted sum of the hidden units and its bias is above 0; with "
    "bypass x1 and x2 are inputs of y as well."
)
THRESHOLD = (
    "A hidden unit is 1 where w1 x1 + w2 x2 + b > 0: on one side of its line in the plane.",
    OUTPUT,
    "T is the temperature of every unit, 1 / (1 + exp(-z / T)): at 1 a smooth slope that can be trained, at "
    "0.001 a step.",
)
FORMULAS = {
    "sigmoid": "1 / (1 + exp(-z))",
    "tanh": "tanh(z)",
    "relu": "the larger of z and 0",
    "silu": "z / (1 + exp(-z)), which has its lowest value, -0.278, at z = -1.278",
}


@dataclass(frozen=True, slots=True)
class ByHandState:
    """What the texts are made from; `note` describes the network as it was loaded, not with `is_changed`."""

    name: str
    note: str
    is_changed: bool
    net: HandNet
    look: XorLook | None
    mode: ColourMode = "colour"


def aim_of(net: HandNet) -> str:
    return TRUTHS.get(net.targets, "".join(map(str, net.targets)))


def title_of(state: ByHandState) -> str:
    units = state.net.units
    shape = "no hidden unit" if not units else f"{units} hidden unit{'s' if units > 1 else ''}"
    return f"{aim_of(state.net)} · {shape}{' + bypass' if state.net.bypass else ''}".replace(
        "·", glyphs().dot
    )


def notes_of(state: ByHandState, width: int) -> list[Row]:
    look = state.look
    near = look is not None and any(not point.is_row and point.target is not None for point in look.points)
    rows = [_verdict(state, width), *legend(state.mode, near)]
    if state.is_changed:
        return [*rows, (Span(f"changed from: {state.name}", "muted"),)]
    return [*rows, *paragraph(f"{state.name}: {state.note}", width, "text")] if state.note else rows


def units_note(net: HandNet) -> str:
    """What the hidden units compute, in a word or two."""
    return f"T {net.temperature:g}" if net.activation == "btu" else net.activation


def lesson_of(net: HandNet, width: int) -> list[Row]:
    """The explanation of units and output."""
    texts: tuple[str, ...] = THRESHOLD
    if net.activation != "btu":
        unit = f"A hidden unit is {FORMULAS[net.activation]}, where z = w1 x1 + w2 x2 + b is 0 on its line."
        texts = (unit, OUTPUT)
    return [row for text in texts for row in (*paragraph(text, width), ())]


def _verdict(state: ByHandState, width: int) -> Row:
    look = state.look
    if look is None:
        return (Span("...", "muted"),)
    aim, right = aim_of(state.net), look.right
    if right == 4:
        sign = "*" if glyphs().ascii_only else "✓"
        text = f", BCE {loss_words(look.losses.bce)}"
        return (Span(f"{sign} {aim} solved", "good"), Span(text, "text"))
    undecided = f", {look.undecided} at 0.5" if look.undecided else ""
    row = (Span(f"{right} of 4 rows right{undecided}", "strong"),)
    more = (*row, Span(f"   target: {aim}", "muted"))
    return more if row_width(more) <= width else row


def legend(mode: ColourMode, points: bool = False) -> list[Row]:
    """The legend of the plane: colours or shades, lines and, with `points`, dots."""
    ramps: dict[ColourMode, Row] = {
        "colour": (Span("0 ██", "done"), Span("▒▒", "line"), Span("██ 1", "accent")),
        "shade": (Span("0 ", "done"), Span(SHADES, "text"), Span(" 1", "accent")),
        "ascii": (Span("0 ", "done"), Span(ASCII_SHADES, "text"), Span(" 1", "accent")),
    }
    stroke = "--" if mode == "ascii" else "⣀⠤"
    units = (Span(stroke, "hue-0"), Span(" unit", "muted"))
    row = (*ramps[mode], Span(" output  ", "muted"), *units)
    dots = ASCII_DOTS if mode == "ascii" else SMALL_DOTS
    return (
        [row, (Span(f"{dots[0]} {dots[1]}", "strong"), Span(" validation points 0, 1", "muted"))]
        if points
        else [row]
    )

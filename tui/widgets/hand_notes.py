"""What is said beside a network that is set by hand: how far it is, and what one sees."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import Json
from tui.glyphs import glyphs
from tui.hand_net import HandNet
from tui.widgets.heat import ASCII_SHADES, SHADES, Look
from tui.widgets.notes import paragraph
from tui.widgets.span import Row, Span

TRUTHS: dict[tuple[int, ...], str] = {
    (0, 1, 1, 0): "XOR", (0, 0, 0, 1): "AND", (0, 1, 1, 1): "OR", (1, 1, 1, 0): "NAND", (1, 0, 0, 1): "XNOR",
}  # fmt: skip
WORDS = (
    "A unit is on where w1 x1 + w2 x2 + b > 0: on one side of its line, which is drawn in the plane.",
    "The output adds what the units say, with weights of its own; with bypass it sees x1 and x2 as well.",
    "T is how soft the threshold is: 1 is a gentle slope that could be trained, 0.001 a step.",
)


@dataclass(frozen=True, slots=True)
class Standing:
    name: str
    note: str
    net: HandNet
    look: Json | None
    drawn: Look = "colour"


def aim_of(net: HandNet) -> str:
    return TRUTHS.get(net.targets, "".join(map(str, net.targets)))


def title_of(standing: Standing) -> str:
    units = standing.net.units
    shape = "no hidden unit" if not units else f"{units} hidden unit{'s' if units > 1 else ''}"
    return f"{aim_of(standing.net)} · {shape}{' + bypass' if standing.net.bypass else ''}".replace(
        "·", glyphs().dot
    )


def notes_of(standing: Standing, width: int) -> list[Row]:
    rows = [_verdict(standing), legend(standing.drawn)]
    if standing.note:
        rows += paragraph(f"{standing.name}: {standing.note}", width, "text")
    return rows


def lesson_of(width: int) -> list[Row]:
    """What one sees."""
    return [row for words in WORDS for row in (*paragraph(words, width), ())]


def _verdict(standing: Standing) -> Row:
    look = standing.look
    if look is None:
        return (Span("...", "muted"),)
    aim, right = aim_of(standing.net), look["right"]
    if right == 4:
        sign = "*" if glyphs().ascii_only else "✓"
        exact = float(look["losses"]["sse"]) < 5e-4
        return (Span(f"{sign} {aim} solved", "good"), Span(", loss 0" if exact else "", "good"))
    return (Span(f"{right} of 4 rows right", "strong"), Span(f"   aim: {aim}", "muted"))


def legend(look: Look) -> Row:
    """What the colours and shades mean."""
    ramps: dict[Look, Row] = {
        "colour": (Span("0 ██", "done"), Span("▒▒", "line"), Span("██ 1", "accent")),
        "shade": (Span("0 ", "done"), Span(SHADES, "text"), Span(" 1", "accent")),
        "ascii": (Span("0 ", "done"), Span(ASCII_SHADES, "text"), Span(" 1", "accent")),
    }
    stroke = "--" if look == "ascii" else "⣀⠤"
    return (*ramps[look], Span("  output  ", "muted"), Span(stroke, "hue-0"), Span(" unit", "muted"))

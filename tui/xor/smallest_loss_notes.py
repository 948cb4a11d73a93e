"""What is said of a rung: its shape, the least loss it can have, the loss it has."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import RunSummary
from tui.keys.all_keys import BY_ID, shown
from tui.keys.keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.notes import paragraph
from tui.ui.span import Row, Span, row_text

NEAR = 1e-3
"""nats between a loss and its floor that make no difference here"""
LESSON = (
    "least: the smallest mean cross-entropy that the architecture can have, in nats, from a proof. Without a "
    "hidden unit the best output is 0.5 for each row (ln 2); one unit alone separates one row from three."
)


@dataclass(frozen=True, slots=True)
class SmallestLoss:
    name: str
    place: int
    is_chosen: bool
    run: RunSummary | None
    floor: float | None
    """nats"""
    loss: float | None
    step: float
    right: int | None

    @property
    def is_reached(self) -> bool:
        return self.loss is not None and self.floor is not None and abs(self.loss - self.floor) < NEAR


def caption_of(rung: SmallestLoss, width: int) -> list[Row]:
    sign = glyphs().choice[1] if rung.is_chosen else " "
    floor = "......" if rung.floor is None else f"{rung.floor:.4f}"
    rows: list[Row] = [
        (Span(f"{sign} ", "key"), Span(rung.name, "key" if rung.is_chosen else "strong")),
        (Span("least  ", "muted"), Span(floor, "text")),
    ]
    return [*rows, _loss(rung, width), _right(rung)]


def _loss(rung: SmallestLoss, width: int) -> Row:
    if rung.loss is None:
        return (Span("loss   ", "muted"), Span("-", "muted"))
    sign = ("v" if glyphs().ascii_only else "✓") if rung.is_reached else ""
    return (
        Span("loss   ", "muted"),
        Span(f"{rung.loss:.4f} ", "strong"),
        Span(sign, "good"),
    )


def _right(rung: SmallestLoss) -> Row:
    if rung.right is None:
        return ()
    return (Span(f"{rung.right} of 4 right", "good" if rung.right == 4 else "text"),)


def lesson_of(
    rung: SmallestLoss, note: str, start: str, keymap: Keymap, width: int, brief: bool
) -> list[Row]:
    rows: list[Row] = []
    if start:
        key = shown(keymap.key_of(BY_ID["xor.start"]))
        rows.append((Span(f"{key} ", "key"), Span(start, "text")))
    if note:
        named = f"{rung.name}: "
        first, *others = paragraph(named + note, width, "text")
        rows += [(Span(named, f"hue-{rung.place}"), Span(row_text(first)[len(named) :], "text")), *others]
    return rows if brief else [*rows, *paragraph(LESSON, width)]

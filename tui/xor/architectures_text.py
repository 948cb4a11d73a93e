"""The texts of the view `architectures`: name, smallest loss, loss, and an explanation."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import RunSummary
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span, row_text
from tui.ui.text_rows import paragraph

NEAR = 1e-3
"""nats: a loss this near to the smallest one has reached it"""
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


def caption_of(entry: SmallestLoss, width: int) -> list[Row]:
    sign = glyphs().choice[1] if entry.is_chosen else " "
    floor = "......" if entry.floor is None else f"{entry.floor:.4f}"
    rows: list[Row] = [
        (Span(f"{sign} ", "key"), Span(entry.name, "key" if entry.is_chosen else "strong")),
        (Span("least  ", "muted"), Span(floor, "text")),
    ]
    return [*rows, _loss(entry, width), _right(entry)]


def _loss(entry: SmallestLoss, width: int) -> Row:
    if entry.loss is None:
        return (Span("loss   ", "muted"), Span("-", "muted"))
    sign = ("v" if glyphs().ascii_only else "✓") if entry.is_reached else ""
    return (
        Span("loss   ", "muted"),
        Span(f"{entry.loss:.4f} ", "strong"),
        Span(sign, "good"),
    )


def _right(entry: SmallestLoss) -> Row:
    if entry.right is None:
        return ()
    return (Span(f"{entry.right} of 4 right", "good" if entry.right == 4 else "text"),)


def lesson_of(
    entry: SmallestLoss, note: str, start: str, keymap: Keymap, width: int, brief: bool
) -> list[Row]:
    rows: list[Row] = []
    if start:
        key = shown(keymap.key_of(BY_ID["xor.start"]))
        rows.append((Span(f"{key} ", "key"), Span(start, "text")))
    if note:
        named = f"{entry.name}: "
        first, *others = paragraph(named + note, width, "text")
        rows += [(Span(named, f"hue-{entry.place}"), Span(row_text(first)[len(named) :], "text")), *others]
    return rows if brief else [*rows, *paragraph(LESSON, width)]

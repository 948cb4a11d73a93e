"""What is said beside a network that trains: when this picture was, how good, what its units were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol import RunSummary, Status
from tui.data.run_history import Sketch
from tui.drawings.heat import Look
from tui.keys.all_keys import BY_ID, shown
from tui.keys.keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.notes import paragraph
from tui.ui.span import Row, Span, row_width
from tui.xor.by_hand_notes import legend


@dataclass(frozen=True, slots=True)
class TrainingSnapshot:
    run: RunSummary
    sketch: Sketch | None
    at: int | None
    count: int
    loss: float | None
    gates: tuple[str, ...]
    drawn: Look


def notes_of(moment: TrainingSnapshot, width: int, height: int = 99) -> list[Row]:
    """What it draws is explained only where all of that fits into `height`."""
    rows = (
        [_time(moment, width), _bar(moment, width)] if moment.sketch is not None else _nothing(moment, width)
    )
    rows += [*_gates(moment.gates, width), *legend(moment.drawn, moment.sketch is not None)]
    lesson: list[Row] = [(), *paragraph(LESSON, width)]
    return [*rows, *lesson] if len(rows) + len(lesson) <= height else rows


LESSON = (
    "Each line is where a hidden unit is at its threshold; while the network trains the lines move until the "
    "output is XOR."
)


def _time(moment: TrainingSnapshot, width: int) -> Row:
    assert moment.sketch is not None
    loss = f"  loss {moment.loss:.4f}" if moment.loss is not None else ""
    live = moment.at is None and moment.run.status.is_active
    word = "  live" if live else "  at its end" if moment.at is None else ""
    row = (Span(f"epoch {moment.sketch.step:,.0f}", "strong"), Span(loss, "text"))
    more = (*row, Span(word, "good" if live else "muted"))
    return more if row_width(more) <= width else row


def _bar(moment: TrainingSnapshot, width: int) -> Row:
    """Where this picture stands among all of them."""
    room = max(4, width - 2)
    at = moment.count - 1 if moment.at is None else moment.at
    before = round((room - 1) * at / max(1, moment.count - 1))
    full, empty, knob = ("=", "-", "O") if glyphs().ascii_only else ("━", "─", "●")
    return (Span(full * before, "accent"), Span(knob, "key"), Span(empty * (room - 1 - before), "line"))


def _nothing(moment: TrainingSnapshot, width: int) -> list[Row]:
    words = "Its worker starts: the first picture comes with the first epochs."
    if moment.run.status is Status.QUEUED:
        words = f"It is queued: {plain(getattr(moment.run.state, 'why', ''), limit=200)}."
    elif moment.run.status.is_final:
        words = f"It is {moment.run.status}, and kept no pictures of its weights."
    return paragraph(words, width)


def _gates(gates: Sequence[str], width: int) -> list[Row]:
    """As many to a row as fit."""
    rows: list[Row] = []
    row: Row = ()
    for unit, gate in enumerate(gates):
        words = (Span(f"h{unit + 1} ", f"hue-{unit}"), Span(f"{gate}   ", "text"))
        if row and row_width(row) + row_width(words) - 3 > width:
            rows.append(row)
            row = ()
        row = (*row, *words)
    return [*rows, row] if row else rows


def invitation(keymap: Keymap, width: int, waits: str = "") -> list[Row]:
    """What to press for a first network; `waits`: that nothing is known yet, and why."""
    if waits:
        return [(Span(waits, "muted"),)]
    start, new = (shown(keymap.key_of(BY_ID[key])) for key in ("xor.start", "xor.new"))
    rows: list[Row] = [(Span("No network is trained yet.", "strong"),), ()]
    rows += [(Span(f"{start:>3} ", "key"), Span("train the three networks of the course", "text"))]
    rows += [(Span(f"{new:>3} ", "key"), Span("set up a run of your own", "text")), ()]
    return rows + paragraph(f"Then: the decision regions while a network trains. {LESSON}", width)

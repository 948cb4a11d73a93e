"""The texts of the view `trained`: epoch, loss, position in the training, gates of the units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol import RunSummary, Status
from tui.data.run_history import Sketch
from tui.drawings.heat import ColourMode
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, row_width
from tui.ui.text_rows import paragraph
from tui.xor.by_hand_text import legend


@dataclass(frozen=True, slots=True)
class TrainingSnapshot:
    run: RunSummary
    sketch: Sketch | None
    at: int | None
    count: int
    loss: float | None
    gates: tuple[str, ...]
    mode: ColourMode


def notes_of(snapshot: TrainingSnapshot, width: int, height: int = 99) -> list[Row]:
    """The rows beside the plane; the explanation only where all of it fits into `height`."""
    rows = (
        [_time(snapshot, width), _bar(snapshot, width)]
        if snapshot.sketch is not None
        else _nothing(snapshot, width)
    )
    rows += [*_gates(snapshot.gates, width), *legend(snapshot.mode, snapshot.sketch is not None)]
    lesson: list[Row] = [(), *paragraph(LESSON, width)]
    return [*rows, *lesson] if len(rows) + len(lesson) <= height else rows


LESSON = (
    "Each line is where a hidden unit is at its threshold; while the network trains the lines move until the "
    "output is XOR."
)


def _time(snapshot: TrainingSnapshot, width: int) -> Row:
    assert snapshot.sketch is not None
    loss = f"  loss {snapshot.loss:.4f}" if snapshot.loss is not None else ""
    live = snapshot.at is None and snapshot.run.status.is_active
    word = "  live" if live else "  at its end" if snapshot.at is None else ""
    row = (Span(f"epoch {snapshot.sketch.step:,.0f}", "strong"), Span(loss, "text"))
    more = (*row, Span(word, "good" if live else "muted"))
    return more if row_width(more) <= width else row


def _bar(snapshot: TrainingSnapshot, width: int) -> Row:
    """A progress bar: the position of this sketch among all of them."""
    room = max(4, width - 2)
    at = snapshot.count - 1 if snapshot.at is None else snapshot.at
    before = round((room - 1) * at / max(1, snapshot.count - 1))
    full, empty, knob = ("=", "-", "O") if glyphs().ascii_only else ("━", "─", "●")
    return (Span(full * before, "accent"), Span(knob, "key"), Span(empty * (room - 1 - before), "line"))


def _nothing(snapshot: TrainingSnapshot, width: int) -> list[Row]:
    text = "Its worker starts: the first picture comes with the first epochs."
    if snapshot.run.status is Status.QUEUED:
        text = f"It is queued: {plain(getattr(snapshot.run.state, 'why', ''), limit=200)}."
    elif snapshot.run.status.is_final:
        text = f"It is {snapshot.run.status}, and kept no pictures of its weights."
    return paragraph(text, width)


def _gates(gates: Sequence[str], width: int) -> list[Row]:
    """The gates of the hidden units, as many per row as fit."""
    rows: list[Row] = []
    row: Row = ()
    for unit, gate in enumerate(gates):
        gate_row = (Span(f"h{unit + 1} ", f"hue-{unit}"), Span(f"{gate}   ", "text"))
        if row and row_width(row) + row_width(gate_row) - 3 > width:
            rows.append(row)
            row = ()
        row = (*row, *gate_row)
    return [*rows, row] if row else rows


def empty_notes(keymap: Keymap, width: int, waits: str = "") -> list[Row]:
    """What to press for a first network; `waits`: why the runs are not loaded yet, empty once they are."""
    if waits:
        return [(Span(waits, "muted"),)]
    start, new = (shown(keymap.key_of(BY_ID[key])) for key in ("xor.start", "xor.new"))
    rows: list[Row] = [(Span("No network is trained yet.", "strong"),), ()]
    rows += [(Span(f"{start:>3} ", "key"), Span("train the three networks of the course", "text"))]
    rows += [(Span(f"{new:>3} ", "key"), Span("set up a run of your own", "text")), ()]
    return rows + paragraph(f"Then: the decision regions while a network trains. {LESSON}", width)

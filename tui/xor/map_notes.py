"""What is said over a failure map: how many got there, what the colours mean, what is below the cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.protocol import Json, RunSummary, Status
from tui.data.run_text import name_of, sign_of
from tui.drawings.heat import Look
from tui.keys.all_keys import BY_ID, shown
from tui.keys.keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.notes import paragraph
from tui.ui.span import Row, Span, row_width
from tui.xor.map_cells import COLOUR_WORDS, PLATEAUS, FailureMap, MapCell
from tui.xor.map_picture import STUCK_INKS

FAILED = (
    "   failed, digit = rows whose output stays at 0.5 (loss): ",
    "   failed, digit = rows at 0.5 (loss)  ",
    "  failed, rows at 0.5: ",
)
"""what the digits of failed networks mean, the longest that fits"""
LESSON = (
    "Thousands of networks are trained on XOR side by side, each from initial weights of its own. Most solve "
    "it; in others the loss stays on a plateau. Every cell is one network."
)


@dataclass(frozen=True, slots=True)
class MapFacts:
    run: RunSummary | None
    found: FailureMap | None
    cell: MapCell | None
    here: Json | None
    """the parameters of its network"""
    drawn: Look
    keymap: Keymap
    meant: str = ""
    """which networks are marked"""
    waits: str = ""
    """while the runs are not known: why"""


def notes_of(facts: MapFacts, width: int) -> list[Row]:
    """Three rows; without a map what to do."""
    if facts.run is None and facts.waits:
        return [(Span(facts.waits, "muted"),)]
    if facts.run is None:
        key = shown(facts.keymap.key_of(BY_ID["xor.start"]))
        rows: list[Row] = [(Span(f"{key} ", "key"), Span("trains 4,000 networks as one batch", "text")), ()]
        return rows + paragraph(LESSON, width)
    if facts.found is None:
        return [_title(facts.run), (Span(_waits(facts.run), "muted"),)]
    if facts.found.marked:
        back = shown(facts.keymap.key_of(BY_ID["lanes.back"]))
        words = (
            f"{len(facts.found.marked)} of {facts.found.total:,} networks: {facts.meant}; {back} goes back"
        )
        title: Row = (Span(words, "strong"),)
    else:
        title = (*_title(facts.run), *_counts(facts.found))
    return [
        title,
        _legend(facts.found, facts.drawn, width),
        _here(facts.cell, facts.here),
    ]


def _waits(run: RunSummary) -> str:
    if run.status is Status.QUEUED:
        return f"It is queued: {plain(getattr(run.state, 'why', ''), limit=200)}."
    return "Starting ..." if run.status.is_active else "Computing ..."


def _title(run: RunSummary) -> Row:
    return (sign_of(run), Span(f" {name_of(run)}  ", "strong"))


def _counts(found: FailureMap) -> Row:
    solved, failed = found.outcomes.get("success", 0), found.outcomes.get("fail", 0)
    lost = found.outcomes.get("diverged", 0)
    row: Row = (
        Span(f"{found.total:,} networks, epoch {found.epoch:,}  ", "muted"),
        Span(f"{solved:,} solved", "good"),
        Span(f"  {failed:,} failed", "bad" if failed else "muted"),
    )
    stopped = found.outcomes.get("stopped", 0)
    if lost:
        row = (*row, Span(f"  {lost:,} diverged", "bad"))
    return (*row, Span(f"  {stopped:,} stopped", "muted")) if stopped else row


def _legend(found: FailureMap, drawn: Look, width: int) -> Row:
    if found.colour != "outcome":
        return (Span(f"colour: {COLOUR_WORDS[found.colour]}", "muted"),)
    if found.x:
        return (Span("greener: a larger share of its networks solved", "muted"),)
    solved = "solved" if drawn == "colour" else f"{_dot(drawn)} solved"
    names = [Span(f"{rows} ({PLATEAUS[rows]:.2f})  ", STUCK_INKS[rows]) for rows in PLATEAUS]
    rows: list[Row] = [
        (Span(solved, "good"), Span(words, "muted"), *names, Span("? other", "muted")) for words in FAILED
    ]
    return next((row for row in rows if row_width(row) <= width), rows[-1])


def _dot(drawn: Look) -> str:
    return "." if drawn == "ascii" else "·"


def _here(cell: MapCell | None, params: Json | None) -> Row:
    sign = Span(f"{glyphs().choice[1]} ", "key")
    if cell is None:
        return ()
    loss = "not a number" if cell.loss is None else f"loss {cell.loss:.4f}"
    if cell.count > 1:
        solved = "none has ended" if cell.share is None else f"{math.floor(100 * cell.share)} % solved"
        return (sign, Span(f"{cell.count:,} networks, {solved}", "strong"), Span(f"  median {loss}", "text"))
    words, style_name = ("solved", "good") if cell.share == 1 else ("failed", "bad")
    if cell.share is None:
        words, style_name = "trains", "text"
    epochs = f"  epoch {cell.stop:,.0f}" if cell.stop is not None else ""
    name = Span(f"network {cell.lane:,}  ", "strong")
    return (
        sign,
        name,
        Span(words, style_name),
        Span(f"{epochs}  {loss}  ", "text"),
        Span(_params(params), "muted"),
    )


def _params(params: Json | None) -> str:
    """Those that vary."""
    told = ("lane", "outcome", "stop", "loss", "val_loss")
    shown = {name: value for name, value in (params or {}).items() if name not in told}
    words = {
        name: ("yes" if value else "no") if isinstance(value, bool) else value
        for name, value in shown.items()
    }
    return plain("  ".join(f"{name} {value}" for name, value in words.items()), limit=200)

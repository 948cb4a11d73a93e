"""The rows above a failure map: counts, legend, the network under the cursor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.params import Value
from engine.protocol import RunSummary, Status
from tui.data.run_text import name_of, sign_of
from tui.drawings.heat import ColourMode
from tui.keys.all_keys import BY_ID, shown
from tui.keys.user_keymap import Keymap
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, row_width
from tui.ui.text_rows import paragraph
from tui.xor.failure_map_cells import COLOUR_WORDS, PLATEAUS, FailureMap, MapCell
from tui.xor.failure_map_widget import STUCK_STYLES

FAILED = (
    "   failed, digit = rows whose output stays at 0.5 (loss): ",
    "   failed, digit = rows at 0.5 (loss)  ",
    "  failed, rows at 0.5: ",
)
"""the legend of the digits of failed networks, longest first; the first that fits is shown"""
LESSON = (
    "Thousands of networks are trained on XOR side by side, each from initial weights of its own. Most solve "
    "it; in others the loss stays on a plateau. Every cell is one network."
)


@dataclass(frozen=True, slots=True)
class MapFacts:
    run: RunSummary | None
    found: FailureMap | None
    cell: MapCell | None
    here: Mapping[str, Value] | None
    """the parameters of the network under the cursor"""
    mode: ColourMode
    keymap: Keymap
    marked_text: str = ""
    """what the marked networks have in common"""
    waits: str = ""
    """why the runs are not loaded yet; empty once they are"""


def notes_of(facts: MapFacts, width: int) -> list[Row]:
    """Three rows; without a map, what to press."""
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
        count = f"{len(facts.found.marked)} of {facts.found.total:,} networks"
        text = f"{count}: {facts.marked_text}; {back} goes back"
        title: Row = (Span(text, "strong"),)
    else:
        title = (*_title(facts.run), *_counts(facts.found))
    return [
        title,
        _legend(facts.found, facts.mode, width),
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


def _legend(found: FailureMap, mode: ColourMode, width: int) -> Row:
    if found.colour != "outcome":
        return (Span(f"colour: {COLOUR_WORDS[found.colour]}", "muted"),)
    if found.x:
        return (Span("greener: a larger share of its networks solved", "muted"),)
    solved = "solved" if mode == "colour" else f"{_dot(mode)} solved"
    names = [Span(f"{rows} ({PLATEAUS[rows]:.2f})  ", STUCK_STYLES[rows]) for rows in PLATEAUS]
    rows: list[Row] = [
        (Span(solved, "good"), Span(text, "muted"), *names, Span("? other", "muted")) for text in FAILED
    ]
    return next((row for row in rows if row_width(row) <= width), rows[-1])


def _dot(mode: ColourMode) -> str:
    return "." if mode == "ascii" else "·"


def _here(cell: MapCell | None, params: Mapping[str, Value] | None) -> Row:
    sign = Span(f"{glyphs().choice[1]} ", "key")
    if cell is None:
        return ()
    loss = "not a number" if cell.loss is None else f"loss {cell.loss:.4f}"
    if cell.count > 1:
        solved = "none has ended" if cell.share is None else f"{math.floor(100 * cell.share)} % solved"
        return (sign, Span(f"{cell.count:,} networks, {solved}", "strong"), Span(f"  median {loss}", "text"))
    text, style_name = ("solved", "good") if cell.share == 1 else ("failed", "bad")
    if cell.share is None:
        text, style_name = "trains", "text"
    epochs = f"  epoch {cell.stop:,.0f}" if cell.stop is not None else ""
    name = Span(f"network {cell.network:,}  ", "strong")
    return (
        sign,
        name,
        Span(text, style_name),
        Span(f"{epochs}  {loss}  ", "text"),
        Span(_params(params), "muted"),
    )


def _params(params: Mapping[str, Value] | None) -> str:
    """The parameters that vary."""
    not_axes = ("lane", "outcome", "stop", "loss", "val_loss")
    shown = {name: value for name, value in (params or {}).items() if name not in not_axes}
    texts = {
        name: ("yes" if value else "no") if isinstance(value, bool) else value
        for name, value in shown.items()
    }
    return plain("  ".join(f"{name} {value}" for name, value in texts.items()), limit=200)

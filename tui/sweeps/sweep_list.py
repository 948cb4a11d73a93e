"""The list of sweeps, one row each, and what is shown while there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.cells import set_cell_size
from textual.geometry import Size
from textual.message import Message

from engine.sweep_protocol import SweepSummary
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.keys.user_keymap import Keymap
from tui.sweeps.trial_text import best_of, counts_of, sweep_sign
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, fitted
from tui.ui.text_rows import paragraph

NAME, EXPERIMENT, SAMPLER, COUNTS, METRIC = 18, 10, 7, 22, 16
ROOMY = 100
MOST = 6
"""most rows, without the header"""
WORDS = "A sweep trains one experiment many times, with different parameters, and shows which of them matter."
THEN = (
    "Then: a table of all trials, parallel coordinates, the importance of each parameter, the best value so "
    "far, and a heat map of two parameters."
)
TEXT_WIDTH = 76


class SweepList(Sheet, inherit_bindings=False):
    """The cursor is on the selected sweep."""

    SCOPE: ClassVar[Scope] = "sweeps"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Moved(Message):
        """The cursor was moved to the sweep at that index."""

        place: int

    class Opened(Message):
        """Enter was pressed: its trials are to have the focus."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._sweeps: Sequence[SweepSummary] = ()
        self._place = 0

    def update(self, sweeps: Sequence[SweepSummary], place: int) -> None:
        is_longer = len(sweeps) != len(self._sweeps)
        self._sweeps, self._place = tuple(sweeps), place
        if is_longer:
            self.refresh(layout=True)
        self.draw()
        self._scroll_to_cursor()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        most = 3 if self.app.size.height < 30 else MOST
        return min(len(self._sweeps), most) + 1

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if not self._sweeps:
            return ()
        return [self._head(width), *(self._row(*one, width) for one in enumerate(self._sweeps))]

    def _head(self, width: int) -> Row:
        titles = [("    name", NAME + 4)]
        if width >= ROOMY:
            titles += [("experiment", EXPERIMENT), ("sampler", SAMPLER)]
        titles += [("trials", COUNTS), ("metric", METRIC), ("best", 8)]
        return tuple(Span(title.ljust(size + 1), "muted") for title, size in titles)

    def _row(self, place: int, sweep: SweepSummary, width: int) -> Row:
        here = place == self._place
        spec = sweep.spec
        cursor = glyphs().choice[1] if here else " "
        style_name = "key" if here and self.has_focus else "strong" if here else "text"
        spans = [Span(f"{cursor} ", "key"), sweep_sign(sweep), Span(" "), _cell(spec.name, NAME, style_name)]
        if width >= ROOMY:
            spans += [_cell(spec.experiment, EXPERIMENT, "muted"), _cell(spec.sampler, SAMPLER, "muted")]
        spans += [
            *fitted(counts_of(sweep), COUNTS),
            Span(" "),
            _cell(f"{spec.goal} {spec.metric}", METRIC, "muted"),
        ]
        return (*spans, *best_of(sweep))

    def _scroll_to_cursor(self) -> None:
        """Scroll so that the cursor is visible, and the header with it where both fit."""
        first, high = round(self.scroll_offset.y), max(1, self.size.height)
        line = self._place + 1
        if line < first + 1:
            self.scroll_to(y=line - 1, animate=False)
        elif line >= first + high:
            self.scroll_to(y=line + 1 - high, animate=False)

    def action_scroll(self, rows: int) -> None:
        self.post_message(self.Moved(max(0, min(self._place + rows, len(self._sweeps) - 1))))

    def action_scroll_to(self, end: int) -> None:
        self.post_message(self.Moved(len(self._sweeps) - 1 if end else 0))

    def action_open(self) -> None:
        self.post_message(self.Opened())


def _cell(text: str, width: int, style_name: str) -> Span:
    shown = plain(text, limit=80)
    if len(shown) > width:
        shown = shown[: width - 1] + glyphs().cut
    return Span(set_cell_size(shown, width) + " ", style_name)


class EmptyState(Sheet, can_focus=True, inherit_bindings=False):
    """What a sweep is, and how to start one. Focusable, so that the keys of the tab work."""

    SCOPE: ClassVar[Scope] = "sweep"

    def __init__(self, keymap: Keymap, **widget: Any) -> None:
        super().__init__(**widget)
        self._keymap = keymap
        self._waiting = ""

    def set_waiting(self, text: str) -> None:
        """Set why the sweeps are not loaded yet; empty once they are."""
        if text != self._waiting:
            self._waiting = text
            self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._waiting:
            return ((), (Span(f" {self._waiting}", "muted"),))
        key = self._keymap.shown("sweep.new", ascii_only=glyphs().ascii_only)
        room = min(width - 2, TEXT_WIDTH)
        start = (Span(f"  {key}", "key"), Span("  set up a sweep", "text"))
        lines = [*paragraph(WORDS, room, "text"), (), start, (), *paragraph(THEN, room)]
        return [(), *((Span(" "), *line) for line in lines)]

"""A dialog to choose an experiment."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from engine.catalog import Experiment
from tui.dialogs.dialog import Dialog, KeyLine
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text


class ExperimentList(Sheet):
    """Experiments with title, name and claim."""

    def __init__(self, found: Sequence[Experiment], chosen: str) -> None:
        super().__init__()
        self._found = tuple(found)
        names = [experiment.name for experiment in found]
        self._cursor = names.index(chosen) if chosen in names else 0
        self._tops: list[int] = []

    @property
    def chosen(self) -> Experiment:
        return self._found[self._cursor]

    def rows(self, width: int) -> Sequence[Row]:
        rows: list[Row] = []
        self._tops = []
        for place, experiment in enumerate(self._found):
            here = place == self._cursor
            sign = glyphs().choice[1] if here else " "
            self._tops.append(len(rows))
            title = Span(plain(experiment.title), "key" if here else "strong")
            rows.append((Span(f"{sign} ", "key"), title, Span(f"  {plain(experiment.name)}", "muted")))
            rows += [(Span("  "), *row) for row in wrap_text(plain(experiment.claim), width - 2, "muted")]
            rows.append(())
        return rows[:-1]

    def action_scroll(self, rows: int) -> None:
        self._cursor = max(0, min(self._cursor + rows, len(self._found) - 1))
        self.draw()
        self.scroll_to(y=max(0, self._tops[self._cursor] + 3 - self.size.height), animate=False)


class PickScreen(Dialog[Experiment]):
    """Dismissed with the chosen experiment, or None."""

    def __init__(self, found: Sequence[Experiment], chosen: str, title: str = "start an experiment") -> None:
        super().__init__()
        self._found, self._chosen, self._title_shown = found, chosen, title

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide") as box:
            box.border_title = self._title_shown
            yield ExperimentList(self._found, self._chosen)
            yield KeyLine((("dialog.accept", "set up"), ("dialog.cancel", "back"), ("pane.down", "next")))

    def action_accept(self) -> None:
        self.dismiss(self.query_one(ExperimentList).chosen)

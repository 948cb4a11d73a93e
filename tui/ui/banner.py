"""A few lines for what must not be overlooked."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.widgets import Static

from engine.protocol import Finding, Severity
from tui.keys.all_keys import BY_ID, shown
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span
from tui.ui.styles import inks_of
from tui.ui.wrapped_spans import folded

INDENT = 3
"""of lines after the first: below the words, not below the sign"""
RANKS = {Severity.DANGER: 2, Severity.WARNING: 1}


class Banner(Static):
    """A silent or lost engine, else the doctor's most serious finding; nothing where all is well.

    As many lines as its words need: a remedy is never cut off.
    """

    DEFAULT_CSS = "Banner { display: none; height: auto; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(markup=False, **widget)
        self._lost = self._stalled = ""
        self._finding: Finding | None = None

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._appear, init=False)

    def on_resize(self) -> None:
        self._appear()

    @property
    def finding(self) -> Finding | None:
        return self._finding

    def lose(self, words: str) -> None:
        """The engine is gone; nothing can be dismissed about that. Empty words: it is back."""
        self._lost, self._stalled = plain(words, limit=1000), ""
        self._appear()

    def stall(self, words: str) -> None:
        """The engine does not answer, and what is seen may be old. Empty words: it answers again."""
        self._stalled = plain(words, limit=1000)
        self._appear()

    def show(self, finding: Finding | None) -> None:
        self._finding = finding
        self._appear()

    def words(self) -> Row:
        """What it says."""
        if words := self._stalled or self._lost:
            return (Span(f" {glyphs().warning} ", "warn"), Span(words, "text"))
        if self._finding is None:
            return ()
        style_name = "bad" if self._finding.severity is Severity.DANGER else "warn"
        dismiss = BY_ID["view.dismiss"]
        return (
            Span(f" {glyphs().warning} ", style_name),
            Span(plain(self._finding.text, limit=300), "text"),
            Span("  " + plain(self._finding.remedy, limit=300), "muted"),
            Span(f"  {shown(dismiss.key)}", "key"),
            Span(f" {dismiss.label} ", "muted"),
        )

    def _appear(self) -> None:
        words = self.words()
        self.styles.display = "block" if words else "none"
        if self.is_mounted:
            styles = inks_of(self.app)
            lines = folded(words, self.app.size.width - 1, INDENT) if words else []
            texts = [
                Text.assemble(*((span.text, styles[span.style_name or "text"]) for span in line))
                for line in lines
            ]
            self.update(Text("\n").join(texts))


def most_serious(findings: list[Finding], dismissed: str) -> Finding | None:
    """The finding that a person has to see, unless it is the one that was waved away."""
    grave = [found for found in findings if found.severity in RANKS and found.text != dismissed]
    return max(grave, key=lambda found: RANKS[found.severity], default=None)

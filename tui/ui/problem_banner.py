"""The banner: problems of the engine or the machine that need attention."""

from __future__ import annotations

from typing import Any

from rich.text import Text
from textual.widgets import Static

from engine.machine_protocol import Finding, Severity
from tui.keys.all_keys import BY_ID, shown
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span
from tui.ui.styles import styles_of
from tui.ui.wrap import wrap_row

INDENT = 3
"""of continuation lines: below the text, not below the sign"""
RANKS = {Severity.DANGER: 2, Severity.WARNING: 1}


class Banner(Static):
    """Shows that the engine is silent or lost, else the doctor's most serious finding, else nothing.

    As many lines as its text needs: a remedy is never cut off.
    """

    DEFAULT_CSS = "Banner { display: none; height: auto; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(markup=False, **widget)
        self._lost = self._stalled = ""
        self._finding: Finding | None = None

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._update, init=False)

    def on_resize(self) -> None:
        self._update()

    @property
    def finding(self) -> Finding | None:
        return self._finding

    def show_lost(self, text: str) -> None:
        """Show that the engine is gone, which cannot be dismissed; empty text: connected again."""
        self._lost, self._stalled = plain(text, limit=1000), ""
        self._update()

    def show_stalled(self, text: str) -> None:
        """Show that the engine does not answer; empty text: it answers again."""
        self._stalled = plain(text, limit=1000)
        self._update()

    def show_finding(self, finding: Finding | None) -> None:
        self._finding = finding
        self._update()

    def row(self) -> Row:
        """The text of the banner on one line, before it is wrapped; empty where there is none."""
        if text := self._stalled or self._lost:
            return (Span(f" {glyphs().warning} ", "warn"), Span(text, "text"))
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

    def _update(self) -> None:
        row = self.row()
        self.styles.display = "block" if row else "none"
        if self.is_mounted:
            styles = styles_of(self.app)
            lines = wrap_row(row, self.app.size.width - 1, INDENT) if row else []
            texts = [
                Text.assemble(*((span.text, styles[span.style_name or "text"]) for span in line))
                for line in lines
            ]
            self.update(Text("\n").join(texts))


def most_serious(findings: list[Finding], dismissed: str) -> Finding | None:
    """The most severe warning or danger, except the one that was dismissed."""
    grave = [found for found in findings if found.severity in RANKS and found.text != dismissed]
    return max(grave, key=lambda found: RANKS[found.severity], default=None)

"""Rows of spans on standard output, coloured where it is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from rich.console import Console
from rich.style import Style
from rich.text import Text

from tui.terminal.plain_text import plain
from tui.ui.palette import DARK, LIGHT, SIXTEEN
from tui.ui.span import Row

STYLES = {
    "title": Style(bold=True),
    "value": Style(bold=True),
    "alert": Style(color="red", bold=True),
    "axis": Style(dim=True),
    "grid": Style(dim=True),
    "tag": Style(dim=True),
}
"""styles of names that are not of a curve; unknown names have none"""


class RowPrinter:
    """Prints rows; Rich chooses the colours by TERM, COLORTERM, NO_COLOR and FORCE_COLOR."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
        self.has_colours = self._console.color_system is not None and not self._console.no_color
        self._styles = STYLES | (_series_styles(self._console.color_system) if self.has_colours else {})

    def print_rows(self, rows: Iterable[Row]) -> None:
        for row in rows:
            line = Text("", end="")
            for span in row:
                line.append(span.text, self._styles.get(span.style_name, Style.null()))
            line.rstrip()
            self._console.print(line)

    def print_notes(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._console.print(Text(plain(line), self._styles["tag"]))


def _series_styles(colours: str | None) -> dict[str, Style]:
    hues = SIXTEEN if colours == "standard" else LIGHT if _is_light() else DARK
    return {f"series-{index}": Style(color=code) for index, code in enumerate(hues)}


def _is_light() -> bool:
    """Whether COLORFGBG says that the background is light; where it is not set, dark is assumed."""
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return background in ("7", "15")

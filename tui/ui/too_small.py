"""What is said where nothing else fits."""

from __future__ import annotations

from textual.widgets import Static


class TooSmall(Static):
    """Shown by the stylesheet alone."""

    def __init__(self) -> None:
        super().__init__("dltui needs 60 columns and 15 rows. Runs continue; q quits.", markup=False)

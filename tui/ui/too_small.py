"""The message for a terminal that is too small."""

from __future__ import annotations

from textual.widgets import Static


class TooSmall(Static):
    """Displayed by the stylesheet, by the size classes of the app."""

    def __init__(self) -> None:
        super().__init__("dltui needs 60 columns and 15 rows. Runs continue; q quits.", markup=False)

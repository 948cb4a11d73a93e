"""The widget of the drawing of a small network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tui.drawings.editable_net import HandNet, WeightIndex
from tui.drawings.net import NetScene, picture
from tui.terminal.glyphs import glyphs
from tui.ui.sheet import Sheet
from tui.ui.span import Row


class NetWidget(Sheet, can_focus=False):
    """Signed weights as wires and numbers; as high as needed, with `is_spacious` as high as there is room."""

    def __init__(self, *, is_spacious: bool = False, **widget: Any) -> None:
        super().__init__(**widget)
        self._is_spacious = is_spacious
        self._scene: NetScene | None = None
        self._most = 0

    def update(
        self,
        net: HandNet | None,
        gates: Sequence[str] = (),
        gate: str = "",
        picked: WeightIndex | None = None,
    ) -> None:
        self._scene = None
        if net is not None:
            self._scene = NetScene(net, tuple(gates), gate, picked, glyphs().ascii_only, self._is_spacious)
        self.draw()

    def set_height(self, rows: int) -> None:
        """Set the largest height."""
        self._most = rows
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._scene is None:
            return ()
        return picture(self._scene, width, self._most or self.size.height)

"""The base class of the views of the XOR tab, and the experiments whose runs they show."""

from __future__ import annotations

from typing import ClassVar

from textual.widget import Widget

from tui.tab.view import View

SINGLE, BATCH, GRID = "xor", "xor_batch", "xor_grid"
LAYOUT_DELAY = 0.05


class XorView(View):
    """A view of the XOR tab, laid out by its size."""

    EXPERIMENT: ClassVar[str] = SINGLE

    # --- called by the tab -----------------------------------------------------------------------------

    def activated(self) -> None:
        super().activated()
        self.follow()
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay out and draw once all children are mounted, which may be later than the view itself."""
        if not self.in_front:
            return
        if not self.size.width or not all(part.is_mounted for part in self.walk_children(Widget)):
            self.set_timer(LAYOUT_DELAY, self._lay_out)
            return
        self.fit(*self.size)
        self.call_after_refresh(self._update_if_open)

    def deactivated(self) -> None:
        super().deactivated()
        self.context.connection.follow((), subscriber="xor")

    def follow(self) -> None:
        """Have the connection read the histories that the view shows."""

    def update(self) -> None:
        """Draw the current data, and request what is missing."""

    def runs_changed(self) -> None:
        self.follow()
        self.update()

    def key_labels(self) -> dict[str, str]:
        return {"xor.start": ""}

    def fit(self, width: int, height: int) -> None:
        """Set the sizes of the parts."""

    # --- used by the views -----------------------------------------------------------------------------

    def on_resize(self) -> None:
        if self.size.width and self.size.height:  # without padding, as when the view is laid out at first
            self.fit(*self.size)
            self.call_after_refresh(self._update_if_open)

    def _update_if_open(self) -> None:
        if self.in_front:
            self.update()

"""The data view: statistics and pictures of the data set."""

from __future__ import annotations

from engine.session_protocol.mnist import ExploredData, ExploreRequest
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import greys
from tui.keys import all_keys
from tui.mnist.data_summary import DataSummary
from tui.mnist.image_mosaic import Image, grey, joined
from tui.mnist.view import MnistView

SAMPLES = 40


class DataView(MnistView):
    """Needs no run."""

    SCOPE = "data"
    BINDINGS = all_keys.bindings("data")
    facts: ExploredData | None = None
    top = 0

    def fetch(self) -> None:
        if self.facts is None:
            self.request(ExploreRequest(SAMPLES), self._set_facts, "mnist data")

    def _set_facts(self, facts: ExploredData) -> None:
        self.facts = facts

    def paint(self, canvas: ImageCanvas) -> None:
        if self.facts is None:
            words = "The pictures cannot be opened." if self.error_text else "The pictures are being opened."
            canvas.write(2, 1, words, "strong" if self.error_text else "muted")
        else:
            DataSummary(self.facts, self.top).paint(canvas)

    def paint_error(self, canvas: ImageCanvas) -> None:
        if self.facts is None:
            canvas.write_wrapped(2, 3, self.error_text, canvas.width - 4, canvas.height - 3, "warn")
        else:
            super().paint_error(canvas)

    def action_scroll(self, by: int) -> None:
        if self.facts is not None:
            self.top = max(0, min(self.top + by, DataSummary(self.facts, 0).last))
            self.redraw()

    def action_scroll_to(self, end: int) -> None:
        self.action_scroll(SAMPLES if end else -SAMPLES)

    @property
    def shows_network(self) -> bool:
        return False

    def image(self) -> Image | None:
        """The mean image of each class, and up to six lines of pictures."""
        if self.facts is None:
            return None
        lines = [[grey(greys(rows)) for rows in self.facts.means]]
        for line in range(max(0, self.top - 1), min(self.top + 5, self.top - 1 + SAMPLES)):
            of_classes = [samples[line] for samples in self.facts.samples if line < len(samples)]
            lines += [[grey(greys(rows)) for rows in of_classes]] if of_classes else []
        return joined(lines)

    def key_labels(self) -> dict[str, str]:
        return {**super().key_labels(), "mnist.run": ""}

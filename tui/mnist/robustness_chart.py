"""The accuracy on shifted pictures and on pictures with noise, on a canvas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.session_protocol.mnist import RobustnessPoints
from tui.drawings.half_block_canvas import ImageCanvas

KINDS = (
    ("shift", "by so many pixels", "A convolution responds to a stroke wherever it is, a dense layer not."),
    ("noise", "of that standard deviation", "Nothing like it was in the training pictures."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RobustnessChart:
    """`curves` holds the newest part of mnist.robustness of each kind."""

    title: str
    curves: Mapping[str, RobustnessPoints]

    def paint(self, canvas: ImageCanvas) -> None:
        canvas.write(1, 0, self.title, "strong")
        half = canvas.width // 2
        for place, (kind, words, note) in enumerate(KINDS):
            self._curve(canvas, 1 + place * half, half - 3, kind, words, note)

    def _high(self, canvas: ImageCanvas, count: int) -> int:
        """Lines for each bar with the empty one below it, as many as fit; 1: without an empty one."""
        return max(1, min(8, (canvas.height - 8) // max(1, count)))

    def _curve(self, canvas: ImageCanvas, x: int, width: int, kind: str, words: str, note: str) -> None:
        canvas.write(x, 2, kind, "key")
        canvas.write(x + len(kind) + 1, 2, words[: width - len(kind) - 1], "muted")
        curve = self.curves.get(kind)
        if curve is None:
            canvas.write(x, 4, "computing ...", "muted")
            return
        y, high = 4, self._high(canvas, len(curve.amounts))
        for amount, accuracy in zip(curve.amounts, curve.accuracies, strict=True):
            style_name = "good" if accuracy > 0.9 else "warn" if accuracy > 0.5 else "bad"
            canvas.write(x, y, f"{amount:5g}", "text")
            for line in range(max(1, high - 1)):
                canvas.bar(x + 6, y + line, max(4, width - 15), accuracy, style_name, solid=high > 2)
            canvas.write(x + width - 7, y, f"{accuracy:7.1%}", "strong")
            y += high
        if curve.done < curve.total:
            canvas.write(x, y, f"{curve.done} of {curve.total}", "muted")
            return
        y = canvas.write_wrapped(x, y + (1 if high == 1 else 0), note, width, 2)
        canvas.write(x, y, f"{curve.images:,} pictures", "muted")

"""The data view: statistics and pictures of the data set."""

from __future__ import annotations

from dataclasses import dataclass

from engine.session_protocol.mnist import ExploredData, ExploreRequest
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import greys, square_size
from tui.mnist.filter_picture import Image, grey, joined
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

SAMPLES = 40


class DataView(MnistView):
    """Needs no run."""

    SCOPE = "data"
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


CLASSES = 10
LEAST = 10
"""least width of a class in cells; where it is less, there are two lines of five classes"""


@dataclass(frozen=True, slots=True)
class DataSummary:
    """`top` is the first line of pictures that is shown."""

    facts: ExploredData
    top: int

    def paint(self, canvas: ImageCanvas) -> None:
        y = self._head(canvas)
        wide = (canvas.width - 1) // CLASSES >= LEAST
        across = CLASSES if wide else CLASSES // 2
        each = (canvas.width - 1) // across
        columns, rows = square_size(self.facts.side, each - 1, 10 if wide else (canvas.height - y) // 2 - 1)
        for first in range(0, CLASSES, across):
            y = self._classes(canvas, y, range(first, first + across), each)
            line = self.top
            while y + rows <= canvas.height:
                self._pictures(canvas, y, range(first, first + across), each, (columns, rows), line)
                y, line = y + rows + (1 if wide else 0), line + 1
                if not wide or line > self.last:
                    break

    @property
    def last(self) -> int:
        return len(self.facts.samples[0])

    def _head(self, canvas: ImageCanvas) -> int:
        facts, dot = self.facts, f" {glyphs().dot} "
        side, seen = facts.side, facts.statistics
        x = canvas.write(1, 0, plain(facts.title, limit=80), "strong")
        canvas.write(
            x, 0, f"{dot}{side}x{side} grey pixels{dot}from {plain(facts.source, limit=200)}", "muted"
        )
        y = 1
        for words in (facts.notice, *facts.notes):
            if words:
                y = canvas.write_wrapped(1, y, plain(words, limit=600), canvas.width - 2, 6, "warn")
        x = 1
        for name, size in facts.splits.items():
            x = canvas.write(x, y, f"{size:,}", "strong")
            x = canvas.write(x, y, f" {name}   ", "muted")
        canvas.write(x, y, "the same for every run", "muted")
        words = f"mean {seen.mean:.1f}{dot}std {seen.std:.1f}{dot}{seen.min} to {seen.max}{dot}"
        words += f"{seen.ink:.1%} of the pixels have ink"
        canvas.write(1, y + 1, words, "text")
        what = "mean image of each class" if self.top == 0 else f"picture {self.top} of each class"
        x = canvas.write(1, y + 2, what, "key")
        canvas.write(
            x, y + 2, f", {'' if self.top else 'then '}pictures as they come: down shows more", "muted"
        )
        return y + 4 if canvas.height > 26 else y + 3

    def _classes(self, canvas: ImageCanvas, y: int, classes: range, each: int) -> int:
        counts = self.facts.counts["train"]
        most = max(*counts, 1)
        for place, label in enumerate(classes):
            x = 1 + place * each
            name = plain(self.facts.class_names[label], limit=each)
            number = f"{counts[label]:,}"
            canvas.write(x, y, name[: max(1, each - len(number) - 2)], "key")
            canvas.write(x + each - len(number) - 1, y, number, "text")
            if each >= LEAST and canvas.height > 26:
                canvas.bar(x, y + 1, each - 1, counts[label] / most)
        return y + (3 if canvas.height > 26 else 1)

    def _pictures(
        self, canvas: ImageCanvas, y: int, classes: range, each: int, size: tuple[int, int], line: int
    ) -> None:
        for place, label in enumerate(classes):
            samples = self.facts.samples[label]
            if line and line > len(samples):
                continue
            rows = self.facts.means[label] if line == 0 else samples[line - 1]
            canvas.picture(1 + place * each, y, *size, greys(rows))

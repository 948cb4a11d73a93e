"""The data set at a glance: what it is, how often each class occurs, what its pictures look like."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import Json
from tui.drawings.image_canvas import ImageCanvas
from tui.drawings.pixels import greys
from tui.drawings.sizes import sized
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

CLASSES = 10
LEAST = 10
"""columns for a class, below which they stand in two lines of five"""


@dataclass(frozen=True, slots=True)
class DataImage:
    """`facts` is an answer of mnist.explore; `top` is the first line of pictures that is shown."""

    facts: Json
    top: int

    def paint(self, paper: ImageCanvas) -> None:
        y = self._head(paper)
        wide = (paper.width - 1) // CLASSES >= LEAST
        across = CLASSES if wide else CLASSES // 2
        each = (paper.width - 1) // across
        columns, rows = sized(int(self.facts["side"]), each - 1, 10 if wide else (paper.height - y) // 2 - 1)
        for first in range(0, CLASSES, across):
            y = self._classes(paper, y, range(first, first + across), each)
            line = self.top
            while y + rows <= paper.height:
                self._pictures(paper, y, range(first, first + across), each, (columns, rows), line)
                y, line = y + rows + (1 if wide else 0), line + 1
                if not wide or line > self.last:
                    break

    @property
    def last(self) -> int:
        return len(self.facts["samples"][0])

    def _head(self, paper: ImageCanvas) -> int:
        facts, dot = self.facts, f" {glyphs().dot} "
        side, splits, seen = facts["side"], facts["splits"], facts["statistics"]
        x = paper.write(1, 0, plain(facts["title"], limit=80), "strong")
        paper.write(
            x, 0, f"{dot}{side}x{side} grey pixels{dot}from {plain(facts['source'], limit=200)}", "muted"
        )
        y = 1
        for words in (facts["notice"], *facts["notes"]):
            if words:
                y = paper.words(1, y, plain(str(words), limit=600), paper.width - 2, 6, "warn")
        x = 1
        for name, size in splits.items():
            x = paper.write(x, y, f"{size:,}", "strong")
            x = paper.write(x, y, f" {name}   ", "muted")
        paper.write(x, y, "the same for every run", "muted")
        words = f"mean {seen['mean']:.1f}{dot}std {seen['std']:.1f}{dot}{seen['min']} to {seen['max']}{dot}"
        words += f"{seen['ink']:.1%} of the pixels have ink"
        paper.write(1, y + 1, words, "text")
        what = "mean image of each class" if self.top == 0 else f"picture {self.top} of each class"
        x = paper.write(1, y + 2, what, "key")
        paper.write(
            x, y + 2, f", {'' if self.top else 'then '}pictures as they come: down shows more", "muted"
        )
        return y + 4 if paper.height > 26 else y + 3

    def _classes(self, paper: ImageCanvas, y: int, classes: range, each: int) -> int:
        counts = self.facts["counts"]["train"]
        most = max(*counts, 1)
        for place, label in enumerate(classes):
            x = 1 + place * each
            name = plain(str(self.facts["class_names"][label]), limit=each)
            number = f"{counts[label]:,}"
            paper.write(x, y, name[: max(1, each - len(number) - 2)], "key")
            paper.write(x + each - len(number) - 1, y, number, "text")
            if each >= LEAST and paper.height > 26:
                paper.bar(x, y + 1, each - 1, counts[label] / most)
        return y + (3 if paper.height > 26 else 1)

    def _pictures(
        self, paper: ImageCanvas, y: int, classes: range, each: int, size: tuple[int, int], line: int
    ) -> None:
        for place, label in enumerate(classes):
            samples = self.facts["samples"][label]
            if line and line > len(samples):
                continue
            rows = self.facts["means"][label] if line == 0 else samples[line - 1]
            paper.picture(1 + place * each, y, *size, greys(rows))

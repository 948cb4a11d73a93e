"""What a layer looks for, and what it makes of pictures, at one step of its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui.digits.moment import Moment
from tui.digits.paper import Paper, warm
from tui.digits.pixels import Values
from tui.digits.sizes import sized
from tui.glyphs import glyphs

TOP = 3
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class FilterWall:
    """`steps` there are, the one at `at` is shown; `whole` are those with a checkpoint."""

    title: str
    facts: str
    steps: Sequence[int]
    at: int
    whole: frozenset[int]
    moment: Moment
    names: Sequence[str]
    page: bool = False

    def paint(self, paper: Paper) -> None:
        x = paper.write(1, 0, self.title, "strong")
        paper.write(x, 0, self.facts, "muted")
        self._track(paper, 1)
        kernels = self.moment.kernels
        high = paper.height - TOP
        if kernels is None:
            paper.write(1, TOP, "one moment", "muted")
        elif not self.moment.looks:
            self._templates(paper, kernels)
        elif is_roomy(paper.width, paper.height):
            left = 32 if paper.width < 160 else 44
            self._kernels(paper, 1, TOP, kernels, (left - 2, high))
            self._pictures(paper, left, TOP, (paper.width - left, high), len(kernels))
        elif self.page:
            self._pictures(paper, 1, TOP - 1, (paper.width - 1, high + 1), len(kernels))
        else:
            y = self._kernels(paper, 1, TOP - 1, kernels, (paper.width - 2, high))
            self._strip(paper, y + 1, len(kernels))

    def _track(self, paper: Paper, y: int) -> None:
        """Where in its training this is; marks are checkpoints."""
        width, last = paper.width - 2, max(self.steps[-1], 1) if self.steps else 1
        rule, mark = glyphs().rule, glyphs().mark
        paper.write(1, y, rule * width, "line")
        for step in self.whole:
            paper.write(1 + round((width - 1) * min(step, last) / last), y, mark, "muted")
        if self.steps:
            paper.write(1 + round((width - 1) * self.steps[self.at] / last), y, mark, "key")

    # --- filters ---------------------------------------------------------------------------------------

    def _kernels(self, paper: Paper, x: int, y: int, kernels: Values, room: Size) -> int:
        """A column for each filter, its channels below each other; the row below."""
        count, channels, side = kernels.shape[:3]
        paper.write(x, y, f"{count} filters of {side}x{side}", "key")
        y = paper.words(x, y + 1, legend(paper), room[0], 1)
        if channels > 1:
            y = paper.words(x, y, f"a column is one filter: it sees {channels} maps", room[0], 2)
        columns, rows = sized(side, min(4 * side, room[0] // min(count, 5) - 1), (room[1] - 4) // channels)
        across = max(1, (room[0] + 1) // (columns + 1))
        bottom = y
        for place, kernel in enumerate(kernels):
            left = x + place % across * (columns + 1)
            top = y + place // across * (channels * rows + 1)
            if top + channels * rows > paper.height:
                break
            for channel, values in enumerate(kernel):
                paper.picture(left, top + channel * rows, columns, rows, values, "heat")
            bottom = top + channels * rows
        return bottom

    def _templates(self, paper: Paper, kernels: Values) -> None:
        """A dense layer's filters are as large as the picture: one mould for each of its units."""
        side = kernels.shape[2]
        columns, rows = sized(side, 14 if paper.width < 160 else 28, 14)
        across = max(1, (paper.width - 1) // (columns + 1))
        paper.write(1, TOP - 1, "one mould for each unit: it is held against the whole picture", "key")
        paper.write(64, TOP - 1, legend(paper), "muted")
        for place, kernel in enumerate(kernels[:, 0]):
            x, y = 1 + place % across * (columns + 1), TOP + place // across * (rows + 1)
            if y + rows >= paper.height:
                return
            paper.picture(x, y, columns, rows, kernel, "heat")
            name = (
                self.names[place] if self.moment.layer == "output" and place < len(self.names) else f"{place}"
            )
            paper.write(x, y + rows, name[:columns], "muted")

    # --- maps ------------------------------------------------------------------------------------------

    def _pictures(self, paper: Paper, x: int, y: int, room: Size, count: int) -> None:
        """Below each other: a picture, its maps before the ReLU, and those that are left behind it."""
        bands = 2 if any(look.before is not None for look in self.moment.looks) else 1
        columns, rows = self._tile(room[0], (room[1] - 1) // max(2, bands), count)
        if bands == 1:
            words = f"after the ReLU; before it: at a checkpoint {glyphs().mark}"
            paper.write(x + columns + 1, y - 1, words, "muted")
        for look in self.moment.looks:
            if y + bands * rows > paper.height:
                return
            if look.original is not None:
                paper.picture(x, y, columns, rows, look.original)
            left, after = x + columns + 1, y + (bands - 1) * rows
            if bands == 2:
                self._maps(paper, left, y, look.before, (columns, rows), "heat")
                _between(paper, x, y + rows, columns)
            self._maps(paper, left, after, look.after, (columns, rows), "grey")
            y += bands * rows + 1

    def _strip(self, paper: Paper, y: int, count: int) -> None:
        """What is left of one picture behind the ReLU, where there is room below the filters."""
        columns, rows = self._tile(paper.width - 2, paper.height - y - 1, count)
        look = self.moment.looks[0]
        if paper.height - y < 6:
            return
        paper.write(1, y, "a picture, and what each filter finds in it", "key")
        if look.original is not None:
            paper.picture(1, y + 1, columns, rows, look.original)
        self._maps(paper, 2 + columns, y + 1, look.after, (columns, rows), "grey")

    def _tile(self, width: int, height: int, count: int) -> Size:
        original = self.moment.looks[0].original
        side = original.shape[0] if original is not None else 28
        return sized(side, width // (1 + min(count, 8)) - 1, max(1, height))

    def _maps(self, paper: Paper, x: int, y: int, maps: Values | None, size: Size, kind: str) -> None:
        for place, values in enumerate(maps if maps is not None else np.zeros((0, 1, 1))):
            left = x + place * (size[0] + 1)
            if left + size[0] <= paper.width:
                paper.picture(left, y, *size, values, kind)


def _between(paper: Paper, x: int, y: int, width: int) -> None:
    """Which maps are above, and which beside this."""
    up, here = ("^", ">") if paper.look == "ascii" else ("↑", "→")
    for line, words in enumerate((f"{up} before its", "  ReLU", f"{here} after it")):
        paper.write(x, y + line, words[:width], "muted")


def legend(paper: Paper) -> str:
    return f"{warm(paper)}: adds, {'cold' if paper.look == 'colour' else 'dashes'}: takes away"


def is_roomy(width: int, height: int) -> bool:
    """Whether filters and maps fit side by side."""
    return width >= 100 and height >= 30

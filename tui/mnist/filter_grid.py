"""A layer's weights and its maps for some pictures on a canvas, at one step of the training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tui.drawings.half_block_canvas import ImageCanvas, positive
from tui.drawings.image_arrays import Values, square_size
from tui.mnist.layer_snapshot import Snapshot
from tui.terminal.glyphs import glyphs

TOP = 3
Size = tuple[int, int]


PICTURES = 4
"""as many as the course shows"""
LEAST = 6
"""least height in rows of a readable map"""
Cell = tuple[int, int, int, int]
"""filter, channel, row and column of a weight"""


@dataclass(frozen=True, slots=True)
class FilterGrid:
    """The snapshot of step `steps[at]`; `whole` are the steps with a checkpoint.

    `page`, where filters and maps do not fit side by side: 0 filters; maps 1 after the ReLU, 2 before it, 3
    both; where they fit, 0 shows both maps if there is room. `first` is the first filter where not all fit;
    `cell` is the weight under the cursor.
    """

    title: str
    facts: str
    steps: Sequence[int]
    at: int
    whole: frozenset[int]
    snapshot: Snapshot
    names: Sequence[str]
    page: int = 0
    first: int = 0
    cell: Cell | None = None

    def paint(self, canvas: ImageCanvas) -> None:
        x = canvas.write(1, 0, self.title, "strong")
        canvas.write(x, 0, self.facts, "muted")
        self._track(canvas, 1)
        kernels = self.snapshot.kernels
        high = canvas.height - TOP
        if kernels is None:
            canvas.write(1, TOP, "computing ...", "muted")
        elif not self.snapshot.pictures:
            self._templates(canvas, kernels)
        elif is_roomy(canvas.width, canvas.height):
            left = _maps_left(canvas.width)
            self._kernels(canvas, 1, TOP, kernels, (left - 2, high))
            self._pictures(canvas, left, TOP, (canvas.width - left, high), len(kernels), self.page)
        elif self.page:
            self._pictures(canvas, 1, TOP, (canvas.width - 1, high + 1), len(kernels), self.page)
        else:
            y = self._kernels(canvas, 1, TOP - 1, kernels, (canvas.width - 2, high - 6))
            self._strip(canvas, y + 1, len(kernels))

    def in_sight(self, width: int, height: int) -> int:
        """How many filters or units a canvas of that size shows at once, with their maps if it has any."""
        kernels = self.snapshot.kernels
        if kernels is None:
            return 0
        count, high = len(kernels), height - TOP
        if not self.snapshot.pictures:
            return _templates_in(kernels, width, high)
        if is_roomy(width, height):
            left = _maps_left(width)
            return min(_kernels_in(kernels, (left - 2, high)), self._maps_in((width - left, high), count))
        if self.page:
            return self._maps_in((width - 1, high + 1), count)
        strip = min(count, (width - 2) // (self._tile(width - 2, high - 6, count)[0] + 1) - 1)
        return min(_kernels_in(kernels, (width - 2, high - 6)), strip)

    def _track(self, canvas: ImageCanvas, y: int) -> None:
        """The step on a line from 0 to the last step, with marks at checkpoints."""
        width, last = canvas.width - 2, max(self.steps[-1], 1) if self.steps else 1
        rule, mark = glyphs().rule, glyphs().mark
        canvas.write(1, y, rule * width, "line")
        for step in self.whole:
            canvas.write(1 + round((width - 1) * min(step, last) / last), y, mark, "muted")
        if self.steps:
            canvas.write(1 + round((width - 1) * self.steps[self.at] / last), y, mark, "key")

    # --- filters ---------------------------------------------------------------------------------------

    def _kernels(self, canvas: ImageCanvas, x: int, y: int, kernels: Values, room: Size) -> int:
        """A column for each filter, its channels below each other; returns the row below them."""
        count, channels, side = kernels.shape[:3]
        bottom = min(canvas.height, y + room[1])
        factor = factor_of(side, channels, count, (room[0], bottom - y - 3))
        columns, rows = side * factor, (side * factor + 1) // 2
        across, each = max(1, (room[0] + 1) // (columns + 1)), channels * rows + 1
        fit = _kernels_in(kernels, (room[0], bottom - y))
        first = 0 if fit >= count else min(self.first, count - 1)
        more = "" if fit >= count else f", {first + 1} to {min(count, first + fit)}"
        canvas.write(x, y, f"{count} filters of {side}x{side}{more}", "key")
        y = canvas.write_wrapped(
            x, y + 1, self._caption(canvas, kernels), room[0], 2, "muted" if self.cell is None else "text"
        )
        if channels > 1:
            y = canvas.write_wrapped(
                x, y, f"a column is one filter with its {channels} input channels", room[0], 2
            )
        for place, kernel in enumerate(kernels[first : first + fit]):
            left = x + place % across * (columns + 1)
            top = y + place // across * each
            if top >= canvas.height:
                break
            for channel, values in enumerate(kernel):
                canvas.picture(
                    left, top + channel * rows, columns, rows, self.snapshot.shares(values), "heat"
                )
                self._cursor(canvas, (first + place, channel), left, top + channel * rows, factor)
        return int(y + -(-min(count - first, fit) // across) * each)

    def _cursor(self, canvas: ImageCanvas, where: tuple[int, int], x: int, y: int, factor: int) -> None:
        if self.cell is None or where != self.cell[:2]:
            return
        row, column = self.cell[2] * factor, self.cell[3] * factor
        for down in range(factor):
            for along in range(factor):
                canvas.dot(x + column + along, 2 * y + row + down, "good")

    def _caption(self, canvas: ImageCanvas, kernels: Values) -> str:
        """The weight under the cursor, else the legend of the colours."""
        if self.cell is None:
            return legend(canvas, self.snapshot.largest)
        which, channel, row, column = self.cell
        of = f", channel {channel + 1}" if kernels.shape[1] > 1 else ""
        value = float(kernels[self.cell])
        return f"filter {which + 1}{of}, row {row + 1}, column {column + 1}: weight {value:+.4f}"

    def _templates(self, canvas: ImageCanvas, kernels: Values) -> None:
        """Weights of each unit of a dense layer, as large as the picture."""
        side, count = kernels.shape[2], len(kernels)
        high = canvas.height - TOP
        columns, rows = template_size(side, count, canvas.width - 1, high)
        across, fit = max(1, canvas.width // (columns + 1)), _templates_in(kernels, canvas.width, high)
        first = 0 if fit >= count else min(self.first, count - 1)
        words = f"each unit's {side * side} weights as an image"
        if fit < count:
            words += f", units {first} to {min(count, first + fit) - 1} of {count}"
        x = canvas.write(1, TOP - 1, words, "key")
        room = canvas.width - x - 3
        canvas.write(x + 3, TOP - 1, legend(canvas, self.snapshot.largest, room), "muted")
        for place, kernel in enumerate(kernels[first : first + fit, 0], start=first):
            x, y = 1 + (place - first) % across * (columns + 1), TOP + (place - first) // across * (rows + 1)
            canvas.picture(x, y, columns, rows, self.snapshot.shares(kernel), "heat")
            is_named = self.snapshot.layer == "output" and place < len(self.names)
            canvas.write(x, y + rows, (self.names[place] if is_named else f"{place}")[:columns], "muted")

    # --- maps ------------------------------------------------------------------------------------------

    def _pictures(self, canvas: ImageCanvas, x: int, y: int, room: Size, count: int, page: int) -> None:
        """Below each other: a picture, its maps before the ReLU, and those after it. With `page` 1 or 2 only
        those after it or before it, with 0 only those after it where both would be too small."""
        has_before = self._has_before
        bands, shown, gap, high = self._bands(room[1], page)
        columns, rows = self._tile(room[0], high, count)
        canvas.write(x + columns + 1, y - 1, self._map_words(bands, page, count, room[0], columns), "muted")
        for picture in self.snapshot.pictures[:shown]:
            if picture.original is not None:
                canvas.picture(x, y, columns, rows, picture.original)
            left, after = x + columns + 1, y + (bands - 1) * rows
            if bands == 2 or (page == 2 and has_before):
                self._maps(canvas, left, y, picture.before, (columns, rows), "heat")
            if bands == 2:
                _between(canvas, x, y + rows, (columns, rows))
            if page != 2 or not has_before:
                self._maps(canvas, left, after, picture.after, (columns, rows), "grey")
            y += bands * rows + gap

    def _map_words(self, bands: int, page: int, count: int, width: int, columns: int) -> str:
        words = (
            "maps before the ReLU" if page == 2 else "maps after the ReLU" if page or bands == 1 else "maps"
        )
        if bands == 1 and not self._has_before:
            words += f"; before it: at a checkpoint {glyphs().mark}"
        return words + self._range_text(count, width, columns)

    def _range_text(self, count: int, width: int, columns: int) -> str:
        """Which maps are in sight; empty where all are."""
        fit, first = max(1, width // (columns + 1) - 1), self._start(count)
        return "" if fit >= count else f", filters {first + 1} to {min(count, first + fit)} of {count}"

    @property
    def _has_before(self) -> bool:
        return any(picture.before is not None for picture in self.snapshot.pictures)

    def _bands(self, height: int, page: int) -> tuple[int, int, int, int]:
        """Bands of maps per picture, pictures, empty rows below each, rows of a band."""
        count = len(self.snapshot.pictures)
        wanted = min(count, PICTURES)
        is_low = pictures_of(wanted, 2, height - 1)[0] < wanted
        bands = 2 if self._has_before and (page == 3 or (not page and not is_low)) else 1
        return (bands, *pictures_of(count, bands, height - 1))

    def _maps_in(self, room: Size, count: int) -> int:
        columns = self._tile(room[0], self._bands(room[1], self.page)[3], count)[0]
        return min(count, max(1, room[0] // (columns + 1) - 1))

    def _start(self, count: int) -> int:
        return min(self.first, count - 1) if count > MAPS else 0

    def _strip(self, canvas: ImageCanvas, y: int, count: int) -> None:
        """The maps of one picture after the ReLU, where there is room below the filters."""
        columns, rows = self._tile(canvas.width - 2, canvas.height - y - 1, count)
        picture = self.snapshot.pictures[0]
        if canvas.height - y < 5:
            return
        which = self._range_text(count, canvas.width - 2, columns)
        canvas.write(1, y, f"a picture, and its maps after the ReLU{which}", "key")
        if picture.original is not None:
            canvas.picture(1, y + 1, columns, rows, picture.original)
        self._maps(canvas, 2 + columns, y + 1, picture.after, (columns, rows), "grey")

    def _tile(self, width: int, height: int, count: int) -> Size:
        original = self.snapshot.pictures[0].original
        side = original.shape[0] if original is not None else 28
        return square_size(side, width // (1 + min(count, MAPS)) - 1, max(1, height))

    def _maps(self, canvas: ImageCanvas, x: int, y: int, maps: Values | None, size: Size, kind: str) -> None:
        found = maps if maps is not None else np.zeros((0, 1, 1))
        for place, values in enumerate(found[self._start(len(found)) :]):
            left = x + place * (size[0] + 1)
            if left + size[0] <= canvas.width:
                canvas.picture(left, y, *size, values, kind)


MAPS = 8
"""most maps in a line"""
SMALLEST_TEMPLATE = 14
"""columns of the image of a dense unit"""


def factor_of(side: int, channels: int, count: int, room: Size) -> int:
    """The largest whole factor at which all filters fit; 1 where they do not."""
    for factor in range(8, 1, -1):
        columns, rows = side * factor, (side * factor + 1) // 2
        if (room[0] + 1) // (columns + 1) * ((room[1] + 1) // (channels * rows + 1)) >= count:
            return factor
    return 1


def template_size(side: int, count: int, width: int, height: int) -> Size:
    """Columns and rows: the largest size at which all fit, else the smallest. Above twice the size of the
    image only whole multiples, below it every even one."""
    for columns in (4 * side, 3 * side, *range(2 * side, SMALLEST_TEMPLATE - 1, -2)):
        rows = (columns + 1) // 2
        if (width + 1) // (columns + 1) * (height // (rows + 1)) >= count:
            return columns, rows
    return square_size(side, SMALLEST_TEMPLATE, SMALLEST_TEMPLATE)


def _kernels_in(kernels: Values, room: Size) -> int:
    """How many filters are shown in so many columns and rows, the caption among them."""
    count, channels, side = map(int, kernels.shape[:3])
    high = room[1] - 3
    factor = factor_of(side, channels, count, (room[0], high))
    columns, rows = side * factor, (side * factor + 1) // 2
    return min(count, max(1, (room[0] + 1) // (columns + 1)) * max(1, (high + 1) // (channels * rows + 1)))


def _templates_in(kernels: Values, width: int, height: int) -> int:
    columns, rows = template_size(kernels.shape[2], len(kernels), width - 1, height)
    return min(len(kernels), max(1, width // (columns + 1)) * max(1, height // (rows + 1)))


def _maps_left(width: int) -> int:
    """The first column of the maps where they are beside the filters."""
    return 32 if width < 160 else 44


def pictures_of(count: int, bands: int, height: int) -> tuple[int, int, int]:
    """How many pictures are shown, the empty rows below each, and the rows of each of its bands of maps."""
    wanted = min(count, PICTURES)
    for shown in range(wanted, 0, -1):
        for gap in (1, 0):
            rows = (height - gap * (shown - 1)) // (shown * bands)
            if rows >= LEAST:
                return shown, gap, rows
    return 1, 0, max(1, height // bands)


def _between(canvas: ImageCanvas, x: int, y: int, size: Size) -> None:
    """Labels of the maps above and on the right."""
    up, here = ("^", ">") if canvas.mode == "ascii" else ("↑", "→")
    for line, words in enumerate((f"{up} before the", "  ReLU", f"{here} after it")[: size[1]]):
        canvas.write(x, y + line, words[: size[0]], "muted")


def legend(canvas: ImageCanvas, largest: float, room: int = 60) -> str:
    """Meaning of the colours and the largest amount of a weight, as many words as fit into `room` cells."""
    most = f" (at most {largest:.2g})" if largest else ""
    negative = "blue" if canvas.mode == "colour" else "dashes"
    texts = (
        f"{positive(canvas)}: positive weight, {negative}: negative{most}",
        f"{positive(canvas)}: positive, {negative}: negative{most}",
        f"{positive(canvas)}: positive, {negative}: negative",
        f"{positive(canvas)} +, {negative} -",
    )
    return next((text for text in texts if len(text) <= room), "")


def is_roomy(width: int, height: int) -> bool:
    """Whether filters and maps fit side by side."""
    return width >= 100 and height >= 30

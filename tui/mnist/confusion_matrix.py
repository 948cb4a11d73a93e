"""A report on a canvas: confusion matrix and scores of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.session_protocol.mnist import AverageScores, ClassRow, SplitPicture, SplitReport
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.image_arrays import greys, square_size
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

CLASSES = 10
RIGHT_LEVELS, WRONG_LEVELS = (10, 1), (13, 21)
"""first and last background of the diagonal and of mistakes, from few to many"""


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """`report` is that of mnist.report, `weights` describes the weights; `cell` is true and predicted class;
    `images` are the pictures of that cell."""

    title: str
    report: SplitReport
    cell: tuple[int, int]
    images: Sequence[SplitPicture] | None
    weights: str = ""

    def paint(self, canvas: ImageCanvas) -> None:
        self._title(canvas)
        longest = max(len(self.name(label)) for label in range(CLASSES))
        left = 4 if canvas.width < 100 else 3 + min(longest, 12)
        room = (canvas.width - left - (8 + 3 * score_width(canvas))) // CLASSES
        each = max(5, min(7 if canvas.width < 160 else 11, room))
        high = 1 if canvas.height < 36 else 2 if canvas.height < 54 else 3
        x = left + CLASSES * each + (0 if canvas.width < 100 else 2)
        self._head(canvas, left, each, x)
        most = self.most_wrong()
        for true in range(CLASSES):
            y = 3 + true * high
            middle = y + high // 3
            canvas.write(1, middle, plain(self.name(true), limit=left - 1)[: left - 1], "key")
            for predicted in range(CLASSES):
                self._cell(canvas, left + predicted * each, y, (each, high), true, predicted, most)
            self._scores(canvas, x, middle, self.report.classes[true])
        y = 3 + CLASSES * high
        for name, scores in (("macro", self.report.macro), ("weighted", self.report.weighted)):
            canvas.write(x - 12 if name == "weighted" else x - 9, y, f"{name} avg", "muted")
            self._scores(canvas, x, y, scores)
            y += 1
        self._cell_text(canvas, y - (1 if canvas.height >= 26 else 2))
        self._strip(canvas, y + (2 if canvas.height >= 26 else 1))

    def name(self, label: int) -> str:
        return self.report.classes[label].name

    def most_wrong(self) -> int:
        rows = enumerate(self.report.confusion)
        wrong = [count for true, row in rows for predicted, count in enumerate(row) if true != predicted]
        return max(1, *wrong)

    def _title(self, canvas: ImageCanvas) -> None:
        report, x = self.report, canvas.write(1, 0, self.title, "strong")
        facts = {"accuracy": report.accuracy, "balanced": report.balanced_accuracy, "loss": report.loss}
        for name, number in facts.items():
            value = f"{number:.4f}"
            if x + len(f"  {name} {value}") > canvas.width:
                return
            x = canvas.write(x, 0, f"  {name} ", "muted")
            x = canvas.write(x, 0, value, "text" if name == "loss" else "good")

    def _head(self, canvas: ImageCanvas, left: int, each: int, x: int) -> None:
        canvas.write(1, 1, "  ".join(("row: true class, column: predicted", self.weights)), "muted")
        for predicted in range(CLASSES):
            label = plain(self.name(predicted), limit=each - 1)[: each - 1]
            canvas.write(left + predicted * each, 2, _placed(label, each), "key")
        size = score_width(canvas)
        names = ("prec.", "rec.", "F1", "supp.") if size == 6 else ("precision", "recall", "F1", "support")
        for name in names:
            x = canvas.write(
                x, 2, name.rjust(8 if name == "support" else 7 if name == "supp." else size), "muted"
            )

    def _cell(
        self, canvas: ImageCanvas, x: int, y: int, size: tuple[int, int], true: int, predicted: int, most: int
    ) -> None:
        count = self.report.confusion[true][predicted]
        here = (true, predicted) == self.cell
        total = max(1, sum(self.report.confusion[true]))
        share = (count / total) ** 4 if true == predicted else (count / most) ** 0.5
        low, high = RIGHT_LEVELS if true == predicted else WRONG_LEVELS
        ground = f"heat-{round(low + (high - low) * share)}" if count and canvas.mode == "colour" else ""
        style_name = "strong" if count and (true != predicted or canvas.mode == "colour") else "muted"
        words = _placed(str(count) if count else glyphs().dot, size[0])
        for line in range(size[1]):
            text = words if line == size[1] // 3 else " " * size[0]
            canvas.write(x, y + line, text, "" if here else style_name, "plate" if here else ground)

    def _scores(self, canvas: ImageCanvas, x: int, y: int, scores: AverageScores | ClassRow) -> None:
        size = score_width(canvas)
        for score in (scores.precision, scores.recall, scores.f1):
            x = canvas.write(x, y, f"{score:{size}.{3 if size == 6 else 4}f}", "text")
        canvas.write(x, y, f"{scores.support:{7 if size == 6 else 8},}", "muted")

    def _cell_text(self, canvas: ImageCanvas, y: int) -> None:
        true, predicted = self.cell
        row = self.report.confusion[true]
        count = row[predicted]
        outcome = (
            "classified rightly"
            if true == predicted
            else f"predicted as {plain(self.name(predicted), limit=20)}"
        )
        x = canvas.write(1, y, f"{plain(self.name(true), limit=20)} {outcome}: ", "text")
        canvas.write(x, y, f"{count:,}", "strong")
        canvas.write(x + len(f"{count:,}"), y, f" of {sum(row):,}", "muted")

    def _strip(self, canvas: ImageCanvas, y: int) -> None:
        """The pictures of the cell, largest loss first, as many as fit."""
        room = canvas.height - y
        if room < 3 or not self.images:
            return
        side = len(self.images[0].pixels)
        columns, rows = square_size(side, 28, min(room, 14))
        for place, image in enumerate(self.images):
            x = 1 + place * (columns + 1)
            if x + columns > canvas.width:
                return
            canvas.picture(x, y, columns, rows, greys(image.pixels))


def _placed(text: str, width: int) -> str:
    return text.rjust(width) if width < 7 else text.rjust((width + 4) // 2).ljust(width)


def score_width(canvas: ImageCanvas) -> int:
    """Columns of a score, which has three digits where there is little room."""
    return 6 if canvas.width < 100 else 11

"""Table of the networks: status, steps and time to the goal, accuracies; and the layers of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol import RunSummary, Status
from engine.session_protocol.mnist import BestNetwork, NetworkFacts, TableRow
from tui.data.run_text import percent_of, sign_of
from tui.data.value_text import remarks
from tui.drawings.half_block_canvas import ImageCanvas
from tui.mnist.recipes import NetworkRecipe
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import clock

HEAD = 2
HEADINGS = "batch  state     to 99 %  time  valid.  balanced    test"
NAME = 20


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A recipe, its newest run, and its row of mnist.table. `row` is None until that has been computed;
    whether the run reached its goal is not known until then."""

    recipe: NetworkRecipe
    run: RunSummary | None
    row: TableRow | None


@dataclass(frozen=True, slots=True)
class NetworkTable:
    entries: Sequence[NetworkRow]
    cursor: int
    best: BestNetwork | None
    progress: str
    notice: str = ""
    """why none is best"""
    overlaid: frozenset[int] = frozenset()
    """indices of those whose curves are drawn with that under the cursor"""
    loading_text: str = ""
    """why the runs are not known yet"""

    @property
    def height(self) -> int:
        return HEAD + len(self.entries) + 3

    def paint(self, canvas: ImageCanvas) -> None:
        wide = canvas.width >= 100
        trained = sum(entry.run is not None and entry.run.checkpoint_step > 0 for entry in self.entries)
        recipes = sum("recipe" in entry.recipe.more for entry in self.entries)
        title = f"{len(self.entries) - recipes} networks of the course, {recipes} recipes"
        canvas.write(
            canvas.write(1, 0, title, "strong"), 0, f", {self.loading_text or f'{trained} trained'}", "muted"
        )
        canvas.write(3 + NAME, 1, HEADINGS, "muted")
        if wide:
            canvas.write(3 + NAME + len(HEADINGS) + 2, 1, "parameters at 28x28", "muted")
        for place, entry in enumerate(self.entries):
            self._entry(canvas, HEAD + place, entry, (place == self.cursor, place in self.overlaid), wide)
        self._best(canvas, HEAD + len(self.entries))

    def _entry(
        self, canvas: ImageCanvas, y: int, entry: NetworkRow, state: tuple[bool, bool], wide: bool
    ) -> None:
        recipe, run = entry.recipe, entry.run
        here, is_overlaid = state
        is_best = self.best is not None and run is not None and self.best.run == run.id
        mark = glyphs().choice[1] if here else glyphs().mark if is_overlaid else " "
        canvas.write(1, y, mark, "key")
        canvas.write(2, y, _star() if is_best else " ", "good")
        canvas.write(3, y, recipe.title[:NAME], "key" if here else "strong" if run else "muted")
        x = canvas.write(3 + NAME, y, f"{recipe.batch:5d}  ", "text" if run else "muted")
        if run is None:
            canvas.write(x, y, "" if self.loading_text else "not trained yet", "muted")
        elif run.status is Status.RUNNING and not run.step:
            # Before its first step it may compile for a minute; that is in its notice.
            sign = sign_of(run)
            canvas.write(x, y, sign.text, sign.style_name)
            end = 3 + NAME + len(HEADINGS) + 1 if wide else canvas.width
            words = plain("; ".join(remarks(run)) or "starting", limit=300)
            room = end - x - 3
            canvas.write(x + 2, y, words if len(words) <= room else words[: room - 1] + glyphs().cut, "text")
        else:
            sign = sign_of(run)
            canvas.write(x, y, sign.text, sign.style_name)
            words = percent_of(run).strip() if run.status is Status.RUNNING else str(run.status)
            canvas.write(x + 2, y, words[:8], sign.style_name)
            for text, style_name in _numbers(run, entry.row):
                x = canvas.write(x + (9 if x == 3 + NAME + 7 else 0), y, text, style_name)
        if wide and recipe.parameters:
            place = 3 + NAME + len(HEADINGS) + 2
            canvas.write(place, y, f"{recipe.parameters:10,}", "text" if run else "muted")

    def _best(self, canvas: ImageCanvas, y: int) -> None:
        if self.progress:
            canvas.write(1, y, self.progress, "muted")
        elif self.notice:
            canvas.write_wrapped(1, y, plain(self.notice, limit=300), canvas.width - 2, 2, "warn")
        elif self.loading_text:
            return
        elif self.best is not None:
            best = self.best
            x = canvas.write(1, y, f"{_star()} ", "good")
            x = canvas.write(x, y, "best by balanced validation accuracy: ", "muted")
            batch = f" b{best.batch}" if best.batch else ""
            x = canvas.write(x, y, f"{plain(best.model, limit=40)}{batch}", "strong")
            test = best.test_accuracy
            words = "not tested yet" if test is None else f"test accuracy {_share(test)}"
            canvas.write(x, y, f"; {words}", "text")
        else:
            canvas.write(
                1, y, "the best is chosen by validation; the test set is read once, at the end", "muted"
            )
        if any(entry.run is not None for entry in self.entries):
            canvas.write(1, y + 1, "steps in parentheses: trained so far, 99 % not reached", "muted")


def _numbers(run: RunSummary, row: TableRow | None) -> list[tuple[str, str]]:
    reached = row is not None and row.is_reached
    iterations, seconds = run.step, run.train_seconds
    if row is not None and reached and row.iterations is not None:
        iterations, seconds = (
            row.iterations,
            row.seconds or 0.0,
        )  # else the summary of a run in training is newer
    words = f"{iterations:,}" if reached else f"({iterations:,})" if row else glyphs().dot
    validation = run.metrics.get("val_accuracy", row.val_accuracy if row else None)
    test = run.metrics.get("test_accuracy", row.test_accuracy if row else None)
    return [
        (f"{words:>8}", "good" if reached else "muted"),
        (f"{clock(round(seconds)):>6}", "text" if reached else "muted"),
        (f"{_share(validation):>8}", "text"),
        (f"{_share(row.balanced if row else None):>10}", "text"),
        (f"{_share(test):>8}", "strong"),
    ]


def _star() -> str:
    """Mark of the best one."""
    return "*" if glyphs().ascii_only else "★"


def _share(value: float | None) -> str:
    return glyphs().dot if value is None else f"{value:.4f}"


def paint_layers(model: NetworkFacts | None, words: str, canvas: ImageCanvas) -> None:
    """Writes shape, parameters and MACs (per picture) of each layer.

    `words`: why the layers are not known.
    """
    if model is None:
        canvas.write_wrapped(1, 0, words, canvas.width - 2, 3)
        return
    canvas.write(1, 0, "layer      output", "muted")
    canvas.write(20, 0, "parameters      MACs", "muted")
    fits = len(model.layers) + 3 <= canvas.height
    shown = [layer for layer in model.layers if fits or layer.parameters]
    y = 1
    for y, layer in enumerate(shown, start=1):
        shape = "x".join(map(str, layer.shape))
        canvas.write(1, y, plain(layer.name, limit=10), "strong" if layer.parameters else "muted")
        canvas.write(12, y, shape[:9], "text" if layer.parameters else "muted")
        if layer.parameters:
            canvas.write(21, y, f"{layer.parameters:9,} {layer.macs:9,}", "text")
    canvas.write(1, y + 1, "in all", "key")
    canvas.write(21, y + 1, f"{model.parameters:9,} {model.macs:9,}", "key")

"""The report view: confusion matrix, scores of each class, robustness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from engine.errors import DltuiError
from engine.session_protocol.mnist import (
    CellRequest,
    FinishedReport,
    ReportProgress,
    ReportRequest,
    RobustnessPoints,
    RobustnessRequest,
    SplitPicture,
    SplitPictures,
    SplitReport,
    WorstRequest,
)
from tui.data.run_text import name_of
from tui.drawings.half_block_canvas import ImageCanvas
from tui.messages import OpenView
from tui.mnist.confusion_matrix import CLASSES, ConfusionMatrix
from tui.mnist.empty_state import paint_empty_state
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.view_state import saved_choice

SPLITS = ("test", "validation", "train")
PREVIEW, MOST = 20, 200
DEFAULT_DATA = "MNIST"
"""the data set that is not named in the title"""
WHAT = "the confusion matrix, the pictures behind each cell, and saliency maps."


class ReportView(MnistView):
    """A confusion matrix with a cursor, or the robustness curves."""

    SCOPE, KEPT = "confusion", ("mnist report",)

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        saved = self.saved_before
        self.split = saved_choice(saved, "split", SPLITS, SPLITS[0])
        self.cell = _cell(saved.get("cell"))
        self.is_robustness_shown = False
        self._reports: dict[tuple[str, str], FinishedReport] = {}
        self._requested: tuple[str, str] | None = None
        self._progress = ReportProgress(0, 0)
        self._has_failed = False
        self._images: tuple[CellRequest, Sequence[SplitPicture]] | None = None
        self._robustness: dict[tuple[str, str, str], RobustnessPoints] = {}

    # --- requests --------------------------------------------------------------------------------------

    @property
    def report(self) -> SplitReport | None:
        found = self._reports.get((self.run_id, self.split))
        return found.report if found is not None else None

    def fetch(self) -> None:
        run, wanted = self.run_shown, (self.run_id, self.split)
        known = self._reports.get(wanted)
        is_old = known is not None and run is not None and known.step != run.checkpoint_step
        if not wanted[0] or wanted == self._requested:
            return
        if known is None or (is_old and run is not None and run.status.is_final):
            self._requested, self._progress, self._has_failed = wanted, ReportProgress(0, 0), False
            self.stream(ReportRequest(*wanted), partial(self._set_report, wanted), "mnist report")
        elif self.is_robustness_shown:
            self._fetch_robustness()
        else:
            self._fetch_cell()

    def request_failed(self, key: str, error: DltuiError) -> None:
        if key == "mnist report":
            self._requested, self._has_failed = None, True
        super().request_failed(key, error)

    def _set_report(self, wanted: tuple[str, str], part: ReportProgress) -> None:
        self._progress = part
        if isinstance(part, FinishedReport):
            self._reports[wanted] = part
            self._requested = None
            self.fetch()
            self.save_state()

    def _cell_request(self, limit: int = PREVIEW) -> CellRequest:
        return CellRequest(self.run_id, *self.cell, self.split, limit=limit)

    def _fetch_cell(self) -> None:
        request = self._cell_request()
        if self.report is not None and (self._images is None or self._images[0] != request):
            self.request(request, partial(self._set_cell_images, request), "mnist cell")

    def _set_cell_images(self, request: CellRequest, answer: SplitPictures) -> None:
        self._images = (request, answer.images)

    def _fetch_robustness(self) -> None:
        for kind, *_ in KINDS:
            key = (self.run_id, self.split, kind)
            known = self._robustness.get(key)
            if known is None or known.done < known.total:
                request = RobustnessRequest(self.run_id, kind, self.split)
                self.stream(request, partial(self._set_robustness, key), f"mnist {kind}")

    def _set_robustness(self, key: tuple[str, str, str], part: RobustnessPoints) -> None:
        self._robustness[key] = part

    # --- drawing ---------------------------------------------------------------------------------------

    def paint(self, canvas: ImageCanvas) -> None:
        run, report = self.run_shown, self.report
        if not self.run_id or run is None:
            paint_empty_state(canvas, run, self.context.keymap, WHAT, self.loading_text)
        elif report is None:
            self._paint_progress(canvas)
        elif self.is_robustness_shown:
            curves = {
                kind: self._robustness[key]
                for kind, *_ in KINDS
                if (key := self._key(kind)) in self._robustness
            }
            read = max((curve.images for curve in curves.values()), default=0)
            of = f"{read:,} of {report.images:,}" if read < report.images else f"{read:,}"
            title = self._title(report, of if read else "", self._weights)
            RobustnessChart(title, curves).paint(canvas)
        else:
            fits = self._images is not None and self._images[0] == self._cell_request()
            images = self._images[1] if fits and self._images is not None else None
            title = self._title(report, f"{report.images:,}")
            ConfusionMatrix(title, report, self.cell, images, self._weights).paint(canvas)

    def _key(self, kind: str) -> tuple[str, str, str]:
        return self.run_id, self.split, kind

    @property
    def _weights(self) -> str:
        """Description of the weights that the report was computed with."""
        return plain(self._reports[self.run_id, self.split].weights, limit=60)

    def _title(self, report: SplitReport, count: str, *more: str) -> str:
        run, dot = self.run_shown, f" {glyphs().dot} "
        words = [name_of(run) if run is not None else ""]
        words += [report.title] if report.title != DEFAULT_DATA else []
        words += [f"{count} {self.split} pictures".strip(), *more]
        return plain(dot.join(words), limit=120)

    def _paint_progress(self, canvas: ImageCanvas) -> None:
        if self._has_failed:
            key = self.context.keymap.shown("mnist.report", ascii_only=canvas.mode == "ascii")
            canvas.write(2, 2, f"There is no report; {key} tries again.", "muted")
            return
        done, total = self._progress.done, self._progress.total
        name = name_of(run) if (run := self.run_shown) is not None else "The network"
        canvas.write(2, 2, f"{name} classifies the {self.split} pictures.", "strong")
        canvas.bar(2, 4, min(50, canvas.width - 20), done / total if total else 0.0)
        canvas.write(min(54, canvas.width - 16), 4, f"{done:,} of {total:,}" if total else "", "muted")

    # --- actions ---------------------------------------------------------------------------------------

    def action_move(self, across: int, down: int) -> None:
        true, predicted = self.cell
        self._go((true + down) % CLASSES, (predicted + across) % CLASSES)

    def _go(self, true: int, predicted: int) -> None:
        self.cell, self.is_robustness_shown = (true, predicted), False
        self.fetch()
        self.redraw()
        self.save_state()

    def mistakes(self) -> list[tuple[int, int]]:
        """Cells off the diagonal that are not empty, the largest count first."""
        if self.report is None:
            return []
        found = [
            (count, true, predicted)
            for true, row in enumerate(self.report.confusion)
            for predicted, count in enumerate(row)
            if count and true != predicted
        ]
        return [(true, predicted) for _, true, predicted in sorted(found, key=lambda one: (-one[0], one[1:]))]

    def action_next_error(self, by: int) -> None:
        found = self.mistakes()
        if found:
            place = found.index(self.cell) + by if self.cell in found else 0
            self._go(*found[place % len(found)])

    def select(self, selection: Mapping[str, Any]) -> None:
        """The curves of `robustness`, or the matrix."""
        self.is_robustness_shown = bool(selection.get("robustness"))
        self.fetch()
        self.redraw()

    def action_split(self) -> None:
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
        self.fetch()
        self.redraw()
        self.save_state()

    def action_stress(self) -> None:
        self.is_robustness_shown = not self.is_robustness_shown
        self.fetch()
        self.redraw()
        self.save_state()

    def action_open(self) -> None:
        if self.report is None:
            return
        true, predicted = self.cell
        names = [plain(self.report.classes[label].name, limit=20) for label in self.cell]
        title = (
            f"{names[0]} classified rightly" if true == predicted else f"{names[0]} predicted as {names[1]}"
        )
        self._open_pictures(self._cell_request(MOST), title, self.report)

    def action_worst(self) -> None:
        if self.report is not None:
            self._open_pictures(WorstRequest(self.run_id, self.split), "the largest losses", self.report)

    def _open_pictures(self, request: CellRequest | WorstRequest, title: str, report: SplitReport) -> None:
        names = [one.name for one in report.classes]
        selection = {"request": request, "title": title, "names": names}
        self.post_message(OpenView("mnist", "pictures", selection))

    def key_labels(self) -> dict[str, str]:
        matrix = () if self.report is not None and not self.is_robustness_shown else ("next", "open", "worst")
        hidden = matrix if self.report is not None else (*matrix, "stress")
        turned = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
        return {
            **super().key_labels(),
            "confusion.split": f"{turned} set" if self.run_id else "",
            "confusion.stress": "matrix" if self.is_robustness_shown else "robustness",
            **{f"confusion.{name}": "" for name in hidden},
        }

    def saved(self) -> dict[str, Any]:
        return {"split": self.split, "cell": list(self.cell)}


def _cell(saved: object) -> tuple[int, int]:
    if isinstance(saved, list) and len(saved) == 2 and all(isinstance(one, int) for one in saved):
        return max(0, min(9, saved[0])), max(0, min(9, saved[1]))
    return 4, 9


KINDS = (
    ("shift", "by so many pixels", "A convolution responds to a stroke wherever it is, a dense layer not."),
    ("noise", "of that standard deviation", "Nothing like it was in the training pictures."),
)  # fmt: skip


MOST_BARS = 8
"""amounts of shift or noise"""


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

    def _high(self, canvas: ImageCanvas) -> int:
        """Lines for each bar with the empty one below it, as many as fit; 1: without an empty one. The same
        for both kinds, and while they are computed."""
        count = max(MOST_BARS, *(len(curve.amounts) for curve in self.curves.values()), 1)
        return max(1, min(8, (canvas.height - 8) // count))

    def _curve(self, canvas: ImageCanvas, x: int, width: int, kind: str, words: str, note: str) -> None:
        canvas.write(x, 2, kind, "key")
        canvas.write(x + len(kind) + 1, 2, words[: width - len(kind) - 1], "muted")
        curve = self.curves.get(kind)
        if curve is None:
            canvas.write(x, 4, "computing ...", "muted")
            return
        y, high = 4, self._high(canvas)
        for amount, accuracy in zip(curve.amounts, curve.accuracies, strict=True):
            style_name = "good" if accuracy > 0.9 else "warn" if accuracy > 0.5 else "bad"
            canvas.write(x, y, f"{amount:5g}", "text")
            for line in range(max(1, high - 1)):
                canvas.bar(x + 6, y + line, max(4, width - 15), accuracy, style_name, solid=high > 2)
            canvas.write(x + width - 7, y, f"{accuracy:7.1%}", "strong")
            y += high
        if curve.done < curve.total:
            canvas.write(x, y, f"computing: {curve.done} of {curve.total}", "muted")
            return
        y = canvas.write_wrapped(x, y + (1 if high == 1 else 0), note, width, 2)
        canvas.write(x, y, f"{curve.images:,} pictures", "muted")

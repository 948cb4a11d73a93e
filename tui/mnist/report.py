"""The report: how well a network reads, and what it takes for what."""

from __future__ import annotations

from functools import partial
from typing import Any

from engine.protocol import Json
from tui.data.run_text import name_of
from tui.drawings.image_canvas import ImageCanvas
from tui.keys import all_keys
from tui.messages import OpenView
from tui.mnist.confusion_image import CLASSES, ConfusionImage
from tui.mnist.empty_state import invite
from tui.mnist.robustness_image import KINDS, RobustnessImage
from tui.mnist.view import MnistView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.view_state import saved_choice

SPLITS = ("test", "validation", "train")
PREVIEW, MOST = 20, 200
USUAL = "MNIST"
"""the data set that needs not be named"""
WHAT = "the confusion matrix, the pictures behind each cell, and saliency maps."


class ReportView(MnistView):
    """A confusion matrix to walk on."""

    SCOPE, KEPT = "confusion", ("mnist report",)
    BINDINGS = all_keys.bindings("confusion")

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        saved = self.saved_before
        self.split = saved_choice(saved, "split", SPLITS, SPLITS[0])
        self.cell = _cell(saved.get("cell"))
        self.is_stressed = False
        self._reports: dict[tuple[str, str], Json] = {}
        self._asked: tuple[str, str] | None = None
        self._progress: Json = {}
        self._images: tuple[tuple[str, str, int, int], list[Json]] | None = None
        self._stress: dict[tuple[str, str, str], Json] = {}

    # --- what is asked ---------------------------------------------------------------------------------

    @property
    def report(self) -> Json | None:
        found = self._reports.get((self.run_id, self.split))
        return found["report"] if found is not None else None

    def look(self) -> None:
        run, wanted = self.run_shown, (self.run_id, self.split)
        known = self._reports.get(wanted)
        is_old = known is not None and run is not None and known["step"] != run.checkpoint_step
        if not wanted[0] or wanted == self._asked:
            return
        if known is None or (is_old and run is not None and run.status.is_final):
            self._asked, self._progress = wanted, {}
            take = partial(self._take_report, wanted)
            self.watch_parts("report", take, "mnist report", run=wanted[0], split=wanted[1])
        elif self.is_stressed:
            self._look_at_stress()
        else:
            self._look_at_cell()

    def failed(self, mark: str) -> None:
        if mark == "mnist report":
            self._asked, self._progress = None, {"failed": True}

    def _take_report(self, wanted: tuple[str, str], part: Json) -> None:
        self._progress = part
        if "report" in part:
            self._reports[wanted] = part
            self._asked = None
            self.look()
            self.remember()

    def _look_at_cell(self) -> None:
        mark = (self.run_id, self.split, *self.cell)
        if self.report is None or (self._images is not None and self._images[0] == mark):
            return
        facts = {"run": mark[0], "split": mark[1], "true": mark[2], "predicted": mark[3]}
        self.ask("cell", partial(self._take_cell, mark), "mnist cell", limit=PREVIEW, **facts)

    def _take_cell(self, mark: tuple[str, str, int, int], answer: Json) -> None:
        self._images = (mark, answer["images"])

    def _look_at_stress(self) -> None:
        for kind, *_ in KINDS:
            key = (self.run_id, self.split, kind)
            known = self._stress.get(key)
            if known is None or known["done"] < known["total"]:
                facts = {"run": key[0], "split": key[1], "kind": kind}
                self.watch_parts("robustness", partial(self._take_stress, key), f"mnist {kind}", **facts)

    def _take_stress(self, key: tuple[str, str, str], part: Json) -> None:
        self._stress[key] = part

    # --- what is seen ----------------------------------------------------------------------------------

    def paint(self, canvas: ImageCanvas) -> None:
        run, report = self.run_shown, self.report
        if not self.run_id or run is None:
            invite(canvas, run, self.context.keymap, WHAT, self.waits)
        elif report is None:
            self._paint_progress(canvas)
        elif self.is_stressed:
            curves = {
                kind: self._stress[key] for kind, *_ in KINDS if (key := self._key(kind)) in self._stress
            }
            read = max((int(curve["images"]) for curve in curves.values()), default=0)
            of = f"{read:,} of {report['images']:,}" if read < report["images"] else f"{read:,}"
            title = self._title(report, of if read else "", self._weights)
            RobustnessImage(title, curves).paint(canvas)
        else:
            mark = (self.run_id, self.split, *self.cell)
            fits = self._images is not None and self._images[0] == mark
            images = self._images[1] if fits and self._images is not None else None
            title = self._title(report, f"{report['images']:,}")
            ConfusionImage(title, report, self.cell, images, self._weights).paint(canvas)

    def _key(self, kind: str) -> tuple[str, str, str]:
        return self.run_id, self.split, kind

    @property
    def _weights(self) -> str:
        """Which of the run's weights read the pictures."""
        return plain(str(self._reports[self.run_id, self.split].get("weights", "")), limit=60)

    def _title(self, report: Json, count: str, *more: str) -> str:
        run, dot = self.run_shown, f" {glyphs().dot} "
        words = [name_of(run) if run is not None else ""]
        words += [str(report["title"])] if report["title"] != USUAL else []
        words += [f"{count} {self.split} pictures".strip(), *more]
        return plain(dot.join(words), limit=120)

    def _paint_progress(self, canvas: ImageCanvas) -> None:
        if self._progress.get("failed"):
            key = self.context.keymap.shown("mnist.report", ascii_only=canvas.mode == "ascii")
            canvas.write(2, 2, f"There is no report; {key} asks again.", "muted")
            return
        done, total = self._progress.get("done", 0), self._progress.get("total", 0)
        name = name_of(run) if (run := self.run_shown) is not None else "The network"
        canvas.write(2, 2, f"{name} classifies the {self.split} pictures.", "strong")
        canvas.bar(2, 4, min(50, canvas.width - 20), done / total if total else 0.0)
        canvas.write(min(54, canvas.width - 16), 4, f"{done:,} of {total:,}" if total else "", "muted")

    # --- what is done ----------------------------------------------------------------------------------

    def action_move(self, across: int, down: int) -> None:
        true, answer = self.cell
        self._go((true + down) % CLASSES, (answer + across) % CLASSES)

    def _go(self, true: int, answer: int) -> None:
        self.cell, self.is_stressed = (true, answer), False
        self.look()
        self.show()
        self.remember()

    def mistakes(self) -> list[tuple[int, int]]:
        """Cells off the diagonal that are not empty, the fullest first."""
        if self.report is None:
            return []
        found = [
            (count, true, answer)
            for true, row in enumerate(self.report["confusion"])
            for answer, count in enumerate(row)
            if count and true != answer
        ]
        return [(true, answer) for _, true, answer in sorted(found, key=lambda one: (-one[0], one[1:]))]

    def action_next_error(self, by: int) -> None:
        found = self.mistakes()
        if found:
            place = found.index(self.cell) + by if self.cell in found else 0
            self._go(*found[place % len(found)])

    def action_split(self) -> None:
        self.split = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
        self.look()
        self.show()
        self.remember()

    def action_stress(self) -> None:
        self.is_stressed = not self.is_stressed
        self.look()
        self.show()
        self.remember()

    def action_open(self) -> None:
        if self.report is None:
            return
        true, answer = self.cell
        names = [plain(str(self.report["classes"][label]["name"]), limit=20) for label in self.cell]
        title = f"{names[0]} classified rightly" if true == answer else f"{names[0]} predicted as {names[1]}"
        facts = {"word": "cell", "facts": {"true": true, "predicted": answer, "limit": MOST}, "title": title}
        self._hand_over(facts)

    def action_worst(self) -> None:
        if self.report is not None:
            self._hand_over({"word": "worst", "facts": {"n": 100}, "title": "the largest losses"})

    def _hand_over(self, facts: dict[str, Any]) -> None:
        assert self.report is not None
        names = [str(one["name"]) for one in self.report["classes"]]
        self.post_message(OpenView("mnist", "pictures", {**facts, "split": self.split, "names": names}))

    def key_labels(self) -> dict[str, str]:
        matrix = () if self.report is not None and not self.is_stressed else ("next", "open", "worst")
        hidden = matrix if self.report is not None else (*matrix, "stress")
        turned = SPLITS[(SPLITS.index(self.split) + 1) % len(SPLITS)]
        return {
            **super().key_labels(),
            "confusion.split": f"{turned} set" if self.run_id else "",
            "confusion.stress": "matrix" if self.is_stressed else "robustness",
            **{f"confusion.{name}": "" for name in hidden},
        }

    def saved(self) -> dict[str, Any]:
        return {"split": self.split, "cell": list(self.cell)}


def _cell(saved: object) -> tuple[int, int]:
    if isinstance(saved, list) and len(saved) == 2 and all(isinstance(one, int) for one in saved):
        return max(0, min(9, saved[0])), max(0, min(9, saved[1]))
    return 4, 9

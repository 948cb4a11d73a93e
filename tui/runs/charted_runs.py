"""The runs on the chart: the selected one, the marked ones and the baseline, each with its hue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.runs.run_columns import TableStyle
from tui.ui.palette import hues_of
from tui.view_state import MARKS_LIMIT

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory


@dataclass(frozen=True, slots=True)
class RunCurve:
    """The history of a run on the chart, with its label and hue there."""

    history: RunHistory
    label: str
    hue: int


class ShownRuns:
    """Ids of the runs shown. Their order: marked ones in the order of marking, baseline, selected one."""

    def __init__(self, selected: str = "", marks: Iterable[str] = (), baseline: str = "") -> None:
        self.selected = selected
        self.marks = list(dict.fromkeys(marks))[:MARKS_LIMIT]
        self.baseline = baseline

    @property
    def ids(self) -> list[str]:
        return list(dict.fromkeys(run for run in (*self.marks, self.baseline, self.selected) if run))

    def hues(self) -> dict[str, int]:
        return hues_of(self.ids)

    def styles(self, letters: Mapping[str, str]) -> dict[str, TableStyle]:
        """The style of each shown run by its id; `letters` distinguish the curves without colours."""
        return {
            run: TableStyle(hue, run in self.marks, run == self.baseline, letters.get(run, ""))
            for run, hue in self.hues().items()
        }

    def toggle_mark(self, run: str) -> bool:
        """Mark or unmark a run. Returns whether it is marked then."""
        if run in self.marks:
            self.marks.remove(run)
            return False
        self.marks.append(run)
        del self.marks[:-MARKS_LIMIT]
        return True

    def toggle_all(self, runs: Iterable[str]) -> bool:
        """Mark all of them, or unmark them where all are marked. Returns whether they are marked then."""
        given = list(dict.fromkeys(runs))
        others = [mark for mark in self.marks if mark not in given]
        marks = len(others) + len(given) != len(self.marks)
        self.marks = [*others, *(given if marks else [])][-MARKS_LIMIT:]
        return marks

    def toggle_baseline(self, run: str) -> bool:
        """Set or unset the baseline. Returns whether there is one then."""
        self.baseline = "" if self.baseline == run else run
        return bool(self.baseline)

    def forget(self, run: str) -> None:
        self.marks = [mark for mark in self.marks if mark != run]
        self.baseline = "" if self.baseline == run else self.baseline
        self.selected = "" if self.selected == run else self.selected

"""Which runs are on the chart: the selected one, the marked ones, the baseline; each with its colour."""

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
    """A run on a chart, as it looks there."""

    history: RunHistory
    label: str
    hue: int


class ShownRuns:
    """The order of showing: marked in the order of marking, the baseline, the selected one."""

    def __init__(self, selected: str = "", marks: Iterable[str] = (), baseline: str = "") -> None:
        self.selected = selected
        self.marks = list(dict.fromkeys(marks))[:MARKS_LIMIT]
        self.baseline = baseline

    @property
    def ids(self) -> list[str]:
        return list(dict.fromkeys(run for run in (*self.marks, self.baseline, self.selected) if run))

    def hues(self) -> dict[str, int]:
        return hues_of(self.ids)

    def looks(self, letters: Mapping[str, str]) -> dict[str, TableStyle]:
        """By run; `letters` tell the lines apart where there are no colours."""
        return {
            run: TableStyle(hue, run in self.marks, run == self.baseline, letters.get(run, ""))
            for run, hue in self.hues().items()
        }

    def toggle_mark(self, run: str) -> bool:
        """Whether it is marked now."""
        if run in self.marks:
            self.marks.remove(run)
            return False
        self.marks.append(run)
        del self.marks[:-MARKS_LIMIT]
        return True

    def toggle_all(self, runs: Iterable[str]) -> bool:
        """Mark them all, or none of them where all are marked. Whether they are marked now."""
        given = list(dict.fromkeys(runs))
        others = [mark for mark in self.marks if mark not in given]
        marks = len(others) + len(given) != len(self.marks)
        self.marks = [*others, *(given if marks else [])][-MARKS_LIMIT:]
        return marks

    def toggle_baseline(self, run: str) -> bool:
        """Whether it is the baseline now."""
        self.baseline = "" if self.baseline == run else run
        return bool(self.baseline)

    def forget(self, run: str) -> None:
        self.marks = [mark for mark in self.marks if mark != run]
        self.baseline = "" if self.baseline == run else self.baseline
        self.selected = "" if self.selected == run else self.selected

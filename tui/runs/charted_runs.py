"""The runs on the chart: the selected one, the marked ones and the baseline, each with its hue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.widget import Widget

from engine.errors import DltuiError, EngineError
from engine.protocol import RunSummary
from tui.data.connection import Connection
from tui.data.metric_choice import metrics_of
from tui.data.run_pages import RunPages
from tui.data.run_text import name_of
from tui.data.value_text import seed_text
from tui.runs.run_columns import TableStyle
from tui.terminal.plain_text import plain
from tui.ui.curve_colours import hues_of
from tui.ui.start_worker import start_worker
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
            run: TableStyle(
                hue, run in self.marks, run == self.baseline, letters.get(run, ""), run == self.selected
            )
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


class ChartedRuns:
    """What is loaded of the shown runs: their summaries, whether they have a row or not, and histories."""

    def __init__(
        self,
        owner: Widget,
        connection: Connection,
        shown: ShownRuns,
        pages: RunPages,
        loaded: Callable[[], object],
    ) -> None:
        """`owner` runs the workers; `loaded` is called after a run without a row was loaded or is gone."""
        self._owner, self._connection, self._loaded = owner, connection, loaded
        self.shown, self._pages = shown, pages
        self._summaries: dict[str, RunSummary] = {}
        """of every run that was shown, as loaded last"""

    def find(self, run: str) -> RunSummary | None:
        return self._pages.find(run) or self._summaries.get(run)

    def known(self) -> list[RunSummary]:
        """The shown runs that are loaded."""
        return [found for run in self.shown.ids if (found := self.find(run)) is not None]

    def marked(self) -> list[RunSummary]:
        """The marked runs that are loaded."""
        return [run for run in self.known() if run.id in self.shown.marks]

    def store(self, runs: Iterable[RunSummary]) -> bool:
        """Keep those that are shown. Returns whether a label on the chart is another one now."""
        shown = self.shown.ids
        before = [self.label_of(run) for run in shown]
        self._summaries.update({run.id: run for run in runs if run.id in shown})
        return before != [self.label_of(run) for run in shown]

    def forget(self, run: str) -> None:
        """Drop a run that was removed."""
        self.shown.forget(run)
        self._connection.discard(run)

    def follow(self) -> None:
        """Read the histories of the shown runs, and load their summaries."""
        self._connection.follow(self.shown.ids, subscriber="runs")
        self.load_unknown()

    def load_unknown(self) -> None:
        """Load the shown runs that are on no fetched page."""
        for run in self.shown.ids:
            if run not in self._summaries and (found := self._pages.find(run)) is not None:
                self._summaries[run] = found
            elif run not in self._summaries and self._connection.is_connected:
                start_worker(self._owner, self._load, run, group=f"shown {run}", exclusive=True)

    async def _load(self, run: str) -> None:
        try:
            self._summaries[run] = await self._connection.client.show(run)
        except EngineError:
            return  # no engine: it is requested again when it is back
        except DltuiError:
            self.shown.forget(run)  # deleted since it was marked
        self._loaded()

    def label_of(self, run: str) -> str:
        found = self.find(run)
        if found is None:
            return run.split("-", 2)[-1]
        from tui.chart.chart_rows import LONGEST_LABEL  # with curves alone

        seed = seed_text(found, self.known())
        room = LONGEST_LABEL - len(seed) - 1
        return f"{plain(name_of(found), limit=room)} {seed}" if seed else name_of(found)

    def filter_warning(self, where: str) -> str:
        """What is wrong with a filter that no run passes: a name that no run shown so far has."""
        from tui.data.unknown_filter_names import unknown_name_warning

        return unknown_name_warning(where, self._summaries.values())

    def curves(self) -> list[RunCurve]:
        """The shown runs whose history is being read."""
        return [
            RunCurve(history, self.label_of(run), hue)
            for run, hue in self.shown.hues().items()
            if (history := self._connection.history(run)) is not None
        ]

    def histories(self) -> list[RunHistory]:
        return [found for run in self.shown.ids if (found := self._connection.history(run)) is not None]

    def metrics(self, selected: RunSummary | None) -> list[str]:
        """Every metric of the shown runs, those of the selected one first."""
        return metrics_of(self.histories(), selected)

"""The XOR tab with its five views."""

from __future__ import annotations

from typing import ClassVar

from engine.protocol import RunSummary
from tui.tab.views_tab import ViewEntry, ViewsTab
from tui.xor.view import BATCH, GRID, SINGLE


class XorTab(ViewsTab):
    NAME = "xor"
    RUNS: ClassVar = {SINGLE: 200, BATCH: 50, GRID: 20}
    VIEWS: ClassVar = {
        "hand": ViewEntry("by hand", "tui.xor.by_hand_view:HandView"),
        "trained": ViewEntry("trained", "tui.xor.trained_view:TrainedView"),
        "ladder": ViewEntry("architectures", "tui.xor.architectures_view:SmallestLossView"),
        "map": ViewEntry("failure map", "tui.xor.failure_map_view:MapView"),
        "nine": ViewEntry("experiments", "tui.xor.experiments_view:ExperimentsView"),
    }

    def launched(self, run: RunSummary) -> str:
        if run.spec.experiment == SINGLE:
            self.select_view("trained")
        return super().launched(run)

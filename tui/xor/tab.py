"""The XOR tab with its five views."""

from __future__ import annotations

from typing import Any, ClassVar

from engine.protocol import RunSummary
from tui.data.newest_runs import RunList
from tui.keys import all_keys
from tui.tab.context import TabContext
from tui.tab.views_tab import ViewEntry, ViewsTab
from tui.xor.view import LIMITS, SINGLE


class XorTab(ViewsTab):
    NAME = "xor"
    BINDINGS = all_keys.bindings("xor")
    VIEWS: ClassVar = {
        "hand": ViewEntry("by hand", "tui.xor.by_hand_view:HandView"),
        "trained": ViewEntry("trained", "tui.xor.trained_view:TrainedView"),
        "ladder": ViewEntry("architectures", "tui.xor.architectures_view:SmallestLossView"),
        "map": ViewEntry("failure map", "tui.xor.failure_map_view:MapView"),
        "nine": ViewEntry("experiments", "tui.xor.experiments_view:ExperimentsView"),
    }

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, RunList(LIMITS), **widget)

    def launched(self, run: RunSummary) -> str:
        if run.spec.experiment == SINGLE:
            self.select_view("trained")
        return super().launched(run)

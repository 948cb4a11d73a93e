"""The XOR tab with its five views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tui.data.run_list import RunList
from tui.keys import all_keys
from tui.tab.context import TabContext
from tui.tab.views_tab import ViewEntry, ViewsTab
from tui.xor.runs import LIMITS, SINGLE

if TYPE_CHECKING:
    from tui.dialogs.launch import Launch


class XorTab(ViewsTab):
    NAME = "xor"
    BINDINGS = all_keys.bindings("xor")
    VIEWS: ClassVar = {
        "hand": ViewEntry("by hand", "tui.xor.by_hand:HandView"),
        "trained": ViewEntry("trained", "tui.xor.trained:TrainedView"),
        "ladder": ViewEntry("architectures", "tui.xor.smallest_loss:SmallestLossView"),
        "map": ViewEntry("failure map", "tui.xor.failure_map:MapView"),
        "nine": ViewEntry("experiments", "tui.xor.experiments:ExperimentsView"),
    }

    def __init__(self, context: TabContext, **widget: Any) -> None:
        super().__init__(context, RunList(LIMITS), **widget)

    async def submit_launch(self, launch: Launch) -> str:
        if launch.experiment == SINGLE:
            self.select_view("trained")
        return await super().submit_launch(launch)

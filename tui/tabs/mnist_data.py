"""The data: what there is to learn from."""

from __future__ import annotations

from engine.protocol import Json
from tui import keys
from tui.digits.data_wall import DataWall
from tui.digits.paper import Paper
from tui.tabs.mnist_view import MnistView

SAMPLES = 40


class DataView(MnistView):
    """Needs no run."""

    SCOPE = "data"
    BINDINGS = keys.bindings("data")
    facts: Json | None = None
    top = 0

    def look(self) -> None:
        if self.facts is None:
            self.ask("explore", self._take, "mnist data", samples=SAMPLES)

    def _take(self, facts: Json) -> None:
        self.facts = facts

    def paint(self, paper: Paper) -> None:
        if self.facts is None:
            paper.write(2, 1, "The pictures are opened.", "muted")
        else:
            DataWall(self.facts, self.top).paint(paper)

    def action_scroll(self, by: int) -> None:
        if self.facts is not None:
            self.top = max(0, min(self.top + by, DataWall(self.facts, 0).last))
            self.show()

    def action_scroll_to(self, end: int) -> None:
        self.action_scroll(SAMPLES if end else -SAMPLES)

    def labels(self) -> dict[str, str]:
        return {"mnist.run": "", "mnist.start": "" if self.run_shown is not None else "train one"}

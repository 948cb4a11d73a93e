"""The opened network of a failure map: its plane, weights, truth table and curve."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from engine.session_protocol.xor import BatchCurve, BatchNet
from tui.chart.chart_rows import CurveSeries
from tui.chart.chart_without_keys import StillChart
from tui.drawings.editable_net import HandNet, from_facts
from tui.drawings.heat import colour_mode_of
from tui.drawings.plane_cells import scene_of
from tui.drawings.plane_widget import Plane, columns_beside
from tui.terminal.glyphs import glyphs
from tui.ui.heading import Heading
from tui.ui.span import Row, Span
from tui.ui.text_rows import TextRows, paragraph
from tui.xor.by_hand_text import legend
from tui.xor.failure_map_cells import MapCell
from tui.xor.net_widget import NetWidget
from tui.xor.recipes import shape
from tui.xor.truth_table import TruthTable

STUCK = {
    0: "Its loss is none of 0.35, 0.48 and 0.69: more epochs may solve it.",
    2: "Stuck at loss 0.35 (half of ln 2): two rows are right, the output of the other two is 0.5.",
    3: "Stuck at loss 0.48, the least of one hidden unit: one row is right, the output of the others is 2/3.",
    4: "Stuck at loss 0.69 (ln 2): the output is 0.5 for every row.",
}


class OpenedNet(Horizontal):
    """Shows a response of `lanes.open`."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.answer: BatchNet | None = None
        self.side = Vertical(classes="plane-side")
        self.plane, self.network, self.truth = Plane(), NetWidget(), TruthTable()
        self.heading, self.notes, self.chart = (
            Heading(("network",)),
            TextRows(),
            StillChart("loss", unit="epoch"),
        )

    def compose(self) -> ComposeResult:
        with self.side:
            yield self.plane
            yield self.notes
        yield Vertical(self.heading, self.network, self.truth, self.chart, classes="net-side")

    def fit(self, width: int, height: int) -> None:
        self.plane.fit(columns_beside(width), height - (6 if height < 26 else 10))
        self.side.styles.width = self.plane.styles.width
        self.network.set_height(height - (13 if height < 26 else 20))

    def update(self, answer: BatchNet) -> None:
        self.answer = answer
        look, net = answer.look, _net(answer)
        title = f"network {answer.lane:,} {glyphs().dot} {_shape(answer)}"
        self.heading.select(title, (title,))
        self.heading.set_note(Span(f"seed {answer.seed}", "muted"))
        gates = [unit.gate for unit in look.units] if look else []
        self.network.update(net, gates, look.output.gate if look else "")
        self.truth.update(look)
        self.plane.update(scene_of(look, glyphs().ascii_only) if look else None, "not a number any more")
        self._show_curve(answer.curve)
        self.notes.update(lambda width: self._notes(answer, gates, width))

    def _show_curve(self, curve: BatchCurve) -> None:
        from tui.chart.curve_arrays import ChartCurve  # NumPy, with points alone

        series = []
        named = (("loss", "loss", curve.loss), ("val_loss", "validation", curve.val_loss))
        for hue, (name, label, losses) in enumerate(named):
            if losses:
                points = ChartCurve()
                points.extend(curve.epochs, [float("nan") if loss is None else loss for loss in losses])
                series.append(CurveSeries(name, label, points, hue))
        self.chart.update_series(series, "loss")

    def _notes(self, answer: BatchNet, gates: list[str], width: int) -> list[Row]:
        outcome = answer.outcome
        loss = "nan" if answer.loss is None else f"{answer.loss:.3f}"
        text = {"success": "solved", "fail": "failed"}.get(outcome, str(outcome))
        style_name = {"success": "good", "running": "text"}.get(outcome, "bad")
        rows: list[Row] = [(Span(text, style_name), Span(f"  epoch {answer.stop:,}  loss {loss}", "text"))]
        if outcome == "fail":
            rows += paragraph(STUCK[_cell(answer).undecided], width, "text")
        for unit, gate in enumerate(gates):
            rows.append((Span(f"h{unit + 1} ", f"hue-{unit}"), Span(gate, "text")))
        return [*rows, *legend(colour_mode_of(self.app), True)]


def _cell(answer: BatchNet) -> MapCell:
    return MapCell(answer.lane, 1, 0, 0.0, answer.loss, answer.stop)


def _net(answer: BatchNet) -> HandNet | None:
    try:
        return from_facts(asdict(answer.net))
    except ValueError:
        return None


def _shape(answer: BatchNet) -> str:
    return shape(len(answer.net.hidden_bias), answer.net.bypass)

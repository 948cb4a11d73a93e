"""The view `failure map`: thousands of networks trained as one batch, and the outcome of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any

from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.containers import Vertical

from engine.client.session import Superseded
from engine.errors import DltuiError
from engine.protocol import RunSummary
from engine.session_protocol.xor import BatchNet, BatchTable, CellMap, MapRequest, NetRequest, TableRequest
from tui.drawings.heat import colour_mode_of
from tui.messages import KeyHintsChanged, OpenView
from tui.terminal.plain_text import plain
from tui.ui.start_worker import start_worker
from tui.ui.text_rows import TextRows
from tui.view_state import saved_choice
from tui.xor.failure_map_cells import COLOURS, FailureMap, MapCell, failure_map, networks_where
from tui.xor.failure_map_network import OpenedNet
from tui.xor.failure_map_text import MapFacts, notes_of
from tui.xor.failure_map_widget import MapGrid, columns_for, label_width
from tui.xor.recipes import shape
from tui.xor.view import BATCH, GRID, XorView

POLL = 0.6
"""seconds between two requests while the batch trains"""
BOTH = 150
"""width from which on the map and the opened network are side by side"""
BATCH_PARAMS: Mapping[str, object] = {
    "axes": "hidden=1..4; bypass=no,yes; seed=1..500", "activation": "sigmoid", "initial": "xavier",
    "lr": 0.05, "epochs": 3000,
}  # fmt: skip
"""4,000 networks: eight architectures with 500 seeds each"""


class MapView(XorView):
    """A map of cells with a cursor; enter opens the network under it."""

    SCOPE = "lanes"
    EXPERIMENT = BATCH

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        saved = self.saved_before
        self.chosen = plain(str(saved.get("run", "")), limit=200)
        self.colour_by = saved_choice(saved, "colour", COLOURS, "outcome")
        self.pair = 0
        """index into `pairs`; 0: a cell per network, without axes"""
        network = saved.get("lane")
        self._network_to_select = network if isinstance(network, int) else -1
        self.cursor = (0, 0)
        self.found: FailureMap | None = None
        self._found_of: tuple[str, str, int, int] | None = None
        self._is_requesting = False
        self._total = self._label = 0
        self._marked: frozenset[int] = frozenset()
        self._is_from_experiments = False
        """whether escape goes back to the nine experiments"""
        self._where: Mapping[str, Any] = {}
        """values of the networks to be marked once the runs are known"""
        self._marked_text = ""
        """what the marked networks have in common: the settings of one experiment"""
        self._here: dict[str, Any] | None = None
        self.side = Vertical(id="map-side")
        self.grid, self.notes, self.opened_net = MapGrid(), TextRows(id="map-notes"), OpenedNet()

    def compose(self) -> ComposeResult:
        with self.side:
            yield self.notes
            yield self.grid
        yield self.opened_net

    def on_mount(self) -> None:
        self.opened_net.display = False
        self.set_interval(POLL, self._poll)

    def fit(self, width: int, height: int) -> None:
        both = width >= BOTH
        is_open = self.opened_net.display
        self.side.display = both or not is_open
        self.side.styles.width = "40%" if both and is_open else "100%"
        self.opened_net.fit(round(width * 0.6) - 2 if both else width - 2, height)

    # --- the run ---------------------------------------------------------------------------------------

    @property
    def run_shown(self) -> RunSummary | None:
        found = self.runs.find(self.chosen)
        if found is None or found.spec.experiment not in (BATCH, GRID):
            found = next(iter(self.runs.of(BATCH, GRID)), None)
        return found

    def start(self) -> None:
        self.submit(BATCH, BATCH_PARAMS, name="failure map")

    def run_submitted(self, run: RunSummary) -> None:
        if run.spec.experiment == BATCH:
            self._choose(run.id)
        else:
            self.post_message(OpenView("xor", "trained", {"run": run.id}))

    def select(self, selection: Mapping[str, Any]) -> None:
        """A `run` with some `lanes` marked, which have in common what `meant` says, or the newest run that
        has networks `where` parameters have these values."""
        self._where = selection.get("where", {})
        if self._where:
            self._is_from_experiments = False
            self._select_where()
            return
        self._is_from_experiments = "lanes" in selection
        self._network_to_select = int(selection.get("lane", -1))
        self.pair = 0
        marked, meant = frozenset(selection.get("lanes", ())), str(selection.get("meant", ""))
        self._choose(str(selection.get("run", "")), marked, meant)

    def _choose(self, run: str, marked: frozenset[int] = frozenset(), meant: str = "") -> None:
        self._marked, self._marked_text, self._label = marked, meant, 0
        self.chosen, self.found, self._found_of = run, None, None
        self.update()
        self.save_state()

    def _select_where(self) -> None:
        if not self._where or self.loading_text:
            return
        where, self._where = self._where, {}
        words = shape(int(where.get("hidden", 0)), bool(where.get("bypass")))
        for run in self.runs.of(BATCH):
            marked = networks_where(run.spec.params, where)
            if marked:
                self._network_to_select, self.pair = min(marked), 0
                self._choose(run.id, marked, words)
                return
        key = self.context.keymap.shown("xor.start")
        self.app.notify(f"No map has networks of {words} yet: {key} trains some.", markup=False)
        self.update()

    # --- drawing ---------------------------------------------------------------------------------------

    def update(self) -> None:
        self._draw()
        self._start_request()

    def runs_changed(self) -> None:
        self._select_where()
        self.update()

    def _poll(self) -> None:
        run = self.run_shown
        if self.in_front and run is not None and not run.status.is_final:
            self._start_request()

    def _start_request(self) -> None:
        run = self.run_shown
        if run is not None and self.in_front and not self._is_requesting and self.grid.size.width:
            self._is_requesting = True
            start_worker(self, self._fetch, run.id, group="xor map")

    def _columns(self, outcome: CellMap | None = None) -> int:
        """Cells per row, from the number of networks and the width of their labels."""
        if outcome is not None:
            self._total = sum(outcome.outcomes.values())
            self._label = max(self._label, label_width(outcome.groups, self.grid.size.width))
        return columns_for(self._total, *self.grid.size, self._label)

    async def _fetch(self, run: str) -> None:
        try:
            await self._request_map(run)
        except Superseded:
            return
        except DltuiError as error:
            if self.run_shown is None or self.run_shown.status.is_final:
                self.set_note(str(error))
        finally:
            self._is_requesting = False

    async def _request_map(self, run: str) -> None:
        """Up to four requests: the outcomes, then loss, epoch and colour if the outcomes changed."""
        x, y = self.axes_shown
        request = MapRequest(run, x, y, columns=0 if x else self._columns())
        outcome = await self.context.session.ask(request)
        if not x and request.columns != self._columns(outcome):
            request = replace(request, columns=self._columns())
            outcome = await self.context.session.ask(request)
        state = (run, f"{x} {y} {self.colour_by}", request.columns, outcome.epoch)
        if state == self._found_of:
            return
        colour = self.colour_by if outcome.validates or self.colour_by != COLOURS[-1] else COLOURS[0]
        answers = {"outcome": outcome}
        for name in dict.fromkeys(("loss", "stop", colour)):
            if name not in answers:
                answers[name] = await self.context.session.ask(replace(request, colour=name))
        found = await asyncio.to_thread(
            failure_map, answers["outcome"], answers["loss"], answers["stop"], answers[colour], colour
        )
        self._update_map(state, found)

    def _update_map(self, state: tuple[str, str, int, int], found: FailureMap) -> None:
        if self.run_shown is None or state[0] != self.run_shown.id:
            return
        self.set_note("")
        network = self._network_to_select if self._network_to_select >= 0 else self.selected_network
        self.found, self._found_of = replace(found, marked=self._marked), state
        self._network_to_select = -1
        place = found.place_of(network) if network is not None else None
        self.cursor = place or (0, 0)
        self._here = None
        self._draw()
        self._request_selected()
        self.post_message(KeyHintsChanged())

    def _request_selected(self) -> None:
        """Request the parameters of the network under the cursor, and the network itself if it is open."""
        run, network = self.run_shown, self.selected_network
        if run is None or network is None:
            return
        request = TableRequest(run.id, offset=network, limit=1)
        self.request(request, self._update_params, "xor row")
        if self.opened_net.display:
            self._request_net()

    def _update_params(self, table: BatchTable) -> None:
        if table.rows:
            self._here = dict(zip(table.columns, table.rows[0], strict=True))
            self._draw()

    @property
    def here(self) -> dict[str, Any] | None:
        """The parameters of the network under the cursor; None until they are loaded."""
        return self._here if self._here is not None and self._here["lane"] == self.selected_network else None

    @property
    def cell(self) -> MapCell | None:
        return self.found.at(*self.cursor) if self.found is not None else None

    @property
    def selected_network(self) -> int | None:
        return self.cell.network if self.cell is not None else None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        axes = self.found.axes if self.found is not None else ()
        return [("", ""), *((second, first) for first, second in combinations(axes, 2))]

    @property
    def axes_shown(self) -> tuple[str, str]:
        return self.pairs[self.pair] if self.pair < len(self.pairs) else ("", "")

    def _draw(self) -> None:
        self.grid.update(self.found, self.cursor)
        facts = MapFacts(
            self.run_shown, self.found, self.cell, self.here, colour_mode_of(self.app), self.context.keymap,
            self._marked_text, self.loading_text,
        )  # fmt: skip
        self.notes.update(lambda width: notes_of(facts, width))

    def _request_net(self) -> None:
        run, network = self.run_shown, self.selected_network
        if run is not None and network is not None and self.opened_net.plane.size.width:
            request = NetRequest(run.id, network, **self.opened_net.plane.request_size)
            self.request(request, self.opened_net.update, "xor lane")

    # --- actions ---------------------------------------------------------------------------------------

    def action_move(self, across: int, down: int) -> None:
        if self.found is None:
            return
        column, row = self.cursor[0] + across, self.cursor[1] + down
        if across and not self.found.x:  # without axes the rows continue one another
            row, column = row + column // self.found.columns, column % self.found.columns
        if self.found.at(column, row) is not None:
            self._go_to(column, row)

    def action_page(self, by: int) -> None:
        if self.found is not None:
            self._go_near(self.cursor[0], self.cursor[1] + by * self.grid.visible_rows)

    def action_go_to(self, end: int) -> None:
        if self.found is not None:
            self._go_near(self.found.columns - 1 if end else 0, len(self.found.cells) - 1 if end else 0)

    def _go_near(self, column: int, row: int) -> None:
        """Move the cursor to a cell, or to the last one before it in its row."""
        assert self.found is not None
        row = max(0, min(row, len(self.found.cells) - 1))
        while column > 0 and self.found.at(column, row) is None:
            column -= 1
        self._go_to(column, row)

    def _go_to(self, column: int, row: int) -> None:
        self.cursor = (column, row)
        self._draw()
        self.save_state()
        self._request_selected()

    def action_next_failed(self, way: int) -> None:
        if self.found is None:
            return
        place = self.found.stuck_after(*self.cursor, way)
        if place is None:
            self.app.notify("None of them failed.", markup=False)
        else:
            self._go_to(*place)

    def action_open(self) -> None:
        self._set_open(not self.opened_net.display)

    def action_close(self) -> None:
        """Close the enlarged chart, else the opened network, else go back to the experiments it came from."""
        if self.has_class("-chart-alone"):
            self.action_back()
        elif self.opened_net.display:
            self._set_open(False)
        elif self._marked and self._is_from_experiments:
            self._choose(self.chosen)
            self.post_message(OpenView("xor", "nine", {}))
        else:
            raise SkipAction

    def action_chart_alone(self) -> None:
        """Enlarge the chart of the opened network."""
        if self.opened_net.display:
            super().action_chart_alone()

    def _set_open(self, is_open: bool) -> None:
        self.opened_net.display = is_open and self.selected_network is not None
        self.remove_class("-chart-alone")
        self.fit(self.size.width, self.size.height)
        self.call_after_refresh(self._opened_or_closed)
        self.save_state()

    def _opened_or_closed(self) -> None:
        if self.opened_net.display:
            self._request_net()
        self.update()

    def action_hand_over(self) -> None:
        run, network = self.run_shown, self.selected_network
        if run is not None and network is not None:
            self.request(NetRequest(run.id, network, 1, 1), self._submit_network, "xor hand over")

    def _submit_network(self, answer: BatchNet) -> None:
        self.submit("xor", answer.params, answer.seed, f"network {answer.lane}")

    def action_colour(self) -> None:
        colours = COLOURS if self.found is None or self.found.validates else COLOURS[:-1]
        place = colours.index(self.colour_by) if self.colour_by in colours else -1
        self.colour_by = colours[(place + 1) % len(colours)]
        self.update()
        self.save_state()

    def action_axes(self) -> None:
        self.pair = (self.pair + 1) % len(self.pairs)
        self.update()
        self.save_state()

    def action_next_run(self) -> None:
        runs = [run.id for run in self.runs.of(BATCH, GRID)]
        if self.run_shown is not None:
            self._choose(runs[(runs.index(self.run_shown.id) + 1) % len(runs)])

    def key_labels(self) -> dict[str, str]:
        start = "train again" if self.runs.of(BATCH) else "train 4,000"
        labels = {"xor.start": "" if self.loading_text else start}
        if not self.opened_net.display:
            labels["lanes.full"] = ""
        labels["lanes.open"] = "close" if self.opened_net.display else "open"
        if self.found is None:
            labels |= dict.fromkeys(
                ("lanes.open", "lanes.next_failed", "lanes.hand_over", "lanes.colour"), ""
            )
        if len(self.pairs) < 2:
            labels["lanes.axes"] = ""
        if len(self.runs.of(BATCH, GRID)) < 2:
            labels["lanes.run"] = ""
        return labels

    def saved(self) -> dict[str, Any]:
        return {
            "run": self.chosen,
            "colour": self.colour_by,
            "lane": -1 if self.selected_network is None else self.selected_network,
        }

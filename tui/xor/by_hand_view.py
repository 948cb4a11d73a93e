"""The view `by hand`: the weights of a small network are edited by keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical

from engine.session_protocol.xor import LookRequest, PresetsRequest, XorLook, XorPreset, XorPresets
from tui.drawings.editable_net import (
    LARGEST,
    UNITS,
    EditHistory,
    HandNet,
    WeightIndex,
    columns_of,
    from_facts,
    neighbour,
)
from tui.drawings.heat import colour_mode_of
from tui.drawings.plane_cells import scene_of
from tui.drawings.plane_widget import Plane, columns_beside
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.heading import Heading
from tui.ui.span import Span
from tui.ui.text_field import TextField
from tui.ui.text_rows import TextRows
from tui.xor.by_hand_text import ByHandState, lesson_of, notes_of, title_of, units_note
from tui.xor.net_widget import NetWidget
from tui.xor.truth_table import TruthTable
from tui.xor.view import XorView

PUZZLE = "puzzle: "
"""prefix of the name of a task; its note is shown whatever the weights are"""
START = HandNet(((1.0, 1.0),), (-1.5,), (1.0, 1.0, -2.0), -0.5)


class HandView(XorView):
    """The network as drawing, truth table and plane, updated after every change."""

    SCOPE = "weights"

    def __init__(self, *given: Any, **widget: Any) -> None:
        super().__init__(*given, **widget)
        self.edits = EditHistory(_read(self.saved_before.get("net"), START))
        self.edits.loaded = _read(self.saved_before.get("loaded"), self.edits.net)
        self.name_of_net = plain(str(self.saved_before.get("name", "1 unit + bypass")), limit=60)
        self.note = plain(str(self.saved_before.get("note", "")), limit=300)
        self.picked = columns_of(self.net.units, self.net.bypass)[0][0]
        self._look: XorLook | None = None
        self._look_of: HandNet | None = None
        self._presets: list[XorPreset] = []
        self._is_choosing = False
        self.side = Vertical(classes="plane-side")
        self.plane, self.network, self.truth = Plane(), NetWidget(is_spacious=True), TruthTable()
        self.heading, self.notes, self.lesson = Heading(("weights",)), TextRows(), TextRows()

    def compose(self) -> ComposeResult:
        with self.side:
            yield self.plane
            yield self.notes
        yield Vertical(self.heading, self.network, self.truth, self.lesson, classes="net-side")

    @property
    def net(self) -> HandNet:
        return self.edits.net

    @property
    def look(self) -> XorLook | None:
        """The response of `xor.look` for the current network; None until it has come."""
        return self._look if self._look_of == self.net else None

    def fit(self, width: int, height: int) -> None:
        self.plane.fit(columns_beside(width), height - 5)
        self.side.styles.width = self.plane.styles.width
        self.network.set_height(height - (7 if height < 26 else 19))

    # --- drawing ---------------------------------------------------------------------------------------

    def update(self) -> None:
        self._draw()
        self._request_look()

    def runs_changed(self) -> None:
        """Runs are not shown in this view."""

    def _request_look(self) -> None:
        net = self.net
        if self.in_front and self.plane.size.width:
            request = LookRequest(**net.facts() | self.plane.request_size)
            self.request(request, lambda look: self._update_look(net, look), "xor hand")

    def _update_look(self, net: HandNet, look: XorLook) -> None:
        self._look, self._look_of = look, net
        self.plane.update(scene_of(look, glyphs().ascii_only))
        self.truth.update(look)
        self._draw()

    def _draw(self) -> None:
        """Draw the network at once; plane and truth table follow with the response of the session."""
        look = self.look
        gates = [unit.gate for unit in look.units] if look else []
        gate = look.output.gate if look else ""
        self.network.update(self.net, gates, gate, self.picked)
        is_changed = self.net != self.edits.loaded and not self.name_of_net.startswith(PUZZLE)
        state = ByHandState(self.name_of_net, self.note, is_changed, self.net, look, colour_mode_of(self.app))
        self.notes.update(lambda width: notes_of(state, width))
        self.lesson.update(lambda width: lesson_of(self.net, width))
        self.heading.select(title_of(state), (title_of(state),))
        self.heading.set_note(Span(units_note(self.net), "key"))
        if self._look is None:
            self.plane.update(None, "computing ...")

    # --- actions ---------------------------------------------------------------------------------------

    def action_move(self, across: int, down: int) -> None:
        self.picked = neighbour(self.picked, self.net.units, self.net.bypass, across, down)
        self._draw()

    def action_nudge(self, by: float) -> None:
        self._set(self.net.at(self.picked) + by)

    def action_zero(self) -> None:
        self._set(0.0)

    def action_flip(self) -> None:
        self._set(-self.net.at(self.picked))

    def action_type(self) -> None:
        from tui.dialogs.field_prompt import FieldPrompt

        expected = f"a number from -{LARGEST:g} to {LARGEST:g}"
        field = TextField(f"{self.net.at(self.picked):g}", most=24)
        prompt = FieldPrompt(number_name(self.picked, self.net), field, typed_weight, expected)
        self.app.push_screen(prompt, lambda value: self._set(value) if value is not None else None)

    def action_colder(self, by: int) -> None:
        if self.net.activation != "btu":
            self.app.notify(f"Only units of btu have a temperature, and these are {self.net.activation}.")
            return
        end = "smallest" if by > 0 else "largest"
        self._change(
            self.net.with_lower_temperature(by), f"T {self.net.temperature:g} is the {end} there is."
        )

    def action_activation(self) -> None:
        text = "There is no hidden unit, and the output is a sigmoid."
        self._change(self.net.with_next_activation() if self.net.units else self.net, text)

    def action_add_unit(self) -> None:
        self._change(self.net.with_unit(), f"By hand there are {UNITS} hidden units at most.")

    def action_remove_unit(self) -> None:
        unit = self.picked.unit if self.picked.layer == "hidden" else self.net.units - 1
        text = "There is no hidden unit to remove."
        if self.net.units:
            text = "The last hidden unit stays while bypass is off: nothing else reaches the output."
        self._change(self.net.without_unit(unit), text)

    def action_bypass(self) -> None:
        text = "Bypass stays on while there is no hidden unit: nothing else reaches the output."
        self._change(self.net.with_bypass(not self.net.bypass), text)

    def action_undo(self) -> None:
        self._step(self.edits.undo(), "There is no change to take back.")

    def action_redo(self) -> None:
        self._step(self.edits.redo(), "There is no change to make again.")

    def action_reset(self) -> None:
        self._change(self.edits.loaded, "The weights are as they were loaded.")

    def action_load(self) -> None:
        self._is_choosing = True
        if self._presets:
            self._choose_preset()
        else:
            self.request(PresetsRequest(), self._update_presets, "xor presets")

    def select(self, selection: Mapping[str, Any]) -> None:
        """Load `selection["net"]`, as other views pass it with a `name` and a `note`."""
        net = _read(selection.get("net"), self.net)
        self._look = None  # plane and table of another network are not shown until the response has come
        self.plane.update(None, "computing ...")
        self.truth.update(None)
        self._load(net, str(selection.get("name", "")), str(selection.get("note", "")))

    def _update_presets(self, presets: XorPresets) -> None:
        puzzles = [replace(puzzle, name=f"{PUZZLE}{puzzle.name}") for puzzle in presets.puzzles]
        self._presets = [*presets.networks, *puzzles]
        if self._is_choosing:
            self._choose_preset()

    def _choose_preset(self) -> None:
        from tui.dialogs.choose import ChooseScreen

        self._is_choosing = False
        choices = [(preset.name, preset.note) for preset in self._presets]
        self.app.push_screen(ChooseScreen("load a network or a puzzle", choices, "load"), self._load_preset)

    def _load_preset(self, chosen: int | None) -> None:
        if chosen is not None:
            preset = self._presets[chosen]
            self._load(_read(asdict(preset.net), self.net), preset.name, preset.note)

    def _load(self, net: HandNet, name: str, note: str) -> None:
        self.edits.load(net)
        self.name_of_net, self.note = plain(name, limit=60), plain(note, limit=300)
        self._step(True)

    def _set(self, value: float) -> None:
        self._change(self.net.with_value(self.picked, value))

    def _change(self, net: HandNet, reason: str = "") -> None:
        self._step(self.edits.change(net), reason)

    def _step(self, changed: bool, reason: str = "") -> None:
        """Redraw and save the view after a change; without one notify `reason`."""
        if not changed and reason:
            self.app.notify(reason, markup=False)
        if changed:
            self.picked = neighbour(self.picked, self.net.units, self.net.bypass, 0, 0)
            self.update()
            self.save_state()

    def key_labels(self) -> dict[str, str]:
        return {
            "xor.start": "",
            "weights.undo": "undo" if self.edits.can_undo else "",
            "weights.redo": "redo" if self.edits.can_redo else "",
            "weights.bypass": "bypass off" if self.net.bypass else "bypass on",
        }

    def saved(self) -> dict[str, Any]:
        loaded = self.edits.loaded.facts()
        return {"net": self.net.facts(), "loaded": loaded, "name": self.name_of_net, "note": self.note}


def typed_weight(text: str) -> float | None:
    """The number that was typed; None for what is none, or too large."""
    try:
        number = float(text.replace("−", "-").replace(",", "."))
    except ValueError:
        return None
    return number if abs(number) <= LARGEST else None


def number_name(place: WeightIndex, net: HandNet) -> str:
    """The name of a number in the prompt: h1: weight of x2."""
    if place.layer == "hidden":
        return f"h{place.unit + 1}: " + ("weight of x1", "weight of x2", "bias")[place.entry]
    inputs = 2 if net.bypass else 0
    if place.entry == inputs + net.units:
        return "y: bias"
    unit = place.entry - inputs
    return f"y: weight of x{place.entry + 1}" if unit < 0 else f"y: weight of h{unit + 1}"


def _read(saved: object, default: HandNet) -> HandNet:
    if not isinstance(saved, dict):
        return default
    try:
        return from_facts(saved)
    except ValueError:
        return default

"""Which view of the app has the thing that an aid shows, and with what it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.params import Value
from engine.session_protocol.learn import AidLine
from tui.messages import OpenView
from tui.tabs import TabName

LABS: Mapping[str, tuple[TabName, str]] = {
    "xor by hand": ("xor", "hand"),
    "xor trained": ("xor", "trained"),
    "xor least loss": ("xor", "ladder"),
    "xor failure map": ("xor", "map"),
    "xor experiments": ("xor", "nine"),
    "mnist data": ("mnist", "data"),
    "mnist networks": ("mnist", "networks"),
    "mnist robustness": ("mnist", "report"),
    "mnist report": ("mnist", "report"),
    "mnist filters": ("mnist", "filters"),
    "mnist draw": ("mnist", "draw"),
    "repl": ("repl", ""),
    "language": ("language", ""),
}
"""tab and view by the words of the catalog of aids; those that name more than a view open its tab"""


TARGETS = {
    "NOT": (1, 1, 0, 0),
    "AND": (0, 0, 0, 1),
    "OR": (0, 1, 1, 1),
    "NAND": (1, 1, 1, 0),
    "NOR": (1, 0, 0, 0),
    "XNOR": (1, 0, 0, 1),
    "XOR": (0, 1, 1, 0),
}
"""outputs of the gates for (0, 0), (0, 1), (1, 0), (1, 1)"""


def lab_of(line: AidLine, params: Mapping[str, Value]) -> OpenView | None:
    """The message that opens the lab with what the aid shows; None where no lab has it."""
    words = line.lab
    while words and words not in LABS:
        words = words.rpartition(" ")[0]
    if not words:
        return None
    tab, view = LABS[words]
    return OpenView(tab, view, gate_selection(params) if line.name == "gate_lab" else {}, "learn")


def gate_selection(params: Mapping[str, Value]) -> dict[str, Any]:
    """The network of the gates by hand, as the view `by hand` of the XOR tab takes it."""
    puzzle = str(params.get("puzzle", "AND"))
    units, bypass = {"XNOR": (2, False), "XOR": (1, True)}.get(puzzle, (0, True))

    def number(name: str) -> float:
        value = params.get(name)
        return float(value) if isinstance(value, int | float) else 0.0

    hidden = (("u11", "u12", "c1"), ("u21", "u22", "c2"))[:units]
    output = [number(name) for name in ("w1", "w2")] if bypass else []
    net = {
        "hidden_weight": [[number(first), number(second)] for first, second, _ in hidden],
        "hidden_bias": [number(bias) for _, _, bias in hidden],
        "output_weight": output + [number(name) for name in ("v1", "v2")[:units]],
        "output_bias": number("b"),
        "bypass": bypass,
        "activation": "btu",
        "temperature": number("T") or 0.001,
        "targets": list(TARGETS.get(puzzle, TARGETS["XOR"])),
    }
    return {
        "net": net,
        "name": f"puzzle: {puzzle}",
        "note": "From lecture 2; 7 goes back to it.",
    }

"""Which view of the app has the thing that an aid shows, and with what it is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.params import Value
from engine.session_protocol.learn import AidLine
from tui.messages import OpenView
from tui.tabs import TabName

LABS: Mapping[str, tuple[TabName, str]] = {
    "xor by hand": ("xor", "hand"),
    "xor least loss": ("xor", "ladder"),
    "xor failure map": ("xor", "map"),
    "mnist robustness": ("mnist", "report"),
    "mnist filters": ("mnist", "filters"),
    "mnist draw": ("mnist", "draw"),
    "repl": ("repl", ""),
    "runs": ("runs", ""),
}
"""tab and view by the words of the catalog of aids"""
NOTE = "From the course; 7 goes back to it."


@dataclass(frozen=True, slots=True)
class ShownAid:
    """What an aid shows: `data` of its drawing and the id of the `run` that it looks into, empty for none."""

    params: Mapping[str, Value]
    values: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    run: str = ""


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


def lab_of(line: AidLine, shown: ShownAid) -> OpenView | None:
    """The message that opens the lab with what the aid shows; None where no lab can show it."""
    if line.lab not in LABS or line.name not in SELECTIONS:
        return None
    tab, view = LABS[line.lab]
    selection = SELECTIONS[line.name](shown)
    return OpenView(tab, view, selection, "learn") if selection is not None else None


def why_no_lab(line: AidLine) -> str:
    """What is said where `lab_of` is None."""
    if line.lab and line.experiment:
        return f"The lab shows runs, and {line.title} shows an example: n starts a run of your own."
    return f"No lab shows {line.title}: the aid is the thing itself."


def _of_run(shown: ShownAid) -> dict[str, Any] | None:
    return {"run": shown.run} if shown.run else None


def _filters_of_run(shown: ShownAid) -> dict[str, Any] | None:
    return {"run": shown.run, "step": int(shown.values.get("step", 0))} if shown.run else None


def _line_of_prompt(command: str, words: str) -> Callable[[ShownAid], dict[str, Any] | None]:
    """A command of the prompt about the words of the aid, answered by its run; `words` names their parameter.

    The marks in front of the words, such as the number of a unit, are those of the drawing.
    """

    def selection(shown: ShownAid) -> dict[str, Any] | None:
        marks = str(shown.data.get("marks", ""))
        line = " ".join(filter(None, (f"/{command}", marks, str(shown.params.get(words, "")))))
        return {"run": shown.run, "line": line} if shown.run else None

    return selection


def _picture(name: str) -> Callable[[ShownAid], dict[str, Any] | None]:
    """The picture of that name in the drawing, as pixels from 0 to 255."""

    def selection(shown: ShownAid) -> dict[str, Any] | None:
        found = [one["pixels"] for one in shown.data.get("pictures", ()) if one["name"] == name]
        if not found:
            return None
        most = max((value for row in found[0] for value in row), default=0) or 1
        pixels = [[round(255 * max(0.0, value) / most) for value in row] for row in found[0]]
        return {"pixels": pixels}

    return selection


def _sampling(shown: ShownAid) -> dict[str, Any]:
    """Settings of the prompt; all words where the aid keeps all of its own."""
    kept, words = shown.params["top_k"], shown.data.get("bars", ())
    top_k = "all" if isinstance(kept, int) and kept >= len(words) else kept
    return {"settings": {"temperature": shown.params["T"], "topk": top_k}}


def _shape(shown: ShownAid) -> dict[str, Any]:
    hidden, bypass = SHAPES[str(shown.params.get("shape"))]
    return {"hidden": hidden, "bypass": bypass}


def _group_of_map(shown: ShownAid) -> dict[str, Any]:
    return {"where": {name: shown.params[name] for name in ("hidden", "bypass")}}


def _unit_at_temperature(shown: ShownAid) -> dict[str, Any]:
    net = {
        "hidden_weight": [], "hidden_bias": [], "output_weight": [1.0, 1.0], "output_bias": -1.5,
        "bypass": True, "activation": "btu", "temperature": shown.params["T"], "targets": [0, 0, 0, 1],
    }  # fmt: skip
    return {"net": net, "name": "one unit", "note": NOTE}


SHAPES: Mapping[str, tuple[int, bool]] = {
    "no hidden unit": (0, True),
    "one unit": (1, False),
    "one unit and bypass": (1, True),
    "two units": (2, False),
}
"""hidden units and bypass by the names of the ladder"""


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
        "note": NOTE,
    }


SELECTIONS: Mapping[str, Callable[[ShownAid], dict[str, Any] | None]] = {
    "gate_lab": lambda shown: gate_selection(shown.params),
    "temperature": _unit_at_temperature,
    "ladder": _shape,
    "failure_map": _group_of_map,
    "kernel": _picture("picture"),
    "augment": _picture("copy"),
    "shift": lambda shown: {"robustness": True},
    "filters": _filters_of_run,
    "weight_image": _of_run,
    "sampler": _sampling,
    "beam": lambda shown: {"settings": {"width": shown.params["width"]}},
    "gates": _line_of_prompt("gates", "text"),
    "attention": _line_of_prompt("attention", "words"),
    "block": _line_of_prompt("blocks", "words"),
    "early_stop": _of_run,
    "loss_slice": _of_run,
    "transfer": _of_run,
    "leak": _of_run,
}
"""by aid: what its lab selects; None where it cannot show what the aid shows"""

"""The controls of an aid: values, a cursor, changes that can be undone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from engine.params import Value
from engine.session_protocol.learn import AidControl, AidLine

MOST_UNDONE = 200
STEPPED = ("phase", "shown", "step", "steps", "at", "row")
"""names of parameters that `space` moves through, the first that an aid has"""


@dataclass(slots=True)
class AidState:
    """Values of all parameters; `fixed` ones belong to a question and stay."""

    line: AidLine
    params: dict[str, Value] = field(default_factory=dict)
    seed: int = 0
    cursor: int = 0
    begun_with: dict[str, Value] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    unused: frozenset[str] = frozenset()
    """parameters that do nothing at the values that the others have"""
    _undo: list[tuple[dict[str, Value], int]] = field(default_factory=list)

    @property
    def controls(self) -> list[AidControl]:
        return [one for one in self.line.controls if one.name not in self.fixed | self.unused]

    @property
    def control(self) -> AidControl | None:
        controls = self.controls
        return controls[self.cursor] if self.cursor < len(controls) else None

    def move(self, by: int) -> None:
        self.cursor = max(0, min(self.cursor + by, len(self.controls) - 1))

    def hide(self, unused: Iterable[str]) -> None:
        """Leave out controls that do nothing; the cursor stays where it is."""
        here = self.control
        self.unused = frozenset(unused)
        names = [one.name for one in self.controls]
        self.cursor = names.index(here.name) if here is not None and here.name in names else 0

    def change(self, name: str, value: Value) -> bool:
        """Whether it is another value than before."""
        if self.params.get(name) == value and type(self.params.get(name)) is type(value):
            return False
        self._remember()
        self.params[name] = value
        return True

    def draw_again(self) -> None:
        self._remember()
        self.seed += 1

    def reset(self) -> bool:
        if self.params == self.begun_with and not self.seed:
            return False
        self._remember()
        self.params, self.seed = dict(self.begun_with), 0
        return True

    def undo(self) -> bool:
        if not self._undo:
            return False
        self.params, self.seed = self._undo.pop()
        return True

    def _remember(self) -> None:
        self._undo.append((dict(self.params), self.seed))
        del self._undo[:-MOST_UNDONE]

    def step_control(self) -> AidControl | None:
        """The parameter that `space` moves on."""
        named = {one.name: one for one in self.controls}
        return next((named[name] for name in STEPPED if name in named), None)


def begin(line: AidLine, given: Mapping[str, object], fixed: Mapping[str, Value] | None = None) -> AidState:
    """At the defaults of the aid, but for `given`, as text or values, and for `fixed`."""
    params: dict[str, Value] = {one.name: one.default for one in line.controls}
    for one in line.controls:
        if one.name in given:
            found = as_value(one, str(given[one.name]))
            params[one.name] = one.default if found is None else found
    params |= fixed or {}
    return AidState(line, params, begun_with=dict(params), fixed=frozenset(fixed or ()))


def as_value(control: AidControl, text: str) -> Value:
    """A text as a value of the kind of the control; None where it is none."""
    text = text.strip()
    if control.kind == "bool":
        return {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False,
                "0": False}.get(text.lower())  # fmt: skip
    if control.kind == "str":
        return text
    try:
        number = float(text.replace("−", "-").replace(",", ".") if "," in text and "." not in text else text)
    except ValueError:
        return None
    if control.kind == "int":
        return int(number) if number == int(number) else None
    return number


def nudged(control: AidControl, value: Value, direction: int, size: int) -> Value:
    """The value one step on, or back, in its bounds: `size` -1 fine, 0 usual, 1 coarse."""
    if control.choices:
        place = control.choices.index(str(value)) if value in control.choices else 0
        return control.choices[max(0, min(place + direction, len(control.choices) - 1))]
    if control.kind == "bool":
        return not value
    if control.kind == "str" or not isinstance(value, int | float):
        return value
    if control.kind == "int":
        step = max(1, round(10.0 ** (math.floor(math.log10(max(abs(value), 1))) - 1)))
        moved: float = value + direction * {-1: 1, 0: step, 1: 10 * step}[size]
        return int(_within(control, moved))
    if control.is_log and value > 0:
        factor = {-1: 10 ** (1 / 12), 0: 10 ** (1 / 3), 1: 10.0}[size]
        return float(f"{_within(control, value * factor**direction):.3g}")
    moved = value + direction * {-1: 0.01, 0: 0.1, 1: 1.0}[size] * _unit(control)
    return round(_within(control, moved), 6)


def _unit(control: AidControl) -> float:
    """What one step of 1 is worth: less for a parameter whose range is narrow."""
    if (control.least is None and control.above is None) or control.most is None:
        return 1.0
    low = control.least if control.least is not None else control.above or 0.0
    span = control.most - low
    return 10.0 ** math.floor(math.log10(span)) if 0 < span <= 1.0 else 1.0


def _within(control: AidControl, value: float) -> float:
    if control.most is not None:
        value = min(value, control.most)
    if control.least is not None:
        value = max(value, control.least)
    if control.above is not None and value <= control.above:
        value = control.above + (10.0 ** math.floor(math.log10(abs(control.above) or 1.0)) / 1000)
    return value


def value_text(value: object) -> str:
    """A value as it is shown and typed."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}" if 0.1 <= abs(value) < 1000 and round(value, 2) == value else f"{value:g}"
    return "none" if value is None else str(value)

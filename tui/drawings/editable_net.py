"""A small XOR network whose weights are edited one at a time, with undo and redo."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from engine.catalog import XOR_ACTIVATIONS

TEMPERATURES = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
UNITS = 4
"""largest number of hidden units"""
LARGEST = 1_000.0
KEPT = 500
"""largest number of changes that can be undone"""

Layer = Literal["hidden", "output"]


@dataclass(frozen=True, slots=True)
class WeightIndex:
    """Index of one number: `entry` 0, 1 (inputs) or 2 (bias) of a hidden `unit`, or an entry of the output,
    whose bias is the last."""

    layer: Layer
    unit: int
    entry: int


@dataclass(frozen=True, slots=True)
class HandNet:
    """The parameters of a network, as `xor.look` takes them; with bypass the first two output weights are
    those of the inputs."""

    hidden_weight: tuple[tuple[float, float], ...] = ()
    hidden_bias: tuple[float, ...] = ()
    output_weight: tuple[float, ...] = (0.0, 0.0)
    output_bias: float = 0.0
    bypass: bool = True
    activation: str = "btu"
    temperature: float = 0.001
    targets: tuple[int, ...] = (0, 1, 1, 0)

    @property
    def units(self) -> int:
        return len(self.hidden_bias)

    def facts(self) -> dict[str, Any]:
        return {
            "hidden_weight": [list(pair) for pair in self.hidden_weight],
            "hidden_bias": list(self.hidden_bias),
            "output_weight": list(self.output_weight),
            "output_bias": self.output_bias,
            "bypass": self.bypass,
            "activation": self.activation,
            "temperature": self.temperature,
            "targets": list(self.targets),
        }

    def at(self, place: WeightIndex) -> float:
        if place.layer == "hidden":
            return (*self.hidden_weight[place.unit], self.hidden_bias[place.unit])[place.entry]
        return (*self.output_weight, self.output_bias)[place.entry]

    def with_value(self, place: WeightIndex, value: float) -> HandNet:
        value = max(-LARGEST, min(LARGEST, round(value, 4))) + 0.0
        if place.layer == "hidden":
            return self._with_hidden(place.unit, place.entry, value)
        numbers = [*self.output_weight, self.output_bias]
        numbers[place.entry] = value
        return replace(self, output_weight=tuple(numbers[:-1]), output_bias=numbers[-1])

    def _with_hidden(self, unit: int, entry: int, value: float) -> HandNet:
        numbers = [[*pair, bias] for pair, bias in zip(self.hidden_weight, self.hidden_bias, strict=True)]
        numbers[unit][entry] = value
        return replace(
            self,
            hidden_weight=tuple((first, second) for first, second, _ in numbers),
            hidden_bias=tuple(bias for _, _, bias in numbers),
        )

    def with_unit(self) -> HandNet:
        """One hidden unit more, with weights of zero."""
        if self.units >= UNITS:
            return self
        return replace(
            self,
            hidden_weight=(*self.hidden_weight, (0.0, 0.0)),
            hidden_bias=(*self.hidden_bias, 0.0),
            output_weight=(*self.output_weight, 0.0),
        )

    def without_unit(self, unit: int) -> HandNet:
        """Without that hidden unit. The last one stays while there is no bypass."""
        if not 0 <= unit < self.units or (self.units == 1 and not self.bypass):
            return self
        seen = unit + (2 if self.bypass else 0)
        return replace(
            self,
            hidden_weight=_without(self.hidden_weight, unit),
            hidden_bias=_without(self.hidden_bias, unit),
            output_weight=_without(self.output_weight, seen),
        )

    def with_bypass(self, bypass: bool) -> HandNet:
        """A new bypass has weights of zero; it stays on while there is no hidden unit."""
        if bypass == self.bypass or (not bypass and not self.units):
            return self
        weight = (0.0, 0.0, *self.output_weight) if bypass else self.output_weight[2:]
        return replace(self, bypass=bypass, output_weight=weight)

    def with_lower_temperature(self, by: int) -> HandNet:
        """The next temperature below, or above with a negative number."""
        near = min(
            range(len(TEMPERATURES)), key=lambda at: abs(math.log(TEMPERATURES[at] / self.temperature))
        )
        return replace(self, temperature=TEMPERATURES[max(0, min(near + by, len(TEMPERATURES) - 1))])

    def with_next_activation(self) -> HandNet:
        """Hidden units of the next activation function, with the same weights."""
        at = XOR_ACTIVATIONS.index(self.activation)
        return replace(self, activation=XOR_ACTIVATIONS[(at + 1) % len(XOR_ACTIVATIONS)])


def _without(items: tuple[Any, ...], index: int) -> tuple[Any, ...]:
    return items[:index] + items[index + 1 :]


def from_facts(facts: Mapping[str, Any]) -> HandNet:
    """The network of a JSON object. Raises ValueError where it is not one."""
    try:
        net = HandNet(
            tuple((float(first), float(second)) for first, second in facts["hidden_weight"]),
            tuple(float(bias) for bias in facts["hidden_bias"]),
            tuple(float(weight) for weight in facts["output_weight"]),
            float(facts["output_bias"]),
            bool(facts.get("bypass", False)),
            str(facts.get("activation", "btu")),
            float(facts.get("temperature", 0.001)),
            tuple(int(target) for target in facts.get("targets", (0, 1, 1, 0))),
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a network: {error}") from error
    _check(net)
    return net


def _check(net: HandNet) -> None:
    seen = net.units + (2 if net.bypass else 0)
    numbers = [*sum(net.hidden_weight, ()), *net.hidden_bias, *net.output_weight, net.output_bias]
    fits = len(net.hidden_weight) == net.units and len(net.output_weight) == seen > 0
    finite = all(map(math.isfinite, numbers)) and 0 < net.temperature < math.inf
    if (
        not fits
        or not finite
        or net.activation not in XOR_ACTIVATIONS
        or len(net.targets) != 4
        or not set(net.targets) <= {0, 1}
    ):
        raise ValueError("not a network: its parts do not fit together")


class EditHistory:
    """A network with its history of changes, and the network that was loaded."""

    def __init__(self, net: HandNet) -> None:
        self.net = self.loaded = net
        self._before: list[HandNet] = []
        self._after: list[HandNet] = []

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        return bool(self._after)

    def change(self, net: HandNet) -> bool:
        """Replace the network; False where it is the same."""
        if net == self.net:
            return False
        self._before = [*self._before, self.net][-KEPT:]
        self._after.clear()
        self.net = net
        return True

    def load(self, net: HandNet) -> None:
        self.change(net)
        self.loaded = net

    def undo(self) -> bool:
        return self._step(self._before, self._after)

    def redo(self) -> bool:
        return self._step(self._after, self._before)

    def _step(self, source: list[HandNet], sink: list[HandNet]) -> bool:
        if not source:
            return False
        sink.append(self.net)
        self.net = source.pop()
        return True


def columns_of(units: int, bypass: bool) -> tuple[tuple[WeightIndex, ...], ...]:
    """The columns of numbers in the drawing, top down: hidden units, output."""
    hidden = tuple(WeightIndex("hidden", unit, entry) for unit in range(units) for entry in range(3))
    inputs = 2 if bypass else 0
    entries: Sequence[int] = range(inputs, inputs + units)
    if bypass:
        entries = [0, *entries, 1]
    output = tuple(WeightIndex("output", 0, entry) for entry in (*entries, inputs + units))
    return (hidden, output) if hidden else (output,)


def neighbour(place: WeightIndex, units: int, bypass: bool, across: int, down: int) -> WeightIndex:
    """The number that is `across` columns and `down` rows away in the drawing."""
    columns = columns_of(units, bypass)
    here = next((index for index, column in enumerate(columns) if place in column), 0)
    at = columns[here].index(place) if place in columns[here] else 0
    there = max(0, min(here + across, len(columns) - 1))
    if there != here:
        at = round(at * (len(columns[there]) - 1) / max(1, len(columns[here]) - 1))
    return columns[there][max(0, min(at + down, len(columns[there]) - 1))]

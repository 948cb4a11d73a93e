"""Gate values of one LSTM unit, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.text.vocabulary import START
from engine.errors import ParamError
from engine.models.language import lstm
from engine.models.language.model import LanguageModel
from engine.models.language.weights import LstmWeights


@dataclass(frozen=True, slots=True)
class GateTrace:
    """One unit after each word read, <START> first: gates i, f, o (0 to 1), candidate g, cell c, output h."""

    ids: tuple[int, ...]
    i: tuple[float, ...]
    f: tuple[float, ...]
    g: tuple[float, ...]
    o: tuple[float, ...]
    c: tuple[float, ...]
    h: tuple[float, ...]


def trace(model: LanguageModel, ids: Sequence[int], layer: int, unit: int) -> GateTrace:
    """The trace of a unit, in reading order of the model. Layers and units count from 0. Raises
    ParamError."""
    weights = _checked_weights(model, layer)
    units = weights.layers[0].hidden
    if type(unit) is not int or not 0 <= unit < units:
        raise ParamError(f"unit: expected a whole number from 0 to {units - 1}, got {str(unit)[:40]}.")
    read = (START, *model.in_reading_order(ids))
    columns = [_after(weights, before, word, layer, unit) for before, word in _steps(weights, read)]
    i, f, g, o, c, h = (tuple(float(value) for value in row) for row in zip(*columns, strict=True))
    return GateTrace(read, i, f, g, o, c, h)


def most_active_units(model: LanguageModel, ids: Sequence[int], layer: int, count: int = 8) -> list[int]:
    """The `count` units of a layer whose cells change most from word to word, most first. Raises
    ParamError."""
    weights = _checked_weights(model, layer)
    read = [START, *model.in_reading_order(ids)]
    cells = np.array([_next(weights, before, word).cell[layer, 0] for before, word in _steps(weights, read)])
    moved = np.abs(np.diff(cells, axis=0, prepend=np.zeros((1, cells.shape[1]), np.float32))).sum(axis=0)
    return [int(unit) for unit in np.argsort(-moved, kind="stable")[:count]]


def _steps(weights: LstmWeights, read: Sequence[int]) -> list[tuple[lstm.LstmState, int]]:
    """Each word with the state before it."""
    state, steps = lstm.initial_state(weights, 1), []
    for word in read:
        steps.append((state, word))
        state = _next(weights, state, word)
    return steps


def _next(weights: LstmWeights, before: lstm.LstmState, word: int) -> lstm.LstmState:
    return lstm.step(weights, lstm.project_inputs(weights, weights.embedding[[word]]), before)


def _after(
    weights: LstmWeights, before: lstm.LstmState, word: int, layer: int, unit: int
) -> tuple[float, ...]:
    after = _next(weights, before, word)
    if layer:
        into = after.hidden[layer - 1] @ weights.layers[layer].kernel + weights.layers[layer].bias
    else:
        into = lstm.project_inputs(weights, weights.embedding[[word]])
    gates = lstm.compute_gates(weights.layers[layer], into, before.hidden[layer])
    four = (gates.i, gates.f, gates.g, gates.o)
    return (*(gate[0, unit] for gate in four), after.cell[layer, 0, unit], after.hidden[layer, 0, unit])


def _checked_weights(model: LanguageModel, layer: object) -> LstmWeights:
    """The weights. Raises ParamError for a transformer and a layer that is not there, counted from 1."""
    if not isinstance(model.weights, LstmWeights):
        raise ParamError(
            "The model is a transformer: it has no gates.",
            "What its heads attend to: /attention in the REPL.",
        )
    layers = len(model.weights.layers)
    if type(layer) is not int:
        raise ParamError(f"layer: expected a whole number, got {str(layer)[:40]}.")
    if not 0 <= layer < layers:
        there = "1 layer" if layers == 1 else f"{layers} layers"
        raise ParamError(f"The model has {there}: there is no layer {layer + 1}.")
    return model.weights

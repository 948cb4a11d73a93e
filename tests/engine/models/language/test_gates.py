"""Gates and cells of one unit are those of the oracle."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from engine.errors import ParamError
from engine.models.language.gates import most_active_units, trace
from tests.engine.models.language import oracle, samples


def test_a_unit_of_the_first_layer_word_by_word() -> None:
    kind = samples.description(direction="reversed")
    arrays, model = samples.arrays(kind), samples.model(kind)
    found = trace(model, [5, 9, 7], 0, 2)
    assert found.ids == (1, 7, 9, 5)
    hidden, cells = [0.0] * 4, [0.0] * 4
    parts = [arrays[f"lstm.l0.{name}"] for name in ("kernel", "recurrent", "bias")]
    for place, word in enumerate(found.ids):
        before = cells[2]
        x = [float(value) for value in arrays["embedding.weight"][word]]
        kernel, recurrent, bias = parts
        hidden, cells = oracle.cell(kernel, recurrent, bias, x, hidden, cells)
        assert found.c[place] == pytest.approx(cells[2], rel=1e-5)
        assert found.h[place] == pytest.approx(hidden[2], rel=1e-5)
        assert found.f[place] * before + found.i[place] * found.g[place] == pytest.approx(cells[2], rel=1e-5)
        assert found.o[place] * math.tanh(cells[2]) == pytest.approx(hidden[2], rel=1e-5)


def test_an_upper_layer_reads_the_one_below() -> None:
    model = samples.model(samples.description(layers=2))
    found = trace(model, [5, 9], 1, 3)
    state: Any = model.open([5, 9])
    assert found.c[-1] == pytest.approx(float(state.cell[1, 0, 3]), rel=1e-6)
    assert found.f[2] * found.c[1] + found.i[2] * found.g[2] == pytest.approx(found.c[2], rel=1e-5)


def test_the_most_active_unit_changes_most() -> None:
    model = samples.model()
    moved = {}
    for unit in range(4):
        cells = (0.0, *trace(model, [5, 9, 7, 4], 0, unit).c)
        moved[unit] = sum(abs(after - before) for before, after in pairwise(cells))
    assert most_active_units(model, [5, 9, 7, 4], 0) == sorted(moved, key=lambda unit: -moved[unit])


@pytest.mark.parametrize(("layer", "unit"), [(1, 0), (-1, 0), (0, 4), (0, 1.5), (True, 0)])
def test_a_unit_that_is_not_there_is_refused(layer: int, unit: int) -> None:
    with pytest.raises(ParamError, match=r"expected a whole number|there is no layer"):
        trace(samples.model(), [5], layer, unit)


def test_a_transformer_has_no_gates_and_the_error_says_what_it_has() -> None:
    model = samples.model(samples.transformer())
    for look in (lambda: trace(model, [5], 0, 0), lambda: most_active_units(model, [5], 0)):
        with pytest.raises(ParamError, match="it has no gates") as error:
            look()
        assert "/attention" in error.value.remedy

"""Every aid of the catalog computes, and its data has the shape that its drawing draws."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import pytest

from engine.aids import catalog
from engine.aids.drawings import DRAWINGS
from engine.errors import InputError, ParamError

NAMES = [entry.name for entry in catalog.AIDS]


@pytest.mark.parametrize("name", NAMES)
def test_an_aid_is_what_its_entry_says(name: str) -> None:
    made = catalog.compute(name, {}, 3)
    assert made.data["drawing"] == catalog.entry(name).drawing
    assert set(DRAWINGS[catalog.entry(name).drawing]) <= set(made.data)
    assert made.values and set(made.values) <= set(catalog.values_in_words(name))
    assert all(type(value) is float and not math.isnan(value) for value in made.values.values())
    json.dumps(made.data, allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
def test_an_aid_computes_the_same_twice(name: str) -> None:
    assert catalog.compute(name, {}, 1) == catalog.compute(name, {}, 1)


@pytest.mark.parametrize("name", NAMES)
def test_an_aid_declares_parameters_and_tells_its_values_in_words(name: str) -> None:
    assert catalog.parameters(name)
    assert all(param.help.endswith(".") for param in catalog.parameters(name))
    assert all(words for words in catalog.values_in_words(name).values())
    assert catalog.entry(name).how and catalog.entry(name).title


def test_an_unknown_aid_and_a_value_out_of_bounds_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="aid: expected one of neuron"):
        catalog.compute("nothing", {})
    with pytest.raises(ParamError, match="Unknown parameter 'zz'"):
        catalog.compute("neuron", {"zz": 1})
    with pytest.raises(ParamError, match="x1: expected a number"):
        catalog.compute("neuron", {"x1": "1e9"})


def test_the_catalog_loads_no_numpy() -> None:
    script = "import sys, engine.aids.catalog; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "False\n"

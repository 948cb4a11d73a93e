"""Plain data and its JSON: the same value, of the same kind, with the same bits."""

from __future__ import annotations

import math
import random
import struct
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints import plain_values, strict_json
from checkpoints.errors import CheckpointError

KEYS = st.text(max_size=5) | st.integers() | st.booleans() | st.tuples(st.integers(), st.text(max_size=2))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(st.sampled_from(["$tuple", "$float", "a"]), inner, max_size=3)
        | st.dictionaries(st.integers(), st.integers(), max_size=3).map(Counter)
    ),
    max_leaves=12,
)


def through(value: Any) -> Any:
    return plain_values.decode(strict_json.loads(strict_json.dumps(plain_values.encode(value, "x")), 1 << 20))


@settings(deadline=None)
@given(VALUES)
def test_every_value_comes_back_of_the_same_kind(value: Any) -> None:
    back = through(value)
    assert repr(back) == repr(value) or back == value
    assert type(back) is type(value)


@settings(deadline=None)
@given(st.floats(allow_nan=False))
def test_every_float_comes_back_with_every_bit(value: float) -> None:
    assert struct.pack("<d", through(value)) == struct.pack("<d", value)


def test_nan_and_infinities_survive() -> None:
    assert math.isnan(through(math.nan))
    assert through({"best": math.inf, "low": -math.inf}) == {"best": math.inf, "low": -math.inf}


def test_the_state_of_a_random_generator_survives() -> None:
    generator = random.Random(3)
    generator.gauss()
    copy = random.Random()
    copy.setstate(through(generator.getstate()))
    assert [generator.gauss() for _ in range(5)] == [copy.gauss() for _ in range(5)]


@pytest.mark.parametrize(
    "value", [object(), np.float32(1), np.int64(1), np.zeros(2), b"x", {1, 2}, lambda: 0]
)
def test_what_is_not_plain_is_refused_with_its_place(value: object) -> None:
    with pytest.raises(CheckpointError, match=r"state\.extras\.stop\[1\] is"):
        plain_values.encode({"extras": {"stop": [0, value]}}, "state")


def test_a_numpy_double_is_a_float() -> None:
    assert through(np.float64(0.1)) == 0.1


def test_an_unknown_mark_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\$pickle"):
        plain_values.decode({"$pickle": "x"})
